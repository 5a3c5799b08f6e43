/** Every image of Thoth, pinned. A stack may name another one, e.g. by digest, under `images` of its section. */
export const images = {
  /** Source: thoth-application of November 2020; later versions take no list of repositories. */
  kebechet: "quay.io/thoth-station/kebechet-job:v1.0.9",
  /** Source: thoth-application of November 2020. */
  nepthys: "quay.io/thoth-station/nepthys:v0.2.5",
  /** Source: thoth-application. The next one, v0.24.0, ends at each notification: it asks a name that is not defined. */
  reviewManager: "quay.io/thoth-station/sefkhet-abwy-webhook-receiver:v0.23.2",
  /** Source: thoth-application; needs no build. */
  ultrahook: "quay.io/thoth-station/ultrahook:v0.1.0",
  /** Source: dgraph-thoth-config. */
  aggregateExporter: "quay.io/goern/aggregate-exporter-f30:v2.0.1-1",
  /** Fetches Dgraph's exports for its backups. */
  rclone: "docker.io/rclone/rclone:1.69.1",
  restic: "docker.io/restic/restic:0.18.1",
} as const;

/** Images that the cluster's own builds start from: the Pythons that the bots' Pipfiles want. */
export const builders = {
  python36: { stream: "python-36", tag: "latest", from: "registry.access.redhat.com/ubi8/python-36:latest" },
  python38: { stream: "python-38", tag: "latest", from: "registry.access.redhat.com/ubi8/python-38:latest" },
} as const;

/** Git tags of the sources that builds make the published images of. */
export const sources = { kebechet: "v1.0.9", nepthys: "v0.2.5", reviewManager: "v0.23.2" } as const;
