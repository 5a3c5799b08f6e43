/** Every image of Thoth, pinned. A stack may name another one, e.g. by digest, under `images` of its section. */
export const images = {
  /** The repository is upstream's; the tag is a placeholder, as no source at hand names one. */
  kebechet: "quay.io/thoth-station/kebechet-job:v1.0.9",
  /** The same holds. */
  nepthys: "quay.io/thoth-station/nepthys:v0.2.5",
  /** Source: thoth-application, the first release that it names. */
  reviewManager: "quay.io/thoth-station/sefkhet-abwy-webhook-receiver:v0.24.0",
  /** Source: thoth-application; needs no build. */
  ultrahook: "quay.io/thoth-station/ultrahook:v0.1.0",
  /** Source: dgraph-thoth-config. */
  aggregateExporter: "quay.io/goern/aggregate-exporter-f30:v2.0.1-1",
} as const;

/** Images that the cluster's own builds start from. */
export const builders = {
  python: { stream: "python-36-centos7", tag: "latest", from: "registry.centos.org/centos/python-36-centos7:latest" },
  fedora: { stream: "fedora", tag: "28", from: "registry.fedoraproject.org/fedora:28" },
} as const;
