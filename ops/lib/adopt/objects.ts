/** What of a stack's Kubernetes objects is there already, and how it is taken over. */
import {
  type Json,
  asList,
  type Manifest,
  asObject,
  asText,
  asTexts,
  omit,
  toManifest,
} from "../../../policy/manifest.ts";
import type { Recording, Registration } from "../../../review/evaluate/record.ts";
import { type Properties, Secret } from "../../../review/evaluate/secret.ts";
import type { Kubectl } from "../kube/kubectl.ts";
import { type Adopted, opened } from "./importFile.ts";
import { declaredPart } from "./live.ts";
import { fieldManager } from "./ownership.ts";

/** A declared object of a cluster, its secrets in clear. */
export interface DeclaredObject extends Manifest {
  readonly registration: Registration;
}

/** A live object that the program declares. */
export interface FoundObject {
  readonly declared: DeclaredObject;
  readonly live: Json;
}

/**
 * The objects of a program by cluster, without the fields that updates leave alone (`ignoreChanges`). Patches of others' objects
 * are none, nor is what gets its name from Pulumi.
 */
export function declaredObjects({ resources }: Pick<Recording, "resources">): Map<string, DeclaredObject[]> {
  const clusters = new Map<string, DeclaredObject[]>();
  for (const one of resources) {
    const registration = { ...one, inputs: ignoredPaths(one).reduce(withoutPath, one.inputs) };
    const cluster = registration.provider.split("::").at(-1) ?? "";
    const manifest = toManifest(registration.type, opened(registration.inputs) as Json, cluster);
    if (manifest === undefined || manifest.name === "" || registration.type.endsWith("Patch")) continue;
    clusters.set(cluster, [...(clusters.get(cluster) ?? []), { ...manifest, registration }]);
  }
  return clusters;
}

/** Paths of the fields that updates of a resource leave as they are. */
export function ignoredPaths({ options }: Pick<Registration, "options">): readonly (readonly string[])[] {
  return (options.ignoreChanges ?? []).map((rule) => rule.split("."));
}

function withoutPath(object: Properties, [step = "", ...rest]: readonly string[]): Properties {
  if (!(step in object)) return object;
  if (rest.length === 0) return omit(object, step);
  return { ...object, [step]: withoutPath(asObject(object[step]), rest) };
}

/** By which an object is one of its cluster; the API's version is no part of it. */
export function identity({ apiVersion, kind, namespace, name }: Omit<Manifest, "cluster" | "body">): string {
  const group = apiVersion.includes("/") ? (apiVersion.split("/")[0] ?? "") : "";
  return `${kind}.${group} ${namespace}/${name}`;
}

/** The same of a live object. */
export function liveIdentity(live: Json): string {
  const { name, namespace } = asObject(live.metadata);
  const [apiVersion, kind] = [asText(live.apiVersion), asText(live.kind)];
  return identity({ apiVersion, kind, namespace: asText(namespace), name: asText(name) });
}

/** Asks a cluster which of these objects it has. @throws in one line if it does not answer */
export async function findObjects(
  kubectl: Kubectl,
  declared: readonly DeclaredObject[],
): Promise<readonly FoundObject[]> {
  const live = new Map((await liveObjects(kubectl, declared)).map((one) => [liveIdentity(one), one]));
  return declared.flatMap((one) => {
    const found = live.get(identity(one));
    return found === undefined ? [] : [{ declared: one, live: found }];
  });
}

/** A cluster that lacks a kind refuses the whole request; then each kind is requested separately. */
async function liveObjects(kubectl: Kubectl, declared: readonly DeclaredObject[]): Promise<readonly Json[]> {
  if (declared.length === 0) return [];
  try {
    return await ask(kubectl, declared);
  } catch (error) {
    if (!lacksKind(error)) throw error;
  }
  const kinds = Map.groupBy(declared, ({ apiVersion, kind }) => `${apiVersion} ${kind}`);
  const found: Json[] = [];
  for (const some of kinds.values()) {
    try {
      found.push(...(await ask(kubectl, some)));
    } catch (error) {
      if (!lacksKind(error)) throw error;
    }
  }
  return found;
}

const lacksKind = (error: unknown): boolean => /no matches for kind|resource mapping not found/.test(String(error));

async function ask(kubectl: Kubectl, declared: readonly DeclaredObject[]): Promise<readonly Json[]> {
  const items = declared.map(({ apiVersion, kind, namespace, name }) => {
    return { apiVersion, kind, metadata: { name, ...(namespace === "" ? {} : { namespace }) } };
  });
  const words = ["get", "-f", "-", "--ignore-not-found", "--show-managed-fields", "--output", "json"];
  const answer = await kubectl.output(words, JSON.stringify({ apiVersion: "v1", kind: "List", items }));
  if (answer.trim() === "") return [];
  const found = JSON.parse(answer) as Json;
  return found.kind === "List" ? asList(found.items) : [found];
}

/** Why an object must not be taken over now; undefined if nothing speaks against it. */
export function refusalOf({ live }: Pick<FoundObject, "live">): string | undefined {
  const { deletionTimestamp, ownerReferences } = asObject(live.metadata);
  if (deletionTimestamp !== undefined) return "is being deleted; wait for its end, then run this again";
  const owner = asList(ownerReferences).find(({ controller }) => controller === true);
  if (owner === undefined) return undefined;
  return `belongs to ${asText(owner.kind)} ${asText(owner.name)}, which would put it back as it was; take it from there first`;
}

/**
 * The state that an object gets: as inputs what is live of what is declared, and what the first update takes away; as outputs
 * the live object. The provider's own reading would make every default an input, and its next update would replace each
 * Service for its address.
 * @param after The object after the first update (default: undeclared fields stay).
 */
export function adoptObject({ declared, live }: FoundObject, after: Json = live): Adopted {
  const { registration, namespace, name, apiVersion } = declared;
  const inputs = liveInputs(registration, live, after);
  const sealed = declared.kind === "Secret" ? { data: new Secret(live.data ?? {}) } : {};
  return {
    id: namespace === "" ? name : `${namespace}/${name}`,
    inputs,
    outputs: {
      ...withoutApplied(live),
      ...sealed,
      __initialApiVersion: apiVersion,
      __fieldManager: fieldManager,
      __inputs: inputs,
    },
  };
}

/** What the state would hold as inputs if the program had made the object as it is. */
function liveInputs({ inputs }: Registration, live: Json, after: Json): Properties {
  const isSecret = asText(live.kind) === "Secret";
  const bytes = new Set(Object.keys(asObject(opened(inputs.data))));
  const [now, then] = [live, after].map((one) => inputsOf(isSecret ? readable(one, bytes) : one));
  const part = declaredPart(now, inputs, "", then) as Properties;
  const sealed = isSecret && part.stringData !== undefined ? { stringData: new Secret(opened(part.stringData)) } : {};
  return { ...part, ...sealed, apiVersion: inputs.apiVersion, kind: inputs.kind };
}

/** Without what no input ever is. */
function inputsOf(live: Json): Json {
  const { name, namespace, labels, annotations, finalizers, ownerReferences } = asObject(live.metadata);
  const metadata = {
    name,
    namespace,
    labels,
    annotations: omit(asObject(annotations), applied),
    finalizers,
    ownerReferences,
  };
  return { ...omit(live, "status"), metadata };
}

/** A Secret as the program declares it, in clear but for the keys of `bytes`; it must not leave the process. */
function readable({ data, ...rest }: Json, bytes: ReadonlySet<string>): Json {
  const all = Object.entries(asTexts(data));
  const clear = all.filter(([key]) => !bytes.has(key)).map(([key, base64]) => [key, decoded(base64)] as const);
  return {
    ...rest,
    data: Object.fromEntries(all.filter(([key]) => bytes.has(key))),
    stringData: Object.fromEntries(clear),
  };
}

const decoded = (base64: string): string => Buffer.from(base64, "base64").toString("utf8");

const applied = "kubectl.kubernetes.io/last-applied-configuration";

/** kubectl's memory of what it applied, which holds a Secret's texts in clear. */
function withoutApplied(live: Json): Json {
  const metadata = omit(asObject(live.metadata), "managedFields");
  return { ...live, metadata: { ...metadata, annotations: omit(asObject(metadata.annotations), applied) } };
}
