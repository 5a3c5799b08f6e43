/** Every image of Prow in one place; a stack overrides one by `images` in its settings, e.g. with a digest. */

/** Upstream's registry since 2024-08; gcr.io/k8s-prow, where the runbook's images were, is switched off. */
const prow = "us-docker.pkg.dev/k8s-infra-prow/images";
/** One release for all of Prow's own programs: they share the ProwJob's schema and the config's format. */
const release = "v20260819-7593870dc";

/** KubeVirt's own plugins, built from project-infra. */
const kubevirt = "quay.io/kubevirtci";
const kubevirtRelease = "v202607231917-ca75c4e";

export const images = {
  "branch-protector": `${prow}/branchprotector:${release}`,
  cherrypicker: `${prow}/cherrypicker:${release}`,
  crier: `${prow}/crier:${release}`,
  deck: `${prow}/deck:${release}`,
  exporter: `${prow}/exporter:${release}`,
  ghproxy: `${prow}/ghproxy:${release}`,
  hook: `${prow}/hook:${release}`,
  horologium: `${prow}/horologium:${release}`,
  "needs-rebase": `${prow}/needs-rebase:${release}`,
  "prow-controller-manager": `${prow}/prow-controller-manager:${release}`,
  sinker: `${prow}/sinker:${release}`,
  statusreconciler: `${prow}/status-reconciler:${release}`,
  tide: `${prow}/tide:${release}`,
  /** What Prow adds to the pods of decorated jobs. */
  clonerefs: `${prow}/clonerefs:${release}`,
  entrypoint: `${prow}/entrypoint:${release}`,
  initupload: `${prow}/initupload:${release}`,
  sidecar: `${prow}/sidecar:${release}`,
  rehearse: `${kubevirt}/rehearse:${kubevirtRelease}`,
  "release-blocker": `${kubevirt}/release-blocker:${kubevirtRelease}`,
  "label-sync": "gcr.io/k8s-staging-test-infra/label_sync:v20260729-f66136c16c",
  gcsweb: "k8s.gcr.io/gcsweb:v1.1.0",
  greenhouse:
    "gcr.io/k8s-testimages/greenhouse@sha256:ab1a3421cc3c072a813d8543735f218ca6caa811011391a0e5b00104700e6e7b",
  "docker-mirror": "registry:2.7.1",
  "docker-mirror-proxy": `${kubevirt}/rpardini-docker-registry-proxy:0.6.2-ssl-verify-depth-3`,
  pushgateway: "prom/pushgateway:v0.4.0",
  "pushgateway-proxy": "nginx:1",
  /** Testing's own ingress controller. */
  "ingress-nginx": "registry.k8s.io/ingress-nginx/controller:v1.8.1",
} as const;

export type ImageName = keyof typeof images;
export type Images = Readonly<Record<ImageName, string>>;

/** The images of a stack: its own where it names one, else the table's. */
export function resolveImages(overrides: Readonly<Partial<Record<ImageName, string | undefined>>>): Images {
  const names = Object.keys(images) as ImageName[];
  return Object.fromEntries(names.map((name) => [name, overrides[name] ?? images[name]])) as Images;
}
