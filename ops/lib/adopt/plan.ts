/** What runs and what is declared, side by side: what is taken over, what would change then, and what must not be. */
import { risksOf } from "../../../review/risks/index.ts";
import { type Change, compare } from "../../../review/diff/compare.ts";
import { pathText } from "../../../review/diff/fields.ts";
import type { Recording, Registration } from "../../../review/evaluate/record.ts";
import { secretDigest, rendered } from "../../../review/evaluate/render.ts";
import { changeTitle, titleOf } from "../../../review/report/format.ts";
import type { StackSecrets } from "../secrets/stackSecrets.ts";
import { secretTemplates } from "../secrets/secretKeys.ts";
import type { StackValues } from "../stack.ts";
import { openCloud } from "../cloud/openstack.ts";
import { withCluster } from "../program.ts";
import { addressesOnPorts, CloudWorld } from "./clouds.ts";
import { evaluate } from "./declared.ts";
import type { Adopted } from "./importFile.ts";
import { inventoryOf } from "./inventory.ts";
import { type Left, unmanaged } from "./unmanaged.ts";
import {
  adoptObject,
  declaredObjects,
  findObjects,
  type FoundObject,
  isKubectls,
  refusalOf,
  undeclared,
} from "./objects.ts";
import { adoptPassword, oldPasswords, withPasswords } from "./passwords.ts";
import { sampleProblems } from "./samples.ts";

/** What an adoption would be. */
export interface Plan {
  readonly recording: Recording;
  readonly adopted: ReadonlyMap<string, Adopted>;
  /** Of what is adopted, what the next update would do to it. */
  readonly changes: readonly Change[];
  /** A sentence each: what runs and is declared, and cannot be adopted as it is. */
  readonly problems: readonly string[];
  /** A sentence each: what adopted objects have that nobody declares. */
  readonly notes: readonly string[];
  /** What runs there without being declared. */
  readonly left: readonly Left[];
  /** Declared, neither in the state nor there. */
  readonly created: readonly Registration[];
}

/** Asks the stack's clusters and clouds; nothing is changed. `known` are the URNs in the state. */
export async function planAdoption(
  stackSecrets: StackSecrets,
  values: StackValues,
  known: ReadonlySet<string>,
): Promise<Plan> {
  const { recording: first, world } = await evaluateOnClouds(stackSecrets, values);
  const found: FoundObject[] = [];
  const left: Left[] = [];
  const lost: string[] = [];
  const templates = await secretTemplates(stackSecrets);
  for (const [cluster, declared] of declaredObjects(first)) {
    await withCluster(stackSecrets, cluster, {}, async (kubectl) => {
      const here = await findObjects(kubectl, declared);
      found.push(...here);
      lost.push(...sampleProblems(stackSecrets, cluster, templates, here));
      left.push(...(await unmanaged(kubectl, cluster, declared)));
    });
  }
  const fresh = found.filter(({ declared }) => !known.has(declared.registration.urn));
  const ambiguous = [...world.problems].filter(([urn]) => !known.has(urn));
  const refused = new Set([...ambiguous.map(([urn]) => urn), ...known]);
  const problems = [...lost, ...ambiguous.map(([, said]) => said)];
  const adopted = new Map([...world.adopted].filter(([urn]) => !known.has(urn)));
  for (const one of fresh) {
    const { urn } = one.declared.registration;
    const why = refusalOf(one);
    if (why === undefined) {
      adopted.set(urn, adoptObject(one));
    } else {
      refused.add(urn);
      problems.push(`${objectTitle(one)} ${why}`);
    }
  }
  const drawn = first.resources.filter(({ urn }) => !known.has(urn));
  for (const { own, places, values: texts } of oldPasswords(drawn, fresh)) {
    const [old, ...others] = texts;
    if (others.length > 0) problems.push(`${titleOf(own)}: ${places.join(", ")} have different texts; make them agree`);
    else if (old !== undefined) adopted.set(own.urn, adoptPassword(own, old));
  }
  // Once more with the old passwords, so that what uses them is compared with what it would really be.
  const recording = await evaluate(stackSecrets, withPasswords(world, adopted));
  const changes = changesOf(recording, adopted);
  for (const change of changes.filter(mustStay)) {
    adopted.delete(change.urn);
    refused.add(change.urn);
    problems.push(cannotStay(change));
  }
  return {
    ...{ recording, adopted, problems, left },
    changes: changes.filter(({ urn }) => adopted.has(urn)),
    notes: fresh.flatMap(undeclaredNote),
    created: recording.resources.filter(({ urn, type }) => !adopted.has(urn) && !refused.has(urn) && isThing(type)),
  };
}

/** Components and providers are nothing out there. */
const isThing = (type: string): boolean => !/^(orrery|pulumi):/.test(type);

/** Evaluates the program where the clouds have what they have; a second time, since addresses are known by their ports. */
async function evaluateOnClouds(
  stackSecrets: StackSecrets,
  values: StackValues,
): Promise<{ recording: Recording; world: CloudWorld }> {
  const clouds = stackSecrets.secrets.filter(({ schema }) => schema.namespace === "clouds").map(({ name }) => name);
  const projects = new Map(
    await Promise.all(clouds.map(async (name) => [name, await inventoryOf(await openCloud(name, values))] as const)),
  );
  const world = new CloudWorld(projects);
  const recording = await evaluate(stackSecrets, world);
  const addresses = addressesOnPorts(recording, projects);
  if (addresses.size === 0) return { recording, world };
  const second = new CloudWorld(projects, addresses);
  return { recording: await evaluate(stackSecrets, second), world: second };
}

/** The next update of what is adopted: from what is live to what is declared. */
function changesOf({ resources }: Recording, adopted: ReadonlyMap<string, Adopted>): readonly Change[] {
  const own = resources.filter(({ urn }) => adopted.has(urn));
  const live = own.map((one) => ({ ...one, inputs: adopted.get(one.urn)?.inputs ?? one.inputs }));
  const view = (some: readonly Registration[]) =>
    rendered({ resources: some, outputs: new Map(), calls: [], exports: {} }, secretDigest);
  return compare(view(live), view(own)).filter(({ operation }) => operation !== "keep");
}

/**
 * Whether something must not be replaced: what holds data or may be the only copy, and every Kubernetes object, because the
 * engine's preview fails at one that has its name and cannot be changed.
 */
function mustStay(change: Change): boolean {
  if (change.operation !== "replace") return false;
  return /^kubernetes:|:Instance$/.test(change.type) || holdsData(change);
}

const holdsData = (change: Change): boolean => risksOf(change).some((said) => said.startsWith("replaces what holds"));

/** What to do about something that would be replaced and must not be. */
function cannotStay(change: Change): string {
  const title = changeTitle(change);
  const why = change.fields.filter(({ forces }) => forces).map(({ path }) => pathText(path));
  const [, kind = "", namespace, name = ""] = /^(\S+) (?:(.*)\/)?(.*)$/.exec(title) ?? [];
  const at = namespace === undefined ? "" : ` --namespace ${namespace}`;
  const remove = `kubectl delete ${kind.toLowerCase()} ${name}${at}`;
  const cannot = `${title} cannot be changed to what is declared (${why.join(", ")})${fewer(change)}`;
  if (kind === "StatefulSet")
    return `${cannot}; its pods and claims stay when you take away only it: ${remove} --cascade=orphan`;
  if (kind === "Secret")
    return `${cannot}; see that the stack has its texts (npx orrery secrets import cluster), keep a copy, then: ${remove}`;
  if (holdsData(change) || !change.type.startsWith("kubernetes:"))
    return `${title} holds data and would be replaced, because of ${why.join(", ")}; make the settings say what is there`;
  return `${cannot}; it holds no data, and the first up makes it again: ${remove}`;
}

/** Pods that would end, and with them perhaps members of a database. */
function fewer({ fields }: Change): string {
  const replicas = fields.find(({ path }) => pathText(path) === "spec.replicas");
  return replicas === undefined
    ? ""
    : `, and of its ${String(replicas.before)} pods ${String(replicas.after)} are declared`;
}

/** What of an object only the old way had: with kubectl's fields it goes, other tools' stays. */
function undeclaredNote(one: FoundObject): readonly string[] {
  const items = undeclared(one);
  if (items.length === 0) return [];
  const fate = isKubectls(one) ? "loses" : "keeps what a tool other than kubectl wrote";
  return [`${objectTitle(one)} ${fate}: ${items.join(", ")}`];
}

function objectTitle({ declared: { registration, body } }: Pick<FoundObject, "declared">): string {
  return titleOf({ ...registration, inputs: body });
}
