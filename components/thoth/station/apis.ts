/** The station's interfaces and exporters. */
import { tcp } from "../../../blocks/kubernetes/probe.ts";
import { scratch } from "../../../blocks/kubernetes/volume.ts";
import { Api, type ApiArgs } from "./api.ts";
import { apiVariables, fullClient, logVariables, type Making, storeVariables, thothOf } from "./context.ts";
import type { ImageName } from "./imageTable.ts";
import type { StationRights } from "./rbac.ts";
import { resultNamespaces, type Role } from "./roles.ts";

/** Where jobs send their results to, in the namespace of each. */
export const resultApi = "http://result-api";

/** Makes them all. @returns public addresses by name */
export function apis(making: Making, rights: StationRights): Readonly<Record<string, string>> {
  const { name, parent, namespaces, images } = making;
  const found: Record<string, string> = {};
  const api = (
    image: ImageName,
    role: Role,
    args: Omit<ApiArgs, "namespace" | "name" | "image">,
    id: string = image,
  ): Api => {
    const made = new Api(
      `${name}-${id}`,
      { namespace: namespaces.refs[role], name: image, image: images.of(image), ...args },
      { parent },
    );
    if (made.url !== undefined) found[image] = made.url;
    return made;
  };
  api("user-api", "frontend", { ...userApiArgs(making), serviceAccount: rights.account("user-api") });
  api("management-api", "frontend", { ...managementArgs(making), serviceAccount: rights.account("management-api") });
  for (const [namespace, role] of resultNamespaces(namespaces.names)) {
    const account = `result-api-${namespace}`;
    // No APP_MODULE: its module is wsgi.py, which the image finds by itself.
    const args = { ...fullClient(making, role), resources: { cpu: "500m", memory: "512Mi" }, published: false };
    api("result-api", role, { ...args, serviceAccount: rights.account(account) }, account);
  }
  api("metrics-exporter", "frontend", { ...exporterArgs(making), serviceAccount: rights.account("metrics-exporter") });
  api("amun-api", "amunApi", { ...amunArgs(making), serviceAccount: rights.account("inspector") });
  if (making.settings.isisApi) {
    api("isis-api", "frontend", { ...isisArgs(making), serviceAccount: rights.account("analyzer") });
  }
  return found;
}

function userApiArgs(making: Making) {
  const { files, secret } = thothOf(making, "frontend");
  const client = fullClient(making, "frontend");
  return {
    ...client,
    env: {
      ...client.env,
      APP_MODULE: "thoth.user_api.openapi_server:app",
      THOTH_RESULT_API_URL: resultApi,
      THOTH_USER_API_APP_SECRET_KEY: secret.env("app-secret-key"),
      AMUN_API_URL: files.env("amun-api-url"),
    },
    resources: { cpu: ["125m", "500m"], memory: "512Mi" },
    readyAfter: 5,
  } as const;
}

function managementArgs(making: Making) {
  const { files, secret } = thothOf(making, "frontend");
  const client = fullClient(making, "frontend");
  return {
    ...client,
    containerName: "management-api-openapi",
    env: {
      ...client.env,
      APP_MODULE: "thoth.management_api.openapi_server:app",
      THOTH_RESULT_API_URL: resultApi,
      THOTH_MANAGEMENT_API_TOKEN: secret.env("management-api-token"),
      THOTH_APP_SECRET_KEY: secret.env("app-secret-key"),
      AMUN_API_URL: files.env("amun-api-url"),
    },
    resources: { cpu: ["250m", "500m"], memory: "512Mi" },
    readyAfter: 15,
  } as const;
}

function exporterArgs(making: Making) {
  const { files } = thothOf(making, "frontend");
  const client = fullClient(making, "frontend");
  return {
    ...client,
    env: {
      ...client.env,
      WEB_CONCURRENCY: "1",
      THOTH_METRICS_EXPORTER_UPDATE_INTERVAL: "20",
      THOTH_AMUN_NAMESPACE: files.env("amun-namespace"),
      THOTH_AMUN_INSPECTION_NAMESPACE: files.env("amun-inspection-namespace"),
    },
    resources: { cpu: "2", memory: ["384Mi", "768Mi"] },
    // It answers 503 until all has been counted once, which takes minutes on a large graph.
    readyPath: "/metrics",
    readyAfter: 10,
    liveness: tcp(8080, { delay: 60, period: 60, timeout: 10 }),
  } as const;
}

function amunArgs(making: Making) {
  const { files } = thothOf(making, "amunApi");
  return {
    env: {
      ...apiVariables(making, "amunApi"),
      APP_MODULE: "amun.entrypoint:app",
      AMUN_DEBUG: "0",
      THOTH_AMUN_INSPECTION_NAMESPACE: files.env("amun-inspection-namespace"),
      THOTH_AMUN_INFRA_NAMESPACE: files.env("infra-namespace"),
      AMUN_API_APP_SECRET_KEY: making.config.amunSecret.env("app-secret-key"),
    },
    resources: { cpu: ["125m", "500m"], memory: "384Mi" },
  } as const;
}

function isisArgs(making: Making) {
  const { secret } = thothOf(making, "frontend");
  const env = { ...logVariables(making, "frontend"), ...storeVariables(making, "frontend") };
  const mounts = { "/opt/app-root/src/model": scratch({ volume: "model" }) };
  return {
    env: { ...env, APP_MODULE: "isis.entrypoint:app", ISIS_API_APP_SECRET_KEY: secret.env("app-secret-key") },
    mounts,
    resources: { cpu: "250m", memory: "384Mi" },
    initContainers: [
      {
        name: "isis-model-download",
        ...making.images.of("isis-api"),
        env: { ...env, APP_SCRIPT: "init.py" },
        mounts,
        resources: { cpu: "500m", memory: "1Gi" },
      },
    ],
  } as const;
}
