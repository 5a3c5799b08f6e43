/** What status starts from: what a stack declares, and ways to ask the clouds that it is in. */
import type { LookupFunction } from "node:net";
import { type Rendered, rendered, runProgram, stackConfig } from "../../../review/evaluate/render.ts";
import { systemOf } from "../../../review/report/format.ts";
import { asObject, type Json, type Manifest, toManifest } from "../../../policy/manifest.ts";
import { ownVariable } from "../../../config/stackEnvironment.ts";
import { readStackFile, type StackFile } from "../../../config/stackFile.ts";
import { schemas } from "../../../components/registry.ts";
import { type CloudApi, openCloud } from "../cloud/openstack.ts";
import type { StackImage } from "../images/list.ts";
import { imagesIn } from "../images/ofStack.ts";
import { TagMemory } from "../images/tagMemory.ts";
import { Kubectl, type KubectlValues } from "../kube/kubectl.ts";
import { crypterOf, secretReader } from "../secrets.ts";
import { resources as resourcesInState } from "../resources.ts";
import { stackOf, type StackValues } from "../stack.ts";
import { type ChosenName, choosersOf, type Named, NameMemory } from "./chosenNames.ts";
import { ClusterReader } from "./clusterReader.ts";

/** The stack, and a kubeconfig where the stack's own secret is not to be used. */
export type StatusValues = StackValues & KubectlValues;

/** What looks at one stack have in common. */
export interface Lasting {
  /** What registries said about tags. @default nothing */
  readonly tags?: TagMemory;
  /** Names that Pulumi chose. @default none is known yet */
  readonly names?: NameMemory;
  /** Finds the addresses of hosts. @default the machine's own way */
  readonly lookup?: LookupFunction;
}

/** A Kubernetes object that a system declares. */
export interface DeclaredObject {
  readonly system: string;
  readonly manifest: Manifest;
}

/** A resource of a cloud that a system declares. */
export interface DeclaredResource {
  readonly system: string;
  readonly cloud: string;
  readonly type: string;
  readonly inputs: Json;
  /** @default its name is in the settings */
  readonly chosen?: ChosenName;
}

/** What a stack's file declares; it only changes with the file. */
export interface Declaration {
  readonly name: string;
  /** Path of the stack's file. */
  readonly file: string;
  readonly text: string;
  readonly systems: readonly string[];
  readonly objects: ReadonlyMap<string, readonly DeclaredObject[]>;
  readonly resources: readonly DeclaredResource[];
  /** Images of all systems, with the tags that the file has next to digests. */
  readonly images: readonly StackImage[];
}

/** A cluster with what is declared in it. */
export interface DeclaredCluster {
  readonly name: string;
  readonly objects: readonly DeclaredObject[];
  readonly reader: ClusterReader;
}

/** One look at a stack. */
export interface Situation extends Omit<Declaration, "objects"> {
  readonly values: StatusValues;
  readonly clusters: readonly DeclaredCluster[];
  readonly now: Date;
  /** What registries said about tags, in looks before, too. */
  readonly tags: TagMemory;
  /** Ends everything that still waits for an answer. */
  readonly signal: AbortSignal;
  /** Text of a secret of the stack's file. @throws if the passphrase is not the stack's */
  readonly secret: (key: string) => string;
  /** Logs in to a cloud, once. @throws if it does not answer */
  readonly cloud: (name: string) => Promise<CloudApi>;
  readonly lookup?: LookupFunction;
  /** Resources under the names that Pulumi chose for them. */
  readonly named: (resources: readonly DeclaredResource[]) => Promise<Named<DeclaredResource>>;
}

const targets = new Set(["orrery", "clusters", "clouds"]);

/** Systems that a stack's file names. */
export function systemsOf({ entries }: StackFile): readonly string[] {
  return Object.keys(schemas).filter((name) => !targets.has(name) && entries.has(`${name}:settings`));
}

/** Renders the stack, offline. @throws with every problem of its settings */
export async function declare(values: StackValues): Promise<Declaration> {
  const { name, file } = stackOf(values);
  const stackFile = readStackFile(file);
  const all = rendered(await runProgram({ stack: name, config: stackConfig(name, file) }));
  return {
    name,
    file,
    text: stackFile.text,
    systems: systemsOf(stackFile),
    ...declaredIn(all),
    images: imagesIn({ name, file }, all),
  };
}

/** Objects by cluster and resources of clouds among rendered resources. */
export function declaredIn(all: readonly Rendered[]): Pick<Declaration, "objects" | "resources"> {
  const [top, chooser] = [topsOf(all), choosersOf(all)];
  const objects = new Map<string, DeclaredObject[]>();
  const resources: DeclaredResource[] = [];
  for (const one of all) {
    const { urn, type, provider, inputs } = one;
    const system = top(urn);
    const target = provider.split("::").at(-1) ?? "";
    const manifest = toManifest(type, asObject(inputs), target);
    if (manifest !== undefined) objects.set(target, [...(objects.get(target) ?? []), { system, manifest }]);
    else if (type.startsWith("openstack:")) {
      const chosen = chooser(one);
      const resource = { system, cloud: target, type, inputs: asObject(inputs) };
      resources.push(chosen === undefined ? resource : { ...resource, chosen });
    }
  }
  return { objects, resources };
}

/** The system of a resource: the name of its topmost component, as two systems may be of one type. */
function topsOf(all: readonly Rendered[]): (urn: string) => string {
  const parents = new Map(all.map(({ urn, parent }) => [urn, parent]));
  const known = new Set<string>(Object.keys(schemas));
  return (urn) => {
    let [at, above] = [urn, parents.get(urn)];
    while (above !== undefined && parents.has(above)) [at, above] = [above, parents.get(above)];
    const name = at.split("::").at(-1) ?? "";
    return known.has(name) ? name : systemOf(urn);
  };
}

/** Ways to the clouds of a stack; each logs in when it is first asked. */
export type Logins = Pick<Situation, "secret" | "cloud"> & { readonly reader: (cluster: string) => ClusterReader };

/**
 * Opens ways to the clouds; nothing is asked yet.
 * @throws UsageError if the stack's secrets are to be used and the passphrase is not theirs: once, not for each cluster
 */
export function open(
  declaration: Declaration,
  values: StatusValues,
  now: Date,
  signal: AbortSignal,
  { tags = new TagMemory(), names = new NameMemory(() => resourcesInState(declaration.name)), lookup }: Lasting = {},
): Situation {
  const { objects, ...rest } = declaration;
  const { reader, ...logins } = openLogins(declaration, values, signal, objects.size > 0);
  return {
    ...rest,
    ...logins,
    ...(lookup === undefined ? {} : { lookup }),
    named: (resources) => names.named(resources),
    ...{ values, now, signal, tags },
    clusters: [...objects].map(([name, own]) => ({ name, objects: own, reader: reader(name) })),
  };
}

/**
 * @param needed - whether clusters will be asked: then a wrong passphrase is an error now
 * @throws UsageError as {@link open}
 */
export function openLogins(
  stack: Pick<Declaration, "name" | "file">,
  values: StatusValues,
  signal: AbortSignal,
  needed = true,
): Logins {
  const variable = ownVariable(stack.name, process.env);
  const secret = secretReader(stack, variable);
  const byStack = values.kubeconfig === undefined && values.context === undefined;
  if (byStack && needed && readStackFile(stack.file).provider === undefined) crypterOf(stack, variable);
  const login = byStack
    ? (cluster: string) => Promise.resolve().then(() => secret(`clusters:${cluster}`))
    : () => new Kubectl(undefined, values).output(["config", "view", "--raw", "--minify", "--flatten"]);
  const clouds = new Map<string, Promise<CloudApi>>();
  return {
    secret,
    reader: (cluster) => new ClusterReader(() => login(cluster), signal),
    cloud(name) {
      const opened = clouds.get(name) ?? openCloud(name, values, signal, secret);
      clouds.set(name, opened);
      return opened;
    },
  };
}
