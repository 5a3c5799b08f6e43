/** The three environments' inputs to the configuration, as the runbook has them. */
import type { ConfigInputs, NamedService } from "../../../components/prow/files/inputs.ts";
import { configurationSettings, type ConfigurationSettings } from "../../../components/prow/files/settings.ts";

const services: readonly NamedService[] = [
  ...([
    "pushgateway",
    "needs-rebase",
    "cherrypicker",
    "release-blocker",
    "rehearse",
    "docker-mirror",
    "docker-mirror-proxy",
  ] as const),
  "bazel-cache",
];

/** Inputs in which each Service's host is its own name. */
export function inputsOf(
  prowNamespace: string,
  prefix: string,
  settings: Partial<ConfigurationSettings> = {},
): ConfigInputs {
  return {
    settings: configurationSettings.parse(settings),
    prowNamespace,
    jobsNamespace: `${prowNamespace}-jobs`,
    bucket: prowNamespace,
    deckUrl: "https://deck.example",
    gcswebUrl: "https://gcsweb.example",
    sharedImages: `/var/lib/stdci/shared/kubevirt-images/${prowNamespace}`,
    services: Object.fromEntries(
      services.map((name) => [
        name,
        name === "bazel-cache" ? `${prefix}${name}.${prowNamespace}:8080` : `${prefix}${name}`,
      ]),
    ) as ConfigInputs["services"],
    utilityImages: { clonerefs: "c:1", initupload: "i:1", entrypoint: "e:1", sidecar: "s:1" },
    gcsCredentialsSecret: `${prefix}gcs`,
    jobSecrets: [`${prefix}gcs`, `${prefix}kubevirtci-docker-credential`],
    configMapName: (key) => `${prefix}${key}`,
    objectName: (base) => `${prefix}${base}`,
  };
}

export const testing = inputsOf("kubernetes-prow", "");
export const staging = inputsOf("staging-kubevirt-prow", "staging-");
export const production = inputsOf("kubevirt-prow", "", { jobs: { from: "none" }, updaterOwns: ["job-config"] });
