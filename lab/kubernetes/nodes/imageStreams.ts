/**
 * ImageStreams on real nodes: tags that name an image are imported from the lab's registry, keep what they were, and can be pulled
 * from OpenShift's internal registry.
 */
import { parseImage } from "../../../config/image.ts";
import { digestOfTag, tagOfDigest } from "../../images/names.ts";
import { Layouts } from "../../images/registry.ts";
import { type KubeApi, type KubeObject, pathOf } from "../api.ts";
import { localLookup } from "./admission.ts";
import { coalesced, follow } from "./follow.ts";

/** Where pods of OpenShift pull the images of streams. */
const internalRegistry = "image-registry.openshift-image-registry.svc:5000";

/** OpenShift's own: where it changes, tags are imported again. */
const checkAnnotation = "openshift.io/image.dockerRepositoryCheck";

/** Seconds between two looks at a scheduled tag's image. @see OpenShift's scheduledImageImportMinimumIntervalSeconds: 900 */
const interval = 900;

export interface ImageStream extends KubeObject {
  readonly metadata: KubeObject["metadata"] & { readonly generation?: number };
  readonly spec?: {
    readonly lookupPolicy?: { readonly local: boolean };
    readonly tags?: readonly {
      readonly name: string;
      readonly from?: { readonly kind: string; readonly name: string };
      readonly importPolicy?: { readonly scheduled?: boolean };
      readonly referencePolicy?: { readonly type: "Local" | "Source" };
    }[];
  };
  readonly status?: { readonly dockerImageRepository?: string; readonly tags?: readonly TagStatus[] };
}

interface TagStatus {
  readonly tag: string;
  /** What the tag led to, newest first. */
  readonly items: readonly TagItem[] | null;
  readonly conditions?: readonly TagCondition[];
}

interface TagItem {
  readonly created: string;
  readonly dockerImageReference: string;
  /** Digest. */
  readonly image: string;
  readonly generation: number;
}

interface TagCondition {
  readonly type: "ImportSuccess";
  readonly status: "False";
  readonly reason: string;
  readonly message: string;
  readonly generation: number;
  readonly lastTransitionTime: string;
}

/** Finds the digest of an image. @returns undefined if the registry does not have it */
export type Resolve = (registry: string, repository: string, version: string) => string | undefined;

/** Registry, repository and tag or digest of an image's name, with Docker's defaults. */
export function locate(name: string): { registry: string; repository: string; version: string } {
  const { repository: named, tag, digest } = parseImage(name);
  const [head = "", ...rest] = named.split("/");
  const hosted = rest.length > 0 && (/[.:]/.test(head) || head === "localhost");
  const [registry, path] = hosted ? [head, rest.join("/")] : ["docker.io", named];
  const repository = registry === "docker.io" && !path.includes("/") ? `library/${path}` : path;
  return { registry, repository, version: digest ?? tag ?? "latest" };
}

/** Images that the stream's tags are imported from. */
const sources = (stream: ImageStream): string[] =>
  (stream.spec?.tags ?? []).flatMap(({ from }) => (from?.kind === "DockerImage" ? [from.name] : []));

/** The status of the stream's tags after imports at a time; the same objects where nothing changes. */
export function imported(stream: ImageStream, resolve: Resolve, now: Date): readonly TagStatus[] {
  const generation = stream.metadata.generation ?? 1;
  const before = stream.status?.tags ?? [];
  const wanted = (stream.spec?.tags ?? []).flatMap(({ name, from }) =>
    from?.kind === "DockerImage" ? [{ name, from: from.name }] : [],
  );
  const tags = wanted.map(({ name, from }): TagStatus => {
    const known = before.find(({ tag }) => tag === name) ?? { tag: name, items: null };
    const { registry, repository, version } = locate(from);
    const digest = resolve(registry, repository, version);
    const items = known.items ?? [];
    const at = now.toISOString().replace(/\.\d+Z$/, "Z");
    if (digest === undefined) {
      const message = `dockerimage.image.openshift.io "${from}" not found`;
      if (known.conditions?.[0]?.message === message) return known;
      const failed = { type: "ImportSuccess", status: "False", reason: "NotFound" } as const;
      return { ...known, conditions: [{ ...failed, message, generation, lastTransitionTime: at }] };
    }
    const reference = `${registry}/${repository}@${digest}`;
    if (items[0]?.dockerImageReference === reference && known.conditions === undefined) return known;
    if (items[0]?.dockerImageReference === reference) return { tag: name, items };
    return {
      tag: name,
      items: [{ created: at, dockerImageReference: reference, image: digest, generation }, ...items],
    };
  });
  const names = new Set(wanted.map(({ name }) => name));
  return [...tags, ...before.filter(({ tag }) => !names.has(tag))];
}

/** What pods in the streams' namespaces get for the names of tags, where they may name them: see {@link localLookup}. */
export function lookedUp(streams: readonly ImageStream[]): ReadonlyMap<string, string> {
  const local = streams.filter(({ spec }) => spec?.lookupPolicy?.local === true);
  const all = local.flatMap(({ metadata: { namespace = "", name }, status }) =>
    (status?.tags ?? []).flatMap(({ tag, items }): [string, string][] => {
      const digest = items?.[0]?.image;
      if (digest === undefined) return [];
      // By the tag that stands for the digest; see images/names.ts.
      const image = `${internalRegistry}/${namespace}/${name}:${tagOfDigest(digest)}`;
      const names = [`${namespace}/${name}:${tag}`, ...(tag === "latest" ? [`${namespace}/${name}`] : [])];
      return names.map((one) => [one, image]);
    }),
  );
  return new Map(all.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Layouts that also answer for OpenShift's internal registry. */
export class StreamLayouts extends Layouts {
  /** The cluster's ImageStreams. */
  streams: () => readonly ImageStream[] = () => [];

  override fetch(registry: string, repository: string, version: string): Promise<void> {
    return registry === internalRegistry ? Promise.resolve() : super.fetch(registry, repository, version);
  }

  override manifest(registry: string, repository: string, version: string): ReturnType<Layouts["manifest"]> {
    if (registry !== internalRegistry) return super.manifest(registry, repository, version);
    const [namespace, name] = repository.split("/");
    const stream = this.streams().find(({ metadata }) => metadata.namespace === namespace && metadata.name === name);
    const tags = stream?.status?.tags ?? [];
    const digest = digestOfTag(version) ?? (version.startsWith("sha256:") ? version : undefined);
    const items = tags.flatMap(({ tag, items: all }) => (digest !== undefined || tag === version ? (all ?? []) : []));
    const image = digest === undefined ? items[0]?.image : items.find((item) => item.image === digest)?.image;
    // What builds push there, and other clusters' digests, have no import: the contract's image answers.
    return image === undefined ? super.manifest(registry, repository, version) : super.manifest("", "", image);
  }
}

/** Follows the cluster's ImageStreams for ever: imports their images, and tells the API server which names mean them. */
export function importImages(api: KubeApi, layouts: StreamLayouts): void {
  const resolve: Resolve = (registry, repository, version) => layouts.manifest(registry, repository, version)?.digest;
  const seen = new Map<string, string>();
  let scheduled = 0;
  let applied = "";
  const changed = coalesced("ImageStreams", 100, async () => {
    const due = Date.now() - scheduled > interval * 1000;
    if (due) scheduled = Date.now();
    for (const stream of streams.objects() ?? []) {
      const { uid = "", generation = 1, annotations } = stream.metadata;
      const state = `${generation} ${annotations?.[checkAnnotation] ?? ""}`;
      const again = due && stream.spec?.tags?.some(({ importPolicy }) => importPolicy?.scheduled === true) === true;
      if (seen.get(uid) === state && !again) continue;
      for (const from of sources(stream)) {
        const { registry, repository, version } = locate(from);
        await layouts.fetch(registry, repository, version);
      }
      const tags = imported(stream, resolve, new Date());
      const { namespace = "", name } = stream.metadata;
      const status = { dockerImageRepository: `${internalRegistry}/${namespace}/${name}`, tags };
      const { dockerImageRepository, tags: before = [] } = stream.status ?? {};
      if (JSON.stringify(status) !== JSON.stringify({ dockerImageRepository, tags: before })) {
        await api.patch(`${pathOf(stream)}/status`, { status });
      }
      seen.set(uid, state);
    }
    const images = lookedUp(streams.objects() ?? []);
    const looked = JSON.stringify([...images]);
    if (looked === applied) return;
    for (const object of localLookup(images)) await api.apply(object);
    applied = looked;
  });
  const streams = follow<ImageStream>(api, "/apis/image.openshift.io/v1/imagestreams", changed);
  layouts.streams = () => streams.objects() ?? [];
  setInterval(changed, interval * 1000);
}
