/** The station's interfaces and exporters. */
import { scratch } from "../../kubernetes/volume.ts";
import { Exposure } from "../../kubernetes/exposure.ts";
import { Service } from "../../kubernetes/service.ts";
import { Api, type ApiArgs } from "./api.ts";
import { commonVariables, fullClient, type Making, thothOf } from "./environment.ts";
import type { ImageName } from "./imageTable.ts";
import type { StationRights } from "./rights.ts";
import { byNamespace, type Role } from "./roles.ts";

/** Makes them all. @returns public addresses by name */
export function apis(making: Making, rights: StationRights): Readonly<Record<string, string>> {
  const { name, parent, ground, images } = making;
  const found: Record<string, string> = {};
  const api = (
    image: ImageName,
    role: Role,
    args: Omit<ApiArgs, "place" | "name" | "image">,
    id: string = image,
  ): Api => {
    const made = new Api(
      `${name}-${id}`,
      { place: ground.places[role], name: image, image: images.of(image), ...args },
      { parent },
    );
    if (made.url !== undefined) found[image] = made.url;
    return made;
  };
  userApi(
    making,
    rights,
    api("user-api", "frontend", {
      ...userApiArgs(making),
      serviceAccount: rights.account("user-api"),
      morePorts: { grpc: 8443 },
    }),
  );
  api("management-api", "frontend", { ...managementArgs(making), serviceAccount: rights.account("management-api") });
  // Jobs of both namespaces send their results to http://result-api.
  const results = byNamespace(ground.names, [
    ["middletier", "middletier"],
    ["backend", "backend"],
  ] as const);
  for (const [namespace, role] of results) {
    const client = fullClient(making, role);
    const env = {
      ...client.env,
      APP_MODULE: "thoth.result_api.openapi_server:app",
      THOTH_PERSISTENT_VOLUME_PATH: "/tmp",
    };
    const args = { ...client, env, resources: { cpu: "500m", memory: "512Mi" }, published: false };
    api("result-api", role, args, `result-api-${namespace}`);
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
      THOTH_RESULT_API_URL: "http://result-api",
      THOTH_MIDDLETIER_POD_CPU_LIMIT: files.env("middletier-pod-cpu-limit"),
      THOTH_MIDDLETIER_POD_MEMORY_LIMIT: files.env("middletier-pod-memory-limit"),
      THOTH_USER_API_APP_SECRET_KEY: secret.env("app-secret-key"),
      AMUN_API_URL: files.env("amun-api-url"),
    },
    resources: { cpu: ["125m", "500m"], memory: "512Mi" },
    readyAfter: 5,
  } as const;
}

/** The same pods by gRPC, under a name of its own; TLS ends in the pod. */
function userApi({ name, parent, ground }: Making, _: StationRights, { deployment }: Api): void {
  const labels = { app: "thoth", component: "user-api" };
  const object = { place: ground.places.frontend, name: "user-api-grpc", labels };
  const service = new Service(
    `${name}-user-api-grpc`,
    { ...object, of: deployment, ports: { grpc: { port: 8443 } } },
    { parent },
  );
  new Exposure(
    `${name}-user-api-grpc-exposure`,
    { ...object, service, port: "grpc", tls: { termination: "passthrough" } },
    { parent },
  );
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
      THOTH_SECRET: secret.env("thoth-secret"),
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
    probePath: "/metrics",
    readyAfter: 10,
  } as const;
}

function amunArgs(making: Making) {
  const { files, secret } = thothOf(making, "amunApi");
  return {
    env: {
      ...commonVariables(making, "amunApi"),
      APP_MODULE: "amun.entrypoint:app",
      AMUN_DEBUG: "0",
      THOTH_AMUN_INSPECTION_NAMESPACE: files.env("amun-inspection-namespace"),
      THOTH_AMUN_INFRA_NAMESPACE: files.env("infra-namespace"),
      AMUN_API_APP_SECRET_KEY: making.config.amunSecret.env("app-secret-key"),
      THOTH_DEPLOYMENT_NAME: files.env("storage-bucket-name"),
      SENTRY_DSN: secret.env("sentry-dsn"),
    },
    resources: { cpu: ["125m", "500m"], memory: "384Mi" },
  } as const;
}

function isisArgs(making: Making) {
  const { secret } = thothOf(making, "frontend");
  const env = {
    ...commonVariables(making, "frontend"),
    APP_MODULE: "isis.entrypoint:app",
    ISIS_API_APP_SECRET_KEY: secret.env("app-secret-key"),
  };
  const mounts = { "/opt/app-root/src/model": scratch({ volume: "model" }) };
  return {
    env,
    mounts,
    resources: { cpu: "250m", memory: "384Mi" },
    morePorts: { tensorboard: 6006 },
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
