/** What of a stack's Kubernetes objects is there already, and how it is taken over. */
import { type Json, asList, type Manifest, asObject, asText, asTexts, toManifest } from "../../../policy/manifest.ts";
import type { Recording, Registration } from "../../../review/evaluate/record.ts";
import { type Properties, Secret } from "../../../review/evaluate/secret.ts";
import type { Kubectl } from "../kube/kubectl.ts";
import { type Adopted, opened } from "./importFile.ts";
import { declaredPart, undeclaredItems } from "./live.ts";

/** A declared object of a cluster, its secrets in clear. */
export interface DeclaredObject extends Manifest {
  readonly registration: Registration;
}

/** A live object that the program declares. */
export interface FoundObject {
  readonly declared: DeclaredObject;
  readonly live: Json;
}

/** The objects of a program by cluster. Patches of others' objects are none, nor is what gets its name from Pulumi. */
export function declaredObjects({ resources }: Pick<Recording, "resources">): Map<string, DeclaredObject[]> {
  const clusters = new Map<string, DeclaredObject[]>();
  for (const registration of resources) {
    const cluster = registration.provider.split("::").at(-1) ?? "";
    const manifest = toManifest(registration.type, opened(registration.inputs) as Json, cluster);
    if (manifest === undefined || manifest.name === "" || registration.type.endsWith("Patch")) continue;
    clusters.set(cluster, [...(clusters.get(cluster) ?? []), { ...manifest, registration }]);
  }
  return clusters;
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
export function refusalOf({ live, declared }: FoundObject): string | undefined {
  const { deletionTimestamp, ownerReferences } = asObject(live.metadata);
  if (deletionTimestamp !== undefined) return "is being deleted; wait for its end, then run this again";
  const owner = asList(ownerReferences).find(({ controller }) => controller === true);
  if (owner === undefined) return strategyProblem(asObject(live.spec), declared);
  return `belongs to ${asText(owner.kind)} ${asText(owner.name)}, which would put it back as it was; take it from there first`;
}

/** The API refuses Recreate together with the limits of a rolling update, which a preview leaves where kubectl put them. */
function strategyProblem(live: Json, { kind, namespace, name, body }: DeclaredObject): string | undefined {
  const wanted = asObject(asObject(body.spec).strategy).type;
  if (kind !== "Deployment" || wanted !== "Recreate" || asObject(live.strategy).rollingUpdate === undefined)
    return undefined;
  const patch = JSON.stringify([{ op: "replace", path: "/spec/strategy", value: { type: wanted } }]);
  return (
    "cannot be changed to what is declared (spec.strategy); no pod restarts by this: " +
    `kubectl patch deployment ${name} --namespace ${namespace} --type=json --patch '${patch}'`
  );
}

/** Keys of a Secret or ConfigMap, and items of lists, that only the old way had; the first update takes away kubectl's. */
export function undeclared({ declared: { kind, body }, live }: FoundObject): readonly string[] {
  if (kind !== "Secret" && kind !== "ConfigMap") return undeclaredItems(live, body);
  const wanted = { ...asObject(body.data), ...asObject(body.stringData), ...asObject(body.binaryData) };
  return Object.keys({ ...asObject(live.data), ...asObject(live.binaryData) }).filter((key) => !(key in wanted));
}

/** Whether only kubectl wrote the object: its fields become the program's, others' stay what they are. */
export function isKubectls({ live }: Pick<FoundObject, "live">): boolean {
  const managers = asList(asObject(live.metadata).managedFields).filter(({ subresource }) => subresource === undefined);
  return managers.every(({ manager }) => asText(manager).startsWith("kubectl"));
}

/**
 * The state that an object gets: as inputs what is live of what is declared, as outputs the live object. The provider's
 * own reading would make every default an input, and its next update would replace each Service for its address.
 */
export function adoptObject({ declared, live }: FoundObject): Adopted {
  const { registration, namespace, name, apiVersion } = declared;
  const inputs = liveInputs(registration, live);
  const sealed = declared.kind === "Secret" ? { data: new Secret(live.data ?? {}) } : {};
  return {
    id: namespace === "" ? name : `${namespace}/${name}`,
    inputs,
    outputs: {
      ...withoutApplied(live),
      ...sealed,
      __initialApiVersion: apiVersion,
      __fieldManager: "pulumi-kubernetes-adopted",
      __inputs: inputs,
    },
  };
}

/** What the state would hold as inputs if the program had made the object as it is. */
function liveInputs({ inputs }: Registration, live: Json): Properties {
  const clear = Object.entries(asTexts(live.data)).map(([key, base64]) => [
    key,
    Buffer.from(base64, "base64").toString("utf8"),
  ]);
  const readable = asText(live.kind) === "Secret" ? { ...live, stringData: Object.fromEntries(clear) as Json } : live;
  const part = declaredPart(readable, inputs) as Properties;
  return { ...part, apiVersion: inputs.apiVersion, kind: inputs.kind };
}

const applied = "kubectl.kubernetes.io/last-applied-configuration";

/** kubectl's memory of what it applied, which holds a Secret's texts in clear. */
function withoutApplied(live: Json): Json {
  const without = (value: unknown, left: string): Json =>
    Object.fromEntries(Object.entries(asObject(value)).filter(([key]) => key !== left));
  const metadata = without(live.metadata, "managedFields");
  return { ...live, metadata: { ...metadata, annotations: without(metadata.annotations, applied) } };
}
