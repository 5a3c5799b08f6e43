/** What was imported and what ran, newest first. */
import type { Kubectl } from "../kube/kubectl.ts";
import { imageAnnotation } from "../../../components/packit/images.ts";
import { expectedWorkloads } from "../../../components/packit/inventory.ts";
import type { Service } from "./service.ts";
import type { ImageStream } from "./imageStreams.ts";

/** One state that something had. */
export interface Revision {
  /** `Deployment packit-service`, `StatefulSet packit-worker`, `ImageStream packit-worker:stg`. */
  readonly of: string;
  readonly when: string;
  /** Number to go back to; undefined for an import. */
  readonly revision: number | undefined;
  readonly image: string;
  /** Digest of the image, where it is known. */
  readonly digest: string | undefined;
  /** Is it what runs, or what the tag is now? */
  readonly current: boolean;
}

interface Owned {
  readonly metadata: {
    readonly creationTimestamp: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly { readonly kind: string; readonly name: string }[];
  };
}

interface Template {
  readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: { readonly containers: readonly { readonly image: string }[] };
}

/** As much of a ReplicaSet as is read. */
export interface ReplicaSet extends Owned {
  readonly spec: { readonly replicas?: number; readonly template: Template };
}

/** As much of a ControllerRevision of a StatefulSet as is read. */
export interface ControllerRevision extends Owned {
  readonly revision: number;
  readonly data: { readonly spec: { readonly template: Template } };
}

const newestFirst = (a: Revision, b: Revision): number =>
  (b.revision ?? 0) - (a.revision ?? 0) || (a.when < b.when ? 1 : -1);

function revisionOf(of: string, when: string, revision: number, template: Template, current: boolean): Revision {
  const [first] = template.spec.containers;
  // A pin is in the image; the annotation has what was imported last.
  const digest = /@(sha256:\w+)$/.exec(first?.image ?? "")?.[1] ?? template.metadata?.annotations?.[imageAnnotation];
  return { of, when, revision, image: first?.image ?? "", digest, current };
}

/** What a Deployment ran. */
export function deploymentRevisions(name: string, sets: readonly ReplicaSet[]): readonly Revision[] {
  const own = sets.filter(({ metadata }) => metadata.ownerReferences?.some((owner) => owner.name === name) === true);
  const numberOf = ({ metadata }: ReplicaSet): number =>
    Number(metadata.annotations?.["deployment.kubernetes.io/revision"] ?? 0);
  const last = Math.max(...own.map(numberOf));
  return own
    .map((set) =>
      revisionOf(
        `Deployment ${name}`,
        set.metadata.creationTimestamp,
        numberOf(set),
        set.spec.template,
        numberOf(set) === last,
      ),
    )
    .sort(newestFirst);
}

/** What a StatefulSet ran. */
export function statefulSetRevisions(name: string, all: readonly ControllerRevision[]): readonly Revision[] {
  const own = all.filter(
    ({ metadata }) =>
      metadata.ownerReferences?.some((owner) => owner.kind === "StatefulSet" && owner.name === name) === true,
  );
  const last = Math.max(...own.map(({ revision }) => revision));
  return own
    .map(({ metadata, revision, data }) =>
      revisionOf(`StatefulSet ${name}`, metadata.creationTimestamp, revision, data.spec.template, revision === last),
    )
    .sort(newestFirst);
}

/** What was imported. */
function importRevisions(found: readonly ImageStream[]): readonly Revision[] {
  return found.flatMap(({ metadata, status }) =>
    (status?.tags ?? []).flatMap(({ tag, items }) =>
      (items ?? []).map((item, index) => ({
        of: `ImageStream ${metadata.name}:${tag}`,
        when: item.created,
        revision: undefined,
        image: item.dockerImageReference,
        digest: item.image,
        current: index === 0,
      })),
    ),
  );
}

/** All revisions of a service that the cluster has. */
export async function history(kubectl: Kubectl, { settings }: Service): Promise<readonly Revision[]> {
  const list = async <T>(kind: string): Promise<readonly T[]> => (await kubectl.get<{ items: T[] }>(kind)).items;
  const [sets, controlled] = await Promise.all([
    list<ReplicaSet>("replicasets"),
    list<ControllerRevision>("controllerrevisions"),
  ]);
  // Plain Kubernetes has none.
  const streams = await list<ImageStream>("imagestreams.image.openshift.io").catch(() => []);
  return [
    ...importRevisions(streams),
    ...expectedWorkloads(settings).flatMap(({ kind, name }) =>
      kind === "Deployment" ? deploymentRevisions(name, sets) : statefulSetRevisions(name, controlled),
    ),
  ];
}

/** The revision to roll back to. @throws if there is no such revision */
export function targetOf(name: string, all: readonly Revision[], wanted: number | undefined): Revision {
  const earlier = all.filter(({ current }) => !current);
  const found = wanted === undefined ? earlier[0] : all.find(({ revision }) => revision === wanted);
  const known = all.map(({ revision }) => `${revision ?? ""}`).join(", ");
  if (found === undefined) {
    throw new Error(
      `${name} has no ${wanted === undefined ? "earlier revision" : `revision ${wanted}`}; it has ${known}`,
    );
  }
  if (found.current) throw new Error(`revision ${wanted ?? ""} of ${name} is what runs`);
  return found;
}
