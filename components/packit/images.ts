/** Every image of Packit and Stream; a stack changes repository, tag or digest under `images`. */
import type { NamespaceRef } from "../../blocks/kubernetes/metadata.ts";
import type { Deployment, ServiceName } from "./names.ts";

/** Without a tag an image is built for staging and production, and the tag is the deployment's name. */
interface ImageSource {
  readonly repository: string;
  readonly tag?: string;
  /** Repository of service stream, where it differs. */
  readonly stream?: string;
}

/** Source: the seed's templates; where it names no tag, the version that runs today. */
export const images = {
  service: { repository: "quay.io/packit/packit-service" },
  worker: { repository: "quay.io/packit/packit-worker", stream: "quay.io/packit/hardly" },
  fedmsg: { repository: "quay.io/packit/packit-service-fedmsg" },
  centosmsg: { repository: "quay.io/packit/packit-service-centosmsg" },
  dashboard: { repository: "quay.io/packit/dashboard" },
  tokman: { repository: "quay.io/packit/tokman" },
  sandcastle: { repository: "quay.io/packit/sandcastle" },
  postgres12: { repository: "quay.io/centos7/postgresql-12-centos7", tag: "centos7" },
  postgres13: { repository: "quay.io/sclorg/postgresql-13-c9s", tag: "c9s" },
  postgres15: { repository: "quay.io/sclorg/postgresql-15-c9s", tag: "c9s" },
  postgres16: { repository: "quay.io/sclorg/postgresql-16-c9s", tag: "c9s" },
  // The stream of its own repository names no other tag.
  redis: { repository: "quay.io/centos7/redis-5-centos7", tag: "latest" },
  redict: { repository: "registry.redict.io/redict", tag: "7" },
  valkey: { repository: "docker.io/valkey/valkey", tag: "8" },
  // Its author publishes nothing to Docker Hub any more.
  redisCommander: { repository: "ghcr.io/joeferner/redis-commander", tag: "0.9.1" },
  flower: { repository: "docker.io/mher/flower", tag: "2.0.1" },
  // The seed's weaveworks image went to Zapier, who tag it.
  pushgateway: { repository: "ghcr.io/zapier/prom-aggregation-gateway", tag: "v0.7.0" },
  nginx: { repository: "docker.io/nginxinc/nginx-unprivileged", tag: "1.26.3" },
  importImages: { repository: "quay.io/packit/import-images", tag: "latest" },
  restic: { repository: "docker.io/restic/restic", tag: "0.18.1" },
  deletePvcs: { repository: "quay.io/packit/delete-pvcs", tag: "latest" },
  validation: { repository: "quay.io/packit/packit-service-validation", tag: "latest" },
} as const satisfies Readonly<Record<string, ImageSource>>;

export type ImageName = keyof typeof images;

/** What a stack may say about an image. */
type ImageChange = Readonly<Partial<Record<"repository" | "tag" | "digest", string | undefined>>>;

/** Images that come through an ImageStream on OpenShift, with its name. */
export const streams = {
  service: "packit-service",
  worker: "packit-worker",
  fedmsg: "packit-service-fedmsg",
  centosmsg: "packit-service-centosmsg",
  dashboard: "packit-dashboard",
  tokman: "tokman",
} as const satisfies Readonly<Partial<Record<ImageName, string>>>;
export type StreamedImage = keyof typeof streams;

/** Annotation of a pod template that holds the digest which was imported last; a new one rolls the pods. */
export const imageAnnotation = "orrery/image";

/** What decides about the images of a stack. */
export interface ImageChoice {
  readonly deployment: Deployment;
  readonly images: Readonly<Partial<Record<ImageName, ImageChange | undefined>>>;
}

/** An image as a container names it. */
export interface PodImage {
  readonly image: string;
  readonly pullPolicy: "Always" | "IfNotPresent";
  /** Set where nobody has published the image under a tag that stays. */
  readonly exceptions?: { readonly "floating-tag": string };
}

/** Registry of an OpenShift cluster, as its pods see it. */
const clusterRegistry = "image-registry.openshift-image-registry.svc:5000";

/** The image in its public registry: by digest where the stack pins one, else by tag. */
export function sourceImage(service: ServiceName, choice: ImageChoice, name: ImageName): string {
  const source: ImageSource = images[name];
  const { repository, tag, digest } = choice.images[name] ?? {};
  const own = repository ?? (service === "stream" ? source.stream : undefined) ?? source.repository;
  // Nobody publishes a tag dev; a development deployment starts with what staging has.
  const built = choice.deployment === "dev" ? "stg" : choice.deployment;
  return digest === undefined ? `${own}:${tag ?? source.tag ?? built}` : `${own}@${digest}`;
}

/** The image as pods pull it: on OpenShift through its ImageStream, which keeps what was imported before. */
export function podImage(
  service: ServiceName,
  choice: ImageChoice,
  namespace: NamespaceRef,
  name: ImageName,
): PodImage {
  const source = sourceImage(service, choice, name);
  const digest = choice.images[name]?.digest;
  // The tag of a deployment moves with every import, so the node must ask each time.
  const pullPolicy = digest === undefined && isBuiltPerDeployment(name) ? "Always" : "IfNotPresent";
  if (namespace.cluster.platform === "openshift" && isStreamed(name)) {
    const reference = digest === undefined ? `:${choice.deployment}` : `@${digest}`;
    return { image: `${clusterRegistry}/${namespace.plainName}/${streams[name]}${reference}`, pullPolicy };
  }
  if (source.endsWith(":latest")) {
    const reason = `${source.replace(/:latest$/, "")} is published as latest only; images.${name}.digest pins it`;
    return { image: source, pullPolicy: "Always", exceptions: { "floating-tag": reason } };
  }
  return { image: source, pullPolicy };
}

/** Whether an image has an ImageStream. */
function isStreamed(name: ImageName): name is StreamedImage {
  return name in streams;
}

function isBuiltPerDeployment(name: ImageName): boolean {
  return !("tag" in images[name]);
}
