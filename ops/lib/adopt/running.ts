/** What runs in a stack's namespaces: workloads of any kind, the builds of images in their pods, and where ImageStreams have them from. */
import { parseImage } from "../../../config/image.ts";
import { type Json, asList, asObject, asText, asTexts } from "../../../policy/manifest.ts";
import type { Kubectl } from "../kube/kubectl.ts";
import { listAll } from "./unmanaged.ts";

const kinds = [
  ...["deployments.apps", "statefulsets.apps", "daemonsets.apps", "cronjobs.batch", "jobs.batch", "pods"],
  ...["deploymentconfigs.apps.openshift.io", "imagestreams.image.openshift.io"],
  ...["routes.route.openshift.io", "ingresses.networking.k8s.io"],
];

/** A container of a workload. */
export interface RunningContainer {
  /** As the workload names it. */
  readonly image: string;
  /** Digests of the builds that its pods run: none if none runs, several in the middle of a rollout. */
  readonly digests: readonly string[];
}

/** Objects of a cluster that a stack's namespaces have. */
export class Running {
  private readonly objects: ReadonlyMap<string, Json>;
  private readonly pods: readonly Json[];

  constructor(objects: readonly Json[]) {
    this.objects = new Map(objects.map((one) => [titleOf(one), one]));
    this.pods = objects.filter(({ kind }) => kind === "Pod");
  }

  /** By `Kind namespace/name`; a DeploymentConfig or Deployment of the name stands for the other one. */
  find(title: string): Json | undefined {
    const twin = title.startsWith("Deployment ") ? title.replace(/^Deployment /, "DeploymentConfig ") : title;
    return this.objects.get(title) ?? this.objects.get(twin);
  }

  /** A container by its name; the only one where a workload has one under another name. */
  container(workload: Json, name: string): RunningContainer | undefined {
    const all = containersOf(workload);
    const own = all.find((one) => one.name === name) ?? (all.length === 1 ? all[0] : undefined);
    if (own === undefined) return undefined;
    const image = asText(own.image);
    const named = asText(own.name);
    const pods = this.pods.filter((pod) => {
      const same = containersOf(pod).some((one) => one.name === named && one.image === image);
      return same && asObject(pod.metadata).deletionTimestamp === undefined && isOf(pod, workload);
    });
    const digests = pods.flatMap(({ status }) => {
      const { containerStatuses, initContainerStatuses } = asObject(status);
      const found = [...asList(containerStatuses), ...asList(initContainerStatuses)].find((one) => one.name === named);
      // Without a repository it is the digest of a configuration, by which nobody can pull.
      return /@(sha256:[0-9a-f]{64})$/.exec(asText(found?.imageID))?.[1] ?? [];
    });
    return { image, digests: [...new Set(digests)] };
  }

  /** Whether an image of the cluster's registry is of an ImageStream of these namespaces. */
  hasStream(image: string): boolean {
    return this.objects.has(streamTitle(image));
  }

  /**
   * Where the cluster's own registry has an image from: `quay.io/a/b@sha256:...`; undefined if it was built in the cluster.
   * @param image `image-registry.openshift-image-registry.svc:5000/namespace/stream`, with a tag or a digest
   */
  source(image: string): string | undefined {
    const { tag, digest } = parseImage(image);
    const tags = asList(asObject(this.objects.get(streamTitle(image))?.status).tags);
    const items = tags.flatMap((one) => asList(one.items).map((item): Json => ({ ...item, tag: one.tag })));
    const found = items.find((item) => (digest === undefined ? item.tag === tag : item.image === digest));
    const reference = asText(found?.dockerImageReference);
    return /@sha256:/.test(reference) && !isClusters(reference) ? reference : undefined;
  }
}

/** Whether an image is in the registry of the cluster itself; older clusters name its address. */
export function isClusters(image: string): boolean {
  return /^(image-registry\.openshift-image-registry\.svc|docker-registry\.default\.svc|172\.\d+\.\d+\.\d+)(:\d+)?\//.test(
    image,
  );
}

/** Asks for everything that runs in these namespaces. @throws in one line if the cluster does not answer */
export async function running(kubectl: Kubectl, namespaces: readonly string[]): Promise<Running> {
  return new Running(await listAll(kubectl, kinds, namespaces));
}

/** Containers of a pod, or of what makes pods; those that run before the others last. */
export function containersOf(object: Json): readonly Json[] {
  const spec = asObject(object.spec);
  const ofCron = asObject(asObject(spec.jobTemplate).spec);
  const template = [spec, ofCron]
    .map((one) => asObject(asObject(one.template).spec))
    .find((one) => "containers" in one);
  const { containers, initContainers } = template ?? spec;
  return [...asList(containers), ...asList(initContainers)];
}

function streamTitle(image: string): string {
  const [name = "", namespace = ""] = parseImage(image).repository.split("/").reverse();
  return `ImageStream ${namespace}/${name}`;
}

function isOf(pod: Json, workload: Json): boolean {
  const [own, other] = [asObject(pod.metadata), asObject(workload.metadata)];
  if (own.namespace !== other.namespace) return false;
  const labels = asTexts(own.labels);
  const job = labels["job-name"] ?? "";
  if (workload.kind === "Job") return job === other.name;
  if (workload.kind === "CronJob") return job.replace(/-[^-]+$/, "") === other.name;
  const selector = asObject(asObject(workload.spec).selector);
  const wanted = Object.entries(asTexts(selector.matchLabels ?? selector));
  return wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value);
}

function titleOf({ kind, metadata }: Json): string {
  const { namespace, name } = asObject(metadata);
  return `${asText(kind)} ${asText(namespace)}/${asText(name)}`;
}
