import fc from "fast-check";
import type { z } from "zod";
import { dialsSchema, type DialsSettings } from "../../../components/dials/config.ts";
import { isReserved } from "../../../components/dials/reservedNames.ts";
import { parseConfig } from "../../../config/parse.ts";
import { sample } from "../../../config/samples.ts";
import { type RawConfig, wantedSecrets } from "../../../config/secrets.ts";
import { clustersSchema } from "../../../config/targets.ts";
import { Secret } from "../../../review/evaluate/secret.ts";
import { rendered, type Rendered, runProgram } from "../../../review/evaluate/render.ts";
import { once } from "../recordings.ts";

/** Settings as a stack file has them, before defaults are filled in. */
export type Given = z.input<typeof dialsSchema.settings>;
export type GivenWorkspace = Given["workspaces"][number];

/** Two workspaces, one of them with a bulk worker only under another name. */
export const given: Given = {
  cluster: "paas",
  namespace: { name: "cms-dials-prod" },
  frontendHost: "cmsdials.web.cern.ch",
  apiHost: "cmsdials-api.web.cern.ch",
  exposure: { to: "internet" },
  sso: { confidentialClient: "cms-dials-prod-confidential-app", omsClient: "oms", apiClients: ["client-a"] },
  database: { host: "db.example.org", user: "dials" },
  accounts: { eos: "robot", lxplus: "robot" },
  defaultWorkspace: "tracker",
  workspaces: [workspace("tracker"), { ...workspace("muon_staging"), workers: "private", priority: false }],
  etl: { priorityEra: "Run2024", rawLayers: ["/eos/cms"], modelRegistry: "/eos/models" },
};

/** A minimal workspace. */
export function workspace(name: string): GivenWorkspace {
  return { name, role: `role-${name}`, datasets: [{ pattern: "/ZeroBias/*Run202*/DQMIO" }], prefixes: ["SiStrip/"] };
}

/** Settings with their defaults. */
export function settings(more: Partial<Given> = {}): DialsSettings {
  return dialsSchema.settings.parse({ ...given, ...more });
}

/** Config of a stack with DIALS only; secrets are samples unless given. */
function rawConfig(more: Partial<Given> = {}, secrets: Record<string, string> = {}, platform = "openshift"): RawConfig {
  const own = { ...given, ...more };
  const parsed = dialsSchema.settings.safeParse(own);
  const wanted = parsed.success ? wantedSecrets(dialsSchema, parsed.data) : [];
  const config: [string, { value: string; secret: boolean }][] = [
    ["clusters:settings", { value: JSON.stringify({ paas: { platform, appsDomain: "app.cern.ch" } }), secret: false }],
    ["clusters:paas", { value: sample("kubeconfig", "paas"), secret: true }],
    ["dials:settings", { value: JSON.stringify(own), secret: false }],
    ...wanted.map((one): [string, { value: string; secret: boolean }] => [
      one.key,
      { value: secrets[one.key] ?? one.sample(), secret: true },
    ]),
  ];
  return new Map(config);
}

/** Every problem of the config, as `path: text`. */
export function problems(more: Partial<Given>, secrets: Record<string, string> = {}): string[] {
  const { problems: found } = parseConfig(rawConfig(more, secrets), [clustersSchema, dialsSchema] as never);
  return found.map(({ path, text }) => `${path}: ${text}`);
}

const recordDials = once((more: Partial<Given>, secrets: Record<string, string>, platform: string) =>
  runProgram({ stack: "test", config: rawConfig(more, secrets, platform) }),
);

/** What the program registers with these settings. */
export async function renderDials(more: Partial<Given> = {}, platform = "openshift"): Promise<readonly Rendered[]> {
  return rendered(await recordDials(more, {}, platform));
}

/** The same with every secret in clear. */
export async function clearDials(
  more: Partial<Given> = {},
  secrets: Record<string, string> = {},
): Promise<readonly Rendered[]> {
  const { resources } = await recordDials(more, secrets, "openshift");
  return resources.map((one) => ({ ...one, inputs: clear(one.inputs) }));
}

function clear(value: unknown): unknown {
  if (value instanceof Secret) return clear(value.value);
  if (Array.isArray(value)) return value.map(clear);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, clear(member)]));
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
  readonly data?: Record<string, unknown>;
  readonly stringData?: Record<string, unknown>;
  readonly spec: {
    readonly host?: string;
    readonly port?: { readonly targetPort: string };
    readonly to?: { readonly kind: string; readonly name: string; readonly weight: number };
    readonly tls?: Record<string, string>;
    readonly replicas: number;
    readonly strategy?: { readonly type: string };
    readonly selector: Record<string, string> & { readonly matchLabels: Record<string, string> };
    readonly ports: readonly { readonly name: string; readonly port: number; readonly targetPort: number }[];
    readonly template: {
      readonly metadata: { readonly labels: Record<string, string>; readonly annotations?: Record<string, string> };
      readonly spec: PodSpec;
    };
  };
}

interface PodSpec {
  readonly terminationGracePeriodSeconds: number;
  readonly volumes?: readonly {
    readonly name: string;
    readonly persistentVolumeClaim?: { claimName: string };
    readonly configMap?: { name: string };
    readonly secret?: { secretName: string };
  }[];
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly {
    name: string;
    value?: string;
    valueFrom?: { secretKeyRef?: { name: string; key: string } };
  }[];
  readonly envFrom?: readonly { configMapRef?: { name: string }; secretRef?: { name: string } }[];
  readonly volumeMounts?: readonly { name: string; mountPath: string; readOnly?: boolean }[];
  readonly resources: { readonly requests: Record<string, string>; readonly limits: Record<string, string> };
  readonly readinessProbe?: {
    readonly exec?: { command: string[] };
    readonly httpGet?: { httpHeaders: { name: string; value: string }[] };
  };
}

/** The Kubernetes objects of one kind, by name. */
export function byName(resources: readonly Rendered[], kind: string): ReadonlyMap<string, Manifest> {
  const objects = resources
    .filter(({ type }) => type.startsWith("kubernetes:"))
    .map(({ inputs }) => inputs as Manifest);
  return new Map(objects.filter((object) => object.kind === kind).map((object) => [object.metadata.name, object]));
}

/** One object. @throws if there is none */
export function object(resources: readonly Rendered[], kind: string, name: string): Manifest {
  const found = byName(resources, kind).get(name);
  if (found === undefined) throw new Error(`there is no ${kind} ${name}`);
  return found;
}

/** All Deployments. */
export function deployments(resources: readonly Rendered[]): readonly Manifest[] {
  return [...byName(resources, "Deployment").values()];
}

/** A container of a Deployment. @throws if there is none of this name */
export function container({ metadata, spec }: Manifest, name = metadata.name): Container {
  const found = spec.template.spec.containers.find((one) => one.name === name);
  if (found === undefined) throw new Error(`${metadata.name} has no container ${name}`);
  return found;
}

/** Random lists of workspaces: own and shared workers, with and without priority. */
export const workspaceLists = fc
  .uniqueArray(
    fc.record({
      name: fc.stringMatching(/^[a-z][a-z0-9_]{0,8}[a-z0-9]$/),
      role: fc.stringMatching(/^[a-z][a-z-]{0,20}$/),
      workers: fc.option(fc.constantFrom("private", "shared", "x-y"), { nil: undefined, freq: 3 }),
      priority: fc.boolean(),
      datasets: fc.array(
        fc.record({
          pattern: fc.constantFrom("/ZeroBias/*Run202*/DQMIO", "/Muon0/*/DQMIO"),
          instance: fc.constantFrom("global", "phys03"),
        }),
        { minLength: 1, maxLength: 3 },
      ),
      prefixes: fc.array(fc.stringMatching(/^[A-Za-z]{1,8}\/$/), { minLength: 1, maxLength: 4 }),
    }),
    { minLength: 1, maxLength: 7, selector: ({ name }) => name },
  )
  .filter((list) => list.every(({ name }) => !isReserved(name)))
  .map((list) => list.map(({ workers, ...rest }) => ({ ...rest, ...(workers === undefined ? {} : { workers }) })));
