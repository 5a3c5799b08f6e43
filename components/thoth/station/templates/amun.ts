/** Templates of inspections: an image is built as asked for, then a job measures it, on a certain processor if asked for. */
import type { StationImages } from "../images.ts";
import type { Role } from "../roles.ts";
import { parameter, type TemplateBody, toParameters } from "./objects.ts";

const id = { AMUN_INSPECTION_ID: null };
const processor = { CPU_FAMILY: null, CPU_MODEL: null, PHYSICAL_CPUS: null, PROCESSOR: null };
const named = parameter("AMUN_INSPECTION_ID");

function labelled(component: string, task: Readonly<Record<string, string>> = {}): object {
  return { name: named, labels: { app: "amun", component, mark: "cleanup", ...task } };
}

/** Only nodes that carry these labels; a build knows no affinity. */
const nodes = {
  nodeSelector: {
    CPU_FAMILY: parameter("CPU_FAMILY"),
    CPU_MODEL: parameter("CPU_MODEL"),
    PHYSICAL_CPUS: parameter("PHYSICAL_CPUS"),
    processor: parameter("PROCESSOR"),
  },
};

function imageStream(): TemplateBody {
  const stream = {
    apiVersion: "image.openshift.io/v1",
    kind: "ImageStream",
    metadata: labelled("amun-inspection-imagestream"),
    spec: { lookupPolicy: { local: true } },
  };
  return { objects: [stream], parameters: toParameters(id) };
}

function buildConfig(onProcessor: boolean): TemplateBody {
  const size = { cpu: parameter("AMUN_CPU"), memory: parameter("AMUN_MEMORY") };
  const env = {
    LANG: "en_US.UTF-8",
    HOME: "/home/amun/",
    PIPENV_CACHE_DIR: "/home/amun/.cache",
    PIPENV_COLORBLIND: "1",
    PIPENV_HIDE_EMOJIS: "1",
    PIPENV_NOSPIN: "1",
  };
  const build = {
    apiVersion: "build.openshift.io/v1",
    kind: "BuildConfig",
    metadata: {
      ...labelled("amun-inspection-buildconfig"),
      annotations: { amun_specification: parameter("AMUN_SPECIFICATION") },
    },
    spec: {
      output: { to: { kind: "ImageStreamTag", name: `${named}:latest` } },
      source: { type: "Dockerfile", dockerfile: parameter("AMUN_GENERATED_DOCKERFILE") },
      strategy: {
        type: "Docker",
        dockerStrategy: { env: Object.entries(env).map(([name, value]) => ({ name, value })) },
      },
      resources: { requests: size, limits: size },
      triggers: [{ type: "ConfigChange" }],
      ...(onProcessor ? nodes : {}),
    },
  };
  const own = { AMUN_GENERATED_DOCKERFILE: null, AMUN_SPECIFICATION: null, AMUN_CPU: "500m", AMUN_MEMORY: "256Mi" };
  return { objects: [build], parameters: toParameters({ ...id, ...own, ...(onProcessor ? processor : {}) }) };
}

function job(onProcessor: boolean, images: StationImages): TemplateBody {
  const size = { cpu: parameter("AMUN_CPU"), memory: parameter("AMUN_MEMORY") };
  const volumeMounts = [{ name: "hw-info-volume", mountPath: "/home/amun/hwinfo" }];
  const small = { cpu: "100m", memory: "128Mi" };
  const securityContext = { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } };
  const inspection = {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: labelled("amun-inspection-job", { operator: "graph-sync", task: "inspection" }),
    spec: {
      backoffLimit: 0,
      activeDeadlineSeconds: 3600,
      template: {
        metadata: { labels: { app: "amun", component: "amun-inspection-job", mark: "cleanup" } },
        spec: {
          restartPolicy: "Never",
          automountServiceAccountToken: false,
          initContainers: [
            {
              ...{ name: "inspect-hwinfo", image: images.image("inspect-hwinfo"), volumeMounts, securityContext },
              resources: { requests: small, limits: small },
            },
          ],
          containers: [
            {
              ...{ name: "inspect", image: `${named}:latest`, volumeMounts, securityContext },
              resources: { requests: size, limits: size },
            },
          ],
          volumes: [{ name: "hw-info-volume", emptyDir: {} }],
          ...(onProcessor ? nodes : {}),
        },
      },
    },
  };
  const own = { AMUN_CPU: "750m", AMUN_MEMORY: "256Mi" };
  return { objects: [inspection], parameters: toParameters({ ...id, ...own, ...(onProcessor ? processor : {}) }) };
}

/** A Template and where its object is made. */
interface AmunTemplate {
  readonly madeIn: Role;
  readonly body: TemplateBody;
}

/** Template name, which is also its label -> body and place. Amun processes the one of image streams in the infra namespace. */
export function amunTemplates(images: StationImages): Readonly<Record<string, AmunTemplate>> {
  const inspecting = (body: TemplateBody): AmunTemplate => ({ madeIn: "amunInspection", body });
  return {
    "amun-inspection-imagestream": { madeIn: "infra", body: imageStream() },
    "amun-inspection-buildconfig": inspecting(buildConfig(false)),
    "amun-inspection-buildconfig-with-cpu": inspecting(buildConfig(true)),
    "amun-inspection-job": inspecting(job(false, images)),
    "amun-inspection-job-with-cpu": inspecting(job(true, images)),
  };
}
