/** The ConfigMaps of an environment, as texts. */
import path from "node:path";
import { stringify } from "yaml";
import { labels } from "./base/labels.ts";
import { prowConfig } from "./config.ts";
import { packJobs, type PackedJobs, readJobs } from "./jobs.ts";
import { dockerDaemon, dockerDaemonByProxy, dockerMirror, metricsProxy } from "./services.ts";
import type { ConfigMapKey, ConfigInputs } from "./inputs.ts";
import { pluginsConfig } from "./plugins.ts";
import { stubJobs } from "./stub.ts";
import { checkTree } from "./tree.ts";

/** One ConfigMap. */
export interface ConfigMapText {
  readonly key: ConfigMapKey;
  /** Its namespace: Prow's own, or the jobs'. */
  readonly in: "prow" | "jobs";
  readonly data: Readonly<Record<string, string>>;
  /** base64. */
  readonly binaryData?: Readonly<Record<string, string>>;
  /** Who changes it after it was made. Nobody else does. */
  readonly owner: "program" | "updater";
}

/** Every ConfigMap of an environment. @throws if the folder of jobs cannot be read, which `configurationProblems` tells first */
export function configMaps(inputs: ConfigInputs): readonly ConfigMapText[] {
  const text = (key: ConfigMapKey, data: ConfigMapText["data"], where: ConfigMapText["in"] = "prow") => ({
    key,
    in: where,
    data,
    owner: (inputs.settings.updaterOwns as readonly ConfigMapKey[]).includes(key)
      ? ("updater" as const)
      : ("program" as const),
  });
  const { data, binaryData } = jobConfig(inputs);
  return [
    text("config", { "config.yaml": yaml(prowConfig(inputs)) }),
    text("plugins", { "plugins.yaml": yaml(pluginsConfig(inputs)) }),
    text("label-config", { "labels.yaml": yaml(labels) }),
    { ...text("job-config", data), ...(binaryData === undefined ? {} : { binaryData }) },
    // The registry reads config.yml; the runbook's config.yaml was never read.
    text("mirror-config", { "config.yml": yaml(dockerMirror) }),
    text("cat-api-key", { "api-key": "" }),
    text("pushgateway-proxy-config", { "nginx.conf": metricsProxy(inputs.services.pushgateway) }),
    text(
      "docker-daemon-mirror-config",
      {
        docker: dockerDaemon(inputs.services["docker-mirror"]),
        "docker-proxy": dockerDaemonByProxy(inputs.services["docker-mirror-proxy"]),
      },
      "jobs",
    ),
  ];
}

function jobConfig(inputs: ConfigInputs): Omit<PackedJobs, "bytes"> {
  const { jobs } = inputs.settings;
  switch (jobs.from) {
    case "stub":
      return { data: { "test_job_config.yaml": stubJobs() } };
    case "none":
      return { data: {} };
    case "folder":
      return packJobs(checkTree(readJobs(path.resolve(jobs.path)), inputs).files);
  }
}

/** Long lines stay one: a folded one would put spaces into the templates of addresses. */
const yaml = (content: unknown): string => stringify(content, { lineWidth: 0, aliasDuplicateObjects: false });
