import type { z } from "zod";
import { prowSchema } from "../../../components/prow/config.ts";
import { parseConfig } from "../../../config/parse.ts";
import { sample } from "../../../config/samples.ts";
import { type RawConfig, wantedSecrets } from "../../../config/secrets.ts";
import { clustersSchema } from "../../../config/targets.ts";
import type { Registration } from "../../../review/evaluate/record.ts";
import { rendered, type Rendered, runProgram } from "../../../review/evaluate/render.ts";
import { Secret } from "../../../review/evaluate/secret.ts";
import { once, renderedStack } from "../recordings.ts";

/** Settings as a stack file has them, before defaults are filled in. */
export type Given = z.input<typeof prowSchema.settings>;

/** A minimal environment. */
const given: Given = {
  cluster: "c",
  namespaces: { prow: "the-prow", jobs: "the-jobs" },
  bucket: "the-bucket",
  hosts: { deck: "deck.example.org", hook: "hook.example.org", gcsweb: "gcsweb.example.org" },
  crd: "own",
  github: { oauthClientId: "client" },
  ghproxy: { size: "10Gi" },
  greenhouse: { size: "20Gi" },
  mirrorProxy: { size: "20Gi" },
};

function rawConfig(more: Partial<Given>, secrets: Record<string, string>): RawConfig {
  const own = { ...given, ...more };
  const parsed = prowSchema.settings.safeParse(own);
  const wanted = parsed.success ? wantedSecrets(prowSchema, parsed.data) : [];
  const clusters = JSON.stringify({ c: { platform: "kubernetes", appsDomain: "example.org" } });
  return new Map([
    ["clusters:settings", { value: clusters, secret: false }],
    ["clusters:c", { value: sample("kubeconfig", "c"), secret: true }],
    ["prow:settings", { value: JSON.stringify(own), secret: false }],
    ...wanted.map(({ key, spec }): [string, { value: string; secret: boolean }] => [
      key,
      { value: secrets[key] ?? sample(spec.format ?? "text", spec.sampleSeed ?? key), secret: true },
    ]),
  ]);
}

/** Every problem of the config, as `path: text`. */
export function problems(more: Partial<Given>, secrets: Record<string, string> = {}): string[] {
  const { problems: found } = parseConfig(rawConfig(more, secrets), [clustersSchema, prowSchema] as never);
  return found.map(({ path, text }) => `${path}: ${text}`);
}

/** The settings with their defaults. */
export function prowSettings(more: Partial<Given>): z.output<typeof prowSchema.settings> {
  return prowSchema.settings.parse({ ...given, ...more });
}

const recordProw = once((more: Partial<Given>) => runProgram({ stack: "test", config: rawConfig(more, {}) }));

/** Registrations with these settings, in their order. */
export async function registerProw(more: Partial<Given>): Promise<readonly Registration[]> {
  return (await recordProw(more)).resources;
}

/** What the program registers with these settings. */
export async function renderProw(more: Partial<Given> = {}): Promise<readonly Rendered[]> {
  return rendered(await recordProw(more));
}

/** The same with every secret in clear. */
export async function clearProw(
  more: Partial<Given> = {},
  secrets: Record<string, string> = {},
): Promise<readonly Rendered[]> {
  const { resources } = await runProgram({ stack: "test", config: rawConfig(more, secrets) });
  return resources.map((one) => ({ ...one, inputs: clear(one.inputs) }));
}

/** Prow's resources of a committed stack. */
export async function renderStack(stack: string): Promise<readonly Rendered[]> {
  return (await renderedStack(stack)).filter(({ urn }) => urn.includes("orrery:prow:Prow$"));
}

function clear(value: unknown): unknown {
  if (value instanceof Secret) return clear(value.value);
  if (Array.isArray(value)) return value.map(clear);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, clear(member)]));
}

interface Container {
  readonly name: string;
  readonly image: string;
  readonly args?: readonly string[];
  readonly env?: readonly {
    name: string;
    value?: string;
    valueFrom?: { secretKeyRef?: { name: string; key: string } };
  }[];
  readonly volumeMounts?: readonly { name: string; mountPath: string; readOnly?: boolean }[];
  readonly ports?: readonly { name: string; containerPort: number }[];
  readonly resources: { readonly requests: Record<string, string>; readonly limits: Record<string, string> };
}

interface PodSpec {
  readonly serviceAccountName: string;
  readonly automountServiceAccountToken: boolean;
  readonly terminationGracePeriodSeconds: number;
  readonly nodeSelector?: Record<string, string>;
  readonly tolerations?: readonly Record<string, string>[];
  readonly containers: readonly Container[];
  readonly volumes?: readonly {
    readonly name: string;
    readonly hostPath?: { path: string; type: string };
    readonly persistentVolumeClaim?: { claimName: string };
    readonly configMap?: { name: string };
    readonly secret?: { secretName: string };
  }[];
}

/** The fields of a Kubernetes object that these tests read. */
export interface Manifest {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels: Record<string, string>;
    readonly annotations?: Record<string, string>;
  };
  readonly data?: Record<string, string>;
  readonly stringData?: Record<string, string>;
  readonly rules?: readonly {
    readonly apiGroups: readonly string[];
    readonly resources: readonly string[];
    readonly resourceNames?: readonly string[];
    readonly verbs: readonly string[];
  }[];
  readonly roleRef?: { readonly kind: string; readonly name: string };
  readonly subjects?: readonly { readonly name: string; readonly namespace: string }[];
  readonly spec: {
    readonly type?: string;
    readonly ports: readonly { readonly name: string; readonly port: number; readonly targetPort: number | string }[];
    readonly replicas?: number;
    readonly strategy?: { readonly type: string; readonly rollingUpdate?: unknown };
    readonly schedule?: string;
    readonly suspend?: boolean;
    readonly concurrencyPolicy?: string;
    readonly selector: Record<string, string>;
    readonly template: { readonly metadata: { readonly labels: Record<string, string> }; readonly spec: PodSpec };
    readonly jobTemplate: { readonly spec: { readonly template: { readonly spec: PodSpec } } };
    readonly resources?: { readonly requests: { readonly storage: string } };
    readonly storageClassName?: string;
    readonly volumeName?: string;
    readonly ingressClassName?: string;
    readonly tls?: readonly unknown[];
    readonly rules?: readonly {
      readonly host: string;
      readonly http: { readonly paths: readonly { readonly path: string; readonly pathType: string }[] };
    }[];
  };
}

/** The Kubernetes objects of one kind, by `namespace/name`. */
export function objects(resources: readonly Rendered[], kind: string): ReadonlyMap<string, Manifest> {
  const all = resources.filter(({ type }) => type.startsWith("kubernetes:")).map(({ inputs }) => inputs as Manifest);
  return new Map(
    all
      .filter((one) => one.kind === kind)
      .map((one) => [`${one.metadata.namespace ?? ""}/${one.metadata.name}`, one] as const),
  );
}

/** One object. @throws if there is none */
export function object(resources: readonly Rendered[], kind: string, name: string): Manifest {
  const found = objects(resources, kind).get(name);
  if (found === undefined) throw new Error(`there is no ${kind} ${name}`);
  return found;
}

/** The pod of a Deployment or CronJob. */
export function podOf({ kind, spec }: Manifest): PodSpec {
  return kind === "CronJob" ? spec.jobTemplate.spec.template.spec : spec.template.spec;
}

/** The flags of its first container. */
export function flagsOf(manifest: Manifest): readonly string[] {
  return podOf(manifest).containers[0]?.args ?? [];
}

/** What a container mounts: path -> Secret, ConfigMap, claim or folder. */
export function mountsOf(manifest: Manifest): Readonly<Record<string, string>> {
  const pod = podOf(manifest);
  const volumes = new Map((pod.volumes ?? []).map((volume) => [volume.name, volume]));
  const mounts = pod.containers[0]?.volumeMounts ?? [];
  return Object.fromEntries(
    mounts.map(({ name, mountPath }) => {
      const volume = volumes.get(name);
      const source =
        volume?.secret?.secretName ??
        volume?.configMap?.name ??
        volume?.persistentVolumeClaim?.claimName ??
        volume?.hostPath?.path ??
        "scratch";
      return [mountPath, source];
    }),
  );
}
