/** The station's interfaces and exporters. */
import type { BlockOptions } from "../../../blocks/block.ts";
import { tcp } from "../../../blocks/kubernetes/probe.ts";
import { scratch } from "../../../blocks/kubernetes/volume.ts";
import { Api, type ApiArgs } from "./api.ts";
import { apiVariables, fullClient, logVariables, type StationContext, storeVariables, thothOf } from "./context.ts";
import type { ImageName } from "./imageTable.ts";
import { resultNamespaces, type Role } from "./roles.ts";

/** URL to which jobs send their results, the same in each namespace. */
export const resultApi = "http://result-api";

/** Makes them all. Returns the public URLs by name. */
export function apis(name: string, context: StationContext, opts: BlockOptions): Readonly<Record<string, string>> {
  const { namespaces, images, accounts } = context;
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
      opts,
    );
    if (made.url !== undefined) found[image] = made.url;
    return made;
  };
  api("user-api", "frontend", { ...userApiArgs(context), serviceAccount: accounts.account("user-api") });
  api("management-api", "frontend", { ...managementArgs(context), serviceAccount: accounts.account("management-api") });
  for (const [namespace, role] of resultNamespaces(namespaces.names)) {
    const account = `result-api-${namespace}`;
    // No APP_MODULE: the image finds its wsgi.py.
    const args = { ...fullClient(context, role), resources: { cpu: "500m", memory: "512Mi" }, published: false };
    api("result-api", role, { ...args, serviceAccount: accounts.account(account) }, account);
  }
  api("metrics-exporter", "frontend", {
    ...exporterArgs(context),
    serviceAccount: accounts.account("metrics-exporter"),
  });
  api("amun-api", "amunApi", { ...amunArgs(context), serviceAccount: accounts.account("inspector") });
  if (context.settings.isisApi) {
    api("isis-api", "frontend", { ...isisArgs(context), serviceAccount: accounts.account("analyzer") });
  }
  return found;
}

function userApiArgs(context: StationContext) {
  const { files, secret } = thothOf(context, "frontend");
  const client = fullClient(context, "frontend");
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
  } as const;
}

function managementArgs(context: StationContext) {
  const { files, secret } = thothOf(context, "frontend");
  const client = fullClient(context, "frontend");
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
  } as const;
}

function exporterArgs(context: StationContext) {
  const { files } = thothOf(context, "frontend");
  const client = fullClient(context, "frontend");
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
    // 503 until everything is counted once, which takes minutes on a large graph.
    readyPath: "/metrics",
    liveness: tcp(8080, { delay: 60, period: 60, timeout: 10 }),
  } as const;
}

function amunArgs(context: StationContext) {
  const { files } = thothOf(context, "amunApi");
  return {
    env: {
      ...apiVariables(context, "amunApi"),
      APP_MODULE: "amun.entrypoint:app",
      AMUN_DEBUG: "0",
      THOTH_AMUN_INSPECTION_NAMESPACE: files.env("amun-inspection-namespace"),
      THOTH_AMUN_INFRA_NAMESPACE: files.env("infra-namespace"),
      AMUN_API_APP_SECRET_KEY: context.config.amunSecret.env("app-secret-key"),
    },
    resources: { cpu: ["125m", "500m"], memory: "384Mi" },
  } as const;
}

function isisArgs(context: StationContext) {
  const { secret } = thothOf(context, "frontend");
  const env = { ...logVariables(context, "frontend"), ...storeVariables(context, "frontend") };
  const mounts = { "/opt/app-root/src/model": scratch({ volume: "model" }) };
  return {
    env: { ...env, APP_MODULE: "isis.entrypoint:app", ISIS_API_APP_SECRET_KEY: secret.env("app-secret-key") },
    mounts,
    resources: { cpu: "250m", memory: "384Mi" },
    initContainers: [
      {
        name: "isis-model-download",
        ...context.images.of("isis-api"),
        env: { ...env, APP_SCRIPT: "init.py" },
        mounts,
        resources: { cpu: "500m", memory: "1Gi" },
      },
    ],
  } as const;
}
