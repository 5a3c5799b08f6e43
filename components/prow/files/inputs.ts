/** Inputs of an environment's configuration files. */
import type { ConfigurationSettings } from "./settings.ts";

/** Names of the ConfigMaps, without prefix. */
export type ConfigMapKey =
  | "config"
  | "plugins"
  | "label-config"
  | "job-config"
  | "mirror-config"
  | "cat-api-key"
  | "pushgateway-proxy-config"
  | "docker-daemon-mirror-config";

/** Services that configuration files name. */
export type NamedService =
  | "pushgateway"
  | "needs-rebase"
  | "cherrypicker"
  | "release-blocker"
  | "rehearse"
  | "docker-mirror"
  | "docker-mirror-proxy"
  | "bazel-cache";

/** Programs that Prow adds to the pods of decorated jobs. */
type UtilityImage = "clonerefs" | "initupload" | "entrypoint" | "sidecar";

/** What the files depend on, as plain data. */
export interface ConfigInputs {
  readonly settings: ConfigurationSettings;
  readonly prowNamespace: string;
  /** Namespace of ProwJobs and of their pods. */
  readonly jobsNamespace: string;
  readonly bucket: string;
  /** Deck's address without a slash at its end. */
  readonly deckUrl: string;
  /** gcsweb's address without a slash at its end. */
  readonly gcswebUrl: string;
  /** Folder of the nodes that preset-shared-images mounts. */
  readonly sharedImages: string;
  /** host or host:port as seen from Prow's namespace; docker-mirror and bazel-cache as seen from the jobs'. */
  readonly services: Readonly<Record<NamedService, string>>;
  readonly utilityImages: Readonly<Record<UtilityImage, string>>;
  /** Secret of the jobs' namespace with the bucket's service account. */
  readonly gcsCredentialsSecret: string;
  /** Names of all Secrets that the jobs' namespace gets. */
  readonly jobSecrets: readonly string[];
  /** Name of a ConfigMap in the cluster. */
  readonly configMapName: (key: ConfigMapKey) => string;
  /** Name of an object in the cluster, e.g. of a Secret that a preset mounts. */
  readonly objectName: (base: string) => string;
}
