/** Templates' objects as OpenShift takes them; `${X}` reaches the cluster as it is. */
import { graphFiles } from "../context.ts";
import type { StationImages } from "../images.ts";
import type { JobTemplate, JobInputs, TemplateJob } from "./template.ts";

/** Body of a Template without its metadata. */
export interface TemplateBody {
  readonly objects: readonly object[];
  readonly parameters: readonly object[];
}

const fromConfig = (key: string): object => ({ valueFrom: { configMapKeyRef: { name: "thoth", key } } });
const fromSecret = (name: string, key: string): object => ({ valueFrom: { secretKeyRef: { name, key } } });
const ownNamespace = { valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } } };

/** Variables of jobs, by what they need. */
const variables: Readonly<Record<JobInputs | "all", Readonly<Record<string, object>>>> = {
  all: {
    SENTRY_DSN: fromSecret("thoth", "sentry-dsn"),
    THOTH_DEPLOYMENT_NAME: fromConfig("storage-bucket-name"),
  },
  store: {
    THOTH_S3_ENDPOINT_URL: fromConfig("ceph-host"),
    THOTH_CEPH_BUCKET: fromConfig("ceph-bucket-name"),
    THOTH_CEPH_BUCKET_PREFIX: fromConfig("ceph-bucket-prefix"),
    THOTH_CEPH_KEY_ID: fromSecret("thoth", "ceph-key-id"),
    THOTH_CEPH_SECRET_KEY: fromSecret("thoth", "ceph-secret-key"),
  },
  graph: { GRAPH_SERVICE_HOST: fromConfig("graph-service-host"), GRAPH_TLS_PATH: { value: "/var/run/secrets/dgraph" } },
  isis: { ISIS_API_URL: fromConfig("isis-api-url") },
  amun: { AMUN_API_URL: fromConfig("amun-api-url") },
  sync: { THOTH_NAMESPACE: ownNamespace, PROMETHEUS_PUSHGATEWAY_URL: fromConfig("metrics-pushgateway-url") },
};

/** Tokens and key of the bot, for the one job that acts as it. */
const kebechetVariables = {
  GITHUB_KEBECHET_TOKEN: fromSecret("kebechet-secret", "github-oauth-token"),
  GITLAB_KEBECHET_TOKEN: fromSecret("kebechet-secret", "gitlab-oauth-token"),
  PAGURE_KEBECHET_TOKEN: fromSecret("kebechet-secret", "pagure-oauth-token"),
};

/** A Template with its Jobs, of which a caller keeps one. */
export function jobTemplate(one: JobTemplate, images: StationImages): TemplateBody {
  return {
    objects: one.jobs.map((job) => jobObject(one, job, images)),
    parameters: toParameters({ [one.id]: null, ...one.parameters }),
  };
}

function jobObject(one: JobTemplate, { image, component, fixed, jobLabels }: TemplateJob, images: StationImages) {
  const graph = one.inputs.includes("graph");
  const bot = image === "kebechet-job";
  const labels = { app: "thoth", component, mark: "cleanup" };
  const filledIn = Object.keys(one.parameters).flatMap((name) => {
    const variable = one.variables?.[name];
    return variable === null ? [] : [[variable ?? name, { value: parameter(name) }] as const];
  });
  const env = {
    ...Object.fromEntries(filledIn),
    ...Object.fromEntries(Object.entries(fixed ?? {}).map(([name, value]) => [name, { value }])),
    ...variables.all,
    ...Object.assign({}, ...one.inputs.map((need) => variables[need])),
    ...(bot ? kebechetVariables : {}),
  } as Record<string, object>;
  const mounts = [
    ...(graph ? [{ name: "dgraph-tls", mountPath: "/var/run/secrets/dgraph", readOnly: true }] : []),
    ...(bot ? [{ name: "ssh", mountPath: "/home/user/.ssh", readOnly: true }] : []),
  ];
  const certificates = {
    ...{ secretName: "dgraph-tls", defaultMode: 0o644 },
    items: graphFiles.map((key) => ({ key, path: key })),
  };
  const key = { secretName: "kebechet-secret", defaultMode: 0o440, items: [{ key: "ssh-privatekey", path: "id_rsa" }] };
  const volumes = [
    ...(graph ? [{ name: "dgraph-tls", secret: certificates }] : []),
    ...(bot ? [{ name: "ssh", secret: key }] : []),
  ];
  const container = {
    name: component,
    image: images.image(image),
    env: Object.entries(env).map(([name, value]) => ({ name, ...value })),
    resources: {
      requests: { cpu: first(one.cpu), memory: first(one.memory) },
      limits: { cpu: last(one.cpu), memory: last(one.memory) },
    },
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
    ...(one.name === "adviser" ? { livenessProbe: adviserProbe } : {}),
    ...(mounts.length === 0 ? {} : { volumeMounts: mounts }),
  };
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: parameter(one.id), labels: { ...labels, ...synced(one), ...jobLabels } },
    spec: {
      backoffLimit: one.retries ?? 0,
      ...(one.deadline === undefined ? {} : { activeDeadlineSeconds: one.deadline }),
      template: {
        metadata: { labels },
        spec: {
          restartPolicy: one.restart ?? "Never",
          automountServiceAccountToken: false,
          containers: [container],
          ...(volumes.length === 0 ? {} : { volumes }),
        },
      },
    },
  };
}

/** It ends the search for better stacks, so that what was found is still reported. */
const adviserProbe = {
  exec: { command: ["python3", "liveness.py"] },
  initialDelaySeconds: "${{THOTH_ADVISER_TIMEOUT_SECONDS}}",
  timeoutSeconds: 600,
  failureThreshold: 1,
};

/** How a parameter is written where its value goes. */
export const parameter = (name: string): string => `\${${name}}`;

/** OpenShift's list of parameters; null is required, a text is the default. */
export function toParameters(parameters: Readonly<Record<string, string | null>>): readonly object[] {
  return Object.entries(parameters).map(([name, value]) => ({
    name,
    ...(value === null ? { required: true } : value === "" ? {} : { value }),
  }));
}

function synced({ task }: JobTemplate): Record<string, string> {
  return task === undefined ? {} : { operator: "graph-sync", task };
}

const first = (value: string | readonly [string, string]): string => (typeof value === "string" ? value : value[0]);
const last = (value: string | readonly [string, string]): string => (typeof value === "string" ? value : value[1]);
