/** Every image of DIALS; a stack overrides one by `images` in its settings, with a digest. */
import { parseImage } from "../../config/image.ts";

const harbor = "registry.cern.ch/cms-dqmdc";

/** The images that DIALS builds or mirrors, by the name of their ImageStream. */
export const images = {
  etl: `${harbor}/dials-etl:1.12.0`,
  backend: `${harbor}/dials-backend:1.12.0`,
  frontend: `${harbor}/dials-frontend:1.12.0`,
  "nginx-unprivileged": `${harbor}/nginxinc-nginx-unprivileged:1.26.3`,
  /** CERN's OpenShift has it in its own registry; elsewhere a stack names another build of Redis 5 or later. */
  redis:
    "image-registry.openshift-image-registry.svc:5000/openshift/redis@sha256:5ea57e4833e80e77686b9a1485c2a0945442d05a74303ad1118aa5a3afd91ee3",
} as const;

export type ImageName = keyof typeof images;

/** The images that have an ImageStream where the settings ask for them. */
export const streams = ["etl", "backend", "frontend", "nginx-unprivileged"] as const satisfies readonly ImageName[];
export type StreamName = (typeof streams)[number];

/** Registry of an OpenShift cluster, as its pods see it. */
const clusterRegistry = "image-registry.openshift-image-registry.svc:5000";

/** The images of a stack: its own where it names one, else the table's. */
export function resolveImages(
  overrides: Readonly<Partial<Record<ImageName, string | undefined>>>,
): Record<ImageName, string> {
  const names = Object.keys(images) as ImageName[];
  return Object.fromEntries(names.map((name) => [name, overrides[name] ?? images[name]])) as Record<ImageName, string>;
}

/** The same images as pods pull them through the cluster's ImageStreams, by digest. */
export function throughStreams(
  resolved: Readonly<Record<ImageName, string>>,
  namespace: string,
): Record<ImageName, string> {
  const through = (name: StreamName): string =>
    `${clusterRegistry}/${namespace}/${name}@${digestOf(resolved[name]) ?? ""}`;
  return { ...resolved, ...Object.fromEntries(streams.map((name) => [name, through(name)])) };
}

/** `sha256:...` of an image that is pinned by digest. */
export function digestOf(image: string): string | undefined {
  return /@(sha256:[0-9a-f]{64})$/.exec(image)?.[1];
}

/** The repository alone, without tag and digest. */
export function repositoryOf(image: string): string {
  return parseImage(image).repository;
}
