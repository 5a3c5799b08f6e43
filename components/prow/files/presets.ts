/** What jobs get by a label `preset-<name>: "true"`. */
import type { ConfigurationVersion } from "./base/versions.ts";
import type { ConfigInputs } from "./inputs.ts";

/** One preset of config.yaml; volumes and variables as a pod has them. */
export interface Preset {
  readonly labels: Readonly<Record<string, string>>;
  readonly env?: readonly { readonly name: string; readonly value: string }[];
  readonly volumes?: readonly Readonly<Record<string, unknown>>[];
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string; readonly readOnly?: true }[];
}

type Maker = (inputs: ConfigInputs) => Omit<Preset, "labels">;

/** Where credentials of a registry appear in a job. */
const credentials = "/etc/kubevirtci-cred";

const variables = (values: Readonly<Record<string, string>>) =>
  Object.entries(values).map(([name, value]) => ({ name, value }));

/** Files with a registry's login, and the variables that say where they are. */
function registryLogin(secret: string, user: string, password: string): Maker {
  return ({ objectName }) => ({
    env: variables({ [user]: `${credentials}/username`, [password]: `${credentials}/password` }),
    volumes: [{ name: "kubevirtci-cred", secret: { defaultMode: 0o400, secretName: objectName(secret) } }],
    volumeMounts: [{ name: "kubevirtci-cred", mountPath: credentials, readOnly: true }],
  });
}

const docker = registryLogin("kubevirtci-docker-credential", "DOCKER_USER", "DOCKER_PASSWORD");

const first: Readonly<Record<string, Maker>> = {
  "dind-enabled": () => ({
    env: variables({ DOCKER_IN_DOCKER_ENABLED: "true" }),
    volumes: [{ name: "docker-graph", emptyDir: {} }],
    volumeMounts: [{ name: "docker-graph", mountPath: "/docker-graph" }],
  }),
  "docker-mirror": ({ configMapName }) => ({
    volumes: [{ name: "docker-config", configMap: { name: configMapName("docker-daemon-mirror-config") } }],
    volumeMounts: [{ name: "docker-config", mountPath: "/etc/default", readOnly: true }],
  }),
  "shared-images": ({ sharedImages }) => ({
    volumes: [{ name: "shared-iso", hostPath: { path: sharedImages, type: "DirectoryOrCreate" } }],
    volumeMounts: [{ name: "shared-iso", mountPath: "/var/lib/stdci/shared/kubevirt-images/" }],
  }),
  "kubevirtci-docker-credential": docker,
};

/** What came with docker-mirror-proxy. */
const second: Readonly<Record<string, Maker>> = {
  ...first,
  "docker-mirror-proxy": ({ configMapName, objectName, services }) => ({
    env: variables({
      CA_CERT_FILE: "/etc/docker-mirror-proxy/ca.crt",
      // Today's jobs start podman, which reads these instead of Docker's file.
      CONTAINER_HTTP_PROXY: `http://${services["docker-mirror-proxy"]}`,
      CONTAINER_HTTPS_PROXY: `http://${services["docker-mirror-proxy"]}`,
    }),
    volumes: [
      { name: "mirror-proxy-config", configMap: { name: objectName("mirror-proxy-config") } },
      {
        name: "docker-config",
        configMap: {
          name: configMapName("docker-daemon-mirror-config"),
          items: [{ key: "docker-proxy", path: "docker" }],
        },
      },
    ],
    volumeMounts: [
      { name: "mirror-proxy-config", mountPath: "/etc/docker-mirror-proxy", readOnly: true },
      { name: "docker-config", mountPath: "/etc/default", readOnly: true },
    ],
  }),
};

/** What trees of jobs bring themselves; in config.yaml too they would be double, on which Prow ends. */
const ofTrees: Readonly<Record<string, Maker>> = {
  "bazel-cache": ({ services }) => {
    const [host = "", port = "8080"] = services["bazel-cache"].split(":");
    return { env: variables({ BAZEL_REMOTE_CACHE_ENABLED: "true", CACHE_HOST: host, CACHE_PORT: port }) };
  },
  "kubevirtci-quay-credential": registryLogin("kubevirtci-quay-credential", "QUAY_USER", "QUAY_PASSWORD"),
  "project-infra-kubevirtci-docker-credential": docker,
};

const tables: Readonly<Record<ConfigurationVersion, typeof first>> = { "20201021": first, "20201202": second };

const make = (table: Readonly<Record<string, Maker>>, inputs: ConfigInputs): readonly Preset[] =>
  Object.entries(table).map(([name, maker]) => ({ labels: { [`preset-${name}`]: "true" }, ...maker(inputs) }));

/** Section `presets` of config.yaml. */
export function presets(inputs: ConfigInputs): readonly Preset[] {
  return make(tables[inputs.settings.version], inputs);
}

/** Presets for jobs that name them where neither config.yaml nor their tree brings them. */
export function sparePresets(inputs: ConfigInputs): readonly Preset[] {
  const there = new Set(Object.keys(tables[inputs.settings.version]));
  const spare = Object.entries({ ...second, ...ofTrees }).filter(([name]) => !there.has(name));
  return make(Object.fromEntries(spare), inputs);
}
