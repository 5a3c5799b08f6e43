/** One generated adoption: objects as an owner's tools leave them, adopt's report, the first update's requests, and what came of it. */
import { setTimeout as sleep } from "node:timers/promises";
import type { ApiAnswer, ClusterApi } from "../../../config/clusterApi.ts";
import { effectsBetween } from "../../../ops/lib/adopt/effects.ts";
import { opened } from "../../../ops/lib/adopt/importFile.ts";
import { declaredObjects, type DeclaredObject, type FoundObject } from "../../../ops/lib/adopt/objects.ts";
import { fieldManager, ownershipOf, takeoverPatch } from "../../../ops/lib/adopt/ownership.ts";
import { type Plan, withObjects } from "../../../ops/lib/adopt/plan.ts";
import { sampleProblems } from "../../../ops/lib/adopt/samples.ts";
import { takeOver } from "../../../ops/lib/adopt/takeover.ts";
import { placeOf, type Template } from "../../../ops/lib/secrets/secretKeys.ts";
import type { StackSecrets } from "../../../ops/lib/secrets/stackSecrets.ts";
import { type Json, asObject, asText, asTexts, omit } from "../../../policy/manifest.ts";
import { pathText } from "../../../review/diff/fields.ts";
import { titleOf } from "../../../review/report/format.ts";
import type { Recording, Registration } from "../../../review/evaluate/record.ts";
import { mutationsOf, ownMark, ownText } from "./mutations.ts";
import type { Draw, Tree } from "./mutations/tree.ts";
import { changedLeaves, type Live } from "./oldWay.ts";
import { unreported } from "./reported.ts";

/** A system as the program declares it in a stack. */
export interface Declared {
  readonly name: string;
  readonly stackSecrets: StackSecrets;
  readonly recording: Recording;
  readonly templates: readonly Template[];
}

/** What became of a case. */
export interface Result {
  /** Live objects that were compared. */
  readonly objects: number;
  /** Fields that were reported; of rules, those that were recognised. */
  readonly fields: number;
  /** Titles of objects that adopt refused, with why. */
  readonly refused: readonly string[];
  /** A sentence each; none is what the test is about. */
  readonly bad: readonly string[];
}

/** Objects of one case. */
const most = 10;
const tools = ["kubectl", "argocd", "console", "nobody", "two tools", "edited"] as const;
type Tool = (typeof tools)[number];

/** Objects that a case can have: a node of the cluster is nobody's to remove, a definition has one name in all cases. */
const isUsable = ({ type, inputs }: Registration): boolean =>
  /^kubernetes:/.test(type) &&
  !/(Patch|:Node|:CustomResourceDefinition)$/.test(type) &&
  asText(asObject(inputs.metadata).name) !== "";

/** Runs one case; its objects are in namespaces of its own, which are gone afterwards. */
export async function runCase(api: ClusterApi, declared: Declared, draw: Draw, suffix: string): Promise<Result> {
  const chosen = draft(declared.recording, draw).map((one) => renamed(one, suffix));
  const recording: Recording = { ...declared.recording, resources: chosen };
  const clusters = declaredObjects(recording);
  const objects = [...clusters.values()].flat();
  const namespaces = [...new Set(objects.map(placeName))].filter((one) => one !== "");
  const paths = new Paths(api);
  try {
    for (const name of namespaces) await make(api, "/api/v1/namespaces", { ...namespaceOf(name) });
    const texts = new Set<string>();
    for (const one of objects) await leave(api, paths, one, draw, texts);
    return await adoptAndUpdate(api, paths, { ...declared, recording }, texts);
  } finally {
    for (const one of objects) await remove(api, await paths.of(one));
    for (const name of namespaces) await api.send("DELETE", `/api/v1/namespaces/${name}`);
  }
}

/** Objects of different kinds, since a stack has ten of some and one of others. */
function draft({ resources }: Recording, draw: Draw): readonly Registration[] {
  const kinds = [...Map.groupBy(resources.filter(isUsable), ({ type }) => type).values()];
  const found = new Set<Registration>();
  for (let at = 0; at < most; at += 1) {
    const kind = kinds[Math.floor(draw() * kinds.length)] ?? [];
    const one = kind[Math.floor(draw() * kind.length)];
    if (one !== undefined) found.add(one);
  }
  return [...found];
}

/** The same in a namespace of the case; what has none has its own name. */
function renamed(one: Registration, suffix: string): Registration {
  const { name, namespace, ...rest } = asObject(one.inputs.metadata);
  const own =
    namespace === undefined
      ? { name: `${asText(name)}-${suffix}` }
      : { name, namespace: `${asText(namespace)}-${suffix}` };
  return { ...one, inputs: { ...one.inputs, metadata: { ...rest, ...own } } };
}

const namespaceOf = (name: string): Json => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
const placeName = ({ namespace }: DeclaredObject): string => namespace;

/** Leaves an object as its owner has it. Changes that the API does not accept are taken back. */
async function leave(
  api: ClusterApi,
  paths: Paths,
  one: DeclaredObject,
  draw: Draw,
  texts: Set<string>,
): Promise<void> {
  const path = await paths.of(one);
  const list = path.replace(/\/[^/]+$/, "");
  const tool = tools[Math.floor(draw() * tools.length)] ?? "kubectl";
  let object = foreign(one);
  if (one.kind === "Secret" && draw() < 0.3) {
    const key = ownText(object, draw);
    if (key !== undefined) texts.add(`${one.namespace}/${one.name} ${key}`);
  }
  for (const mutate of mutationsOf(object, draw)) {
    const next = structuredClone(object);
    mutate(next, draw);
    if ((await api.send("POST", `${list}?dryRun=All`, next)).status < 300) object = next;
  }
  if ((await write(api, list, path, object, tool)).status >= 300) return;
  if (tool !== "two tools" && tool !== "edited") return;
  for (const mutate of mutationsOf(object, draw)) {
    const live = asObject((await api.send("GET", path)).body);
    const next = structuredClone(live) as Tree;
    mutate(next, draw);
    if (tool === "edited") await api.send("PUT", `${path}?fieldManager=kubectl-edit`, next);
    else
      await api.send("PATCH", `${path}?fieldManager=second&force=true`, applied(next), "application/apply-patch+yaml");
  }
}

/** What is declared, without what only Orrery writes; a Secret's texts as the API has them. */
function foreign({ body }: DeclaredObject): Tree {
  const { metadata, stringData, ...rest } = structuredClone(body) as Tree;
  const { labels, annotations, ...names } = asObject(metadata);
  const noted = Object.entries(asTexts(annotations)).filter(([key]) => !key.startsWith("orrery"));
  const data = Object.entries(asTexts(stringData)).map(([key, text]) => [key, Buffer.from(text).toString("base64")]);
  return {
    ...rest,
    metadata: {
      ...names,
      labels: omit(asObject(labels), "app.kubernetes.io/managed-by"),
      annotations: Object.fromEntries(noted),
    },
    ...(body.kind === "Secret" ? { data: { ...asObject(rest.data), ...Object.fromEntries(data) } as Tree } : {}),
  };
}

async function write(api: ClusterApi, list: string, path: string, object: Tree, tool: Tool): Promise<ApiAnswer> {
  const apply = "application/apply-patch+yaml";
  if (tool === "argocd") return api.send("PATCH", `${path}?fieldManager=argocd-controller`, object, apply);
  const managers: Partial<Record<Tool, string>> = { "two tools": "helm", console: "Mozilla" };
  const manager = managers[tool] ?? "kubectl-client-side-apply";
  const remembered = structuredClone(object);
  if (tool === "kubectl") {
    const annotations = asObject(asObject(object.metadata).annotations);
    const last = { "kubectl.kubernetes.io/last-applied-configuration": JSON.stringify(object) };
    remembered.metadata = { ...asObject(object.metadata), annotations: { ...annotations, ...last } };
  }
  const written = await api.send("POST", `${list}?fieldManager=${manager}`, remembered);
  // As of objects that are older than the notes of who wrote them.
  const bare = [{ op: "replace", path: "/metadata/managedFields", value: [{}] }];
  if (tool === "nobody") await api.send("PATCH", path, bare, "application/json-patch+json");
  return written;
}

/** An object as a tool applies it: without what the server wrote. */
function applied(live: Tree): Json {
  const { name, namespace, labels, annotations } = asObject(live.metadata);
  return { ...omit(live, "status"), metadata: { name, namespace, labels, annotations } };
}

/** Adopts what is there and does what the engine's provider would do in the first update. */
async function adoptAndUpdate(
  api: ClusterApi,
  paths: Paths,
  declared: Declared,
  texts: ReadonlySet<string>,
): Promise<Result> {
  const { found, plan } = await planned(api, paths, declared);
  const bad: string[] = [...lostTexts(declared, found, texts)];
  const titles = new Map(found.map((one) => [one.declared.registration.urn, titleOfFound(one)]));
  for (const { urn, operation } of plan.changes)
    if (operation === "replace") bad.push(`${titles.get(urn) ?? urn} would be replaced`);
  const changing = new Set(plan.changes.map(({ urn }) => urn));
  for (const one of found) {
    const { urn, inputs } = one.declared.registration;
    const title = titleOfFound(one);
    const path = await paths.of(one.declared);
    if (!plan.adopted.has(urn)) {
      if (plan.problems.some((line) => line.startsWith(`${title} cannot be changed to what is declared: `)))
        bad.push(...(await neededRefusal(api, path, one)));
      continue;
    }
    const before = one.live;
    // The engine asks its provider only about what differs from its state.
    const body = opened(inputs) as object;
    const update = (): Promise<ApiAnswer> =>
      api.send("PATCH", `${path}?${applyQuery}`, body, "application/apply-patch+yaml");
    const said = changing.has(urn) ? await update() : undefined;
    if (said !== undefined && said.status >= 300) {
      bad.push(`${title}: the first up fails: ${asText(asObject(said.body).message)}`);
      continue;
    }
    const now = await settled(api, path);
    bad.push(...differences(title, plan, before, now));
    if (uidOf(before) !== uidOf(now)) bad.push(`${title} is another object`);
    await update();
    const again = await settled(api, path);
    const noisy = changedLeaves(now as unknown as Live, again as unknown as Live);
    if (changing.has(urn) && noisy.length > 0) bad.push(`${title}: a second up changes ${noisy.join(", ")}`);
  }
  return { objects: found.length, fields: plan.effects.length, refused: plan.problems, bad };
}

/** Whether the cluster refuses the update indeed of which adopt says so. */
async function neededRefusal(
  api: ClusterApi,
  path: string,
  { live, declared }: FoundObject,
): Promise<readonly string[]> {
  const { taken, tools: managers } = ownershipOf(live);
  const patch = takeoverPatch(live, taken);
  if (managers.length === 0 || patch === undefined) return [];
  const moved = await api.send("PATCH", path, patch, "application/json-patch+json");
  if (moved.status >= 300) return [];
  const done = await api.send("PATCH", `${path}?${applyQuery}`, declared.body, "application/apply-patch+yaml");
  return done.status < 300 ? [`${titleOfFound({ live, declared })} is refused, and the cluster would change it`] : [];
}

/** An object that controllers write into no more: a claim is bound a moment after it was made, a Deployment gets its revision. */
async function settled(api: ClusterApi, path: string): Promise<Json> {
  for (let [attempt, before] = [1, ""]; ; attempt += 1) {
    const object = asObject((await api.send("GET", path)).body);
    const version = asText(asObject(object.metadata).resourceVersion);
    if ((version === before && attempt > 2) || attempt === 25) return object;
    before = version;
    await sleep(150);
  }
}

const applyQuery = `fieldManager=${fieldManager}&force=true`;

const titleOfFound = ({ declared: { registration, body } }: FoundObject): string =>
  titleOf({ ...registration, inputs: body });
const uidOf = ({ metadata }: Json): unknown => asObject(metadata).uid;

/** Live objects and their plan, with the takeover; again if a controller wrote into one meanwhile, as a person would. */
async function planned(
  api: ClusterApi,
  paths: Paths,
  { stackSecrets, recording }: Declared,
): Promise<{ found: readonly FoundObject[]; plan: Plan }> {
  for (let attempt = 1; ; attempt += 1) {
    const found: FoundObject[] = [];
    await Promise.all(
      [...declaredObjects(recording).values()].flat().map(async (one) => settled(api, await paths.of(one))),
    );
    for (const declared of [...declaredObjects(recording).values()].flat()) {
      const { status, body } = await api.send("GET", await paths.of(declared));
      if (status < 300) found.push({ declared, live: asObject(body) });
    }
    const rest = { adopted: new Map(), refused: new Set<string>(), problems: [], left: [], accepted: ["*"] };
    const isSameImage = (live: unknown, wanted: unknown): boolean => live === wanted;
    const plan = await withObjects(stackSecrets, { recording, fresh: found, isSameImage, ...rest });
    try {
      await takeOver(stackSecrets, plan.takeovers);
      return { found, plan };
    } catch (error) {
      if (attempt === 5 || !String(error).includes("it changed while it was looked at")) throw error;
      await sleep(300 * attempt);
    }
  }
}

/** What is wrong with the report of an object: it must be exactly what changed, value by value. */
function differences(title: string, plan: Plan, before: Json, now: Json): readonly string[] {
  const reported = plan.effects.filter(({ object }) => object === title);
  const live = withoutControllers(before, now);
  const real = effectsBetween(title, before, live);
  const lines = (some: typeof real): readonly string[] =>
    // The cluster draws the number of a node's port, for a dry run another one than for the update.
    some.map(({ path, after }) =>
      `${pathText(path)} = ${JSON.stringify(after)}`.replaceAll(/("nodePort":|nodePort = )\d+/g, "$1drawn"),
    );
  const [said, done] = [lines(reported), lines(real)];
  // Items of a Template's lists may lack the names by which leaves are compared.
  const isNamed = before.kind !== "Template";
  const changed = isNamed ? changedLeaves(before as unknown as Live, live as unknown as Live) : [];
  const fields = reported.map(({ path }) => pathText(path));
  return [
    ...done.filter((line) => !said.includes(line)).map((line) => `${title}: not reported: ${line}`),
    ...said.filter((line) => !done.includes(line)).map((line) => `${title}: reported, and not done: ${line}`),
    ...unreported(changed, fields).map((leaf) => `${title}: changed and not reported: ${leaf}`),
  ];
}

/** What controllers write into a new object at any time: volumes and revisions. */
const notes = /^(pv|volume(\.beta)?|deployment)\.kubernetes\.io\//;

/** An object as it is now, but for what controllers wrote into it since. */
function withoutControllers(before: Json, now: Json): Json {
  const { annotations, ...metadata } = asObject(now.metadata);
  const old = asObject(asObject(before.metadata).annotations);
  // A note that was there must still be there; what it says is its controller's business.
  const all = Object.fromEntries(
    Object.entries(asObject(annotations))
      .filter(([key]) => !notes.test(key) || key in old)
      .map(([key, text]) => [key, notes.test(key) ? old[key] : text]),
  ) as Json;
  const [spec, { volumeName }] = [asObject(now.spec), asObject(before.spec)];
  return {
    ...now,
    metadata: { ...metadata, ...(Object.keys(all).length === 0 ? {} : { annotations: all }) },
    ...("volumeName" in spec
      ? { spec: { ...omit(spec, "volumeName"), ...(volumeName === undefined ? {} : { volumeName }) } }
      : {}),
  };
}

/** Owners' texts that samples would replace, and that nobody refused; the oracle is the program's use of each secret. */
function lostTexts(declared: Declared, found: readonly FoundObject[], texts: ReadonlySet<string>): readonly string[] {
  const { stackSecrets, templates } = declared;
  const isThere = (place: string): boolean =>
    found.some(({ declared: one, live }) =>
      Object.entries(asTexts(live.data)).some(
        ([key, text]) =>
          `${one.namespace}/${one.name} ${key}` === place && Buffer.from(text, "base64").toString().startsWith(ownMark),
      ),
    );
  return [...Map.groupBy(found, (one) => one.declared.cluster.split("::").at(-1) ?? "")].flatMap(([cluster, here]) => {
    const suffixed = new Map(here.map(({ declared: one }) => [one.namespace.replace(/-s\d+$/, ""), one.namespace]));
    const own = templates.map((one) => ({ ...one, namespace: suffixed.get(one.namespace) ?? one.namespace }));
    const refusals = sampleProblems(stackSecrets, cluster, own, here);
    return own.flatMap((one) => {
      const place = `${one.namespace}/${one.secret} ${one.key}`;
      if (one.cluster !== cluster || one.probes.size === 0 || !texts.has(place) || !isThere(place)) return [];
      const isRefused = refusals.some((line) => line.startsWith(`Secret ${place}: `));
      return isRefused ? [] : [`${placeOf(one)}: a sample replaces a live text, and nobody refuses`];
    });
  });
}

async function make(api: ClusterApi, list: string, body: Json): Promise<void> {
  const { status } = await api.send("POST", list, body);
  if (status >= 300 && status !== 409) throw new Error(`${list} answers ${status}`);
}

/** Removes an object, whatever holds it. */
async function remove(api: ClusterApi, path: string): Promise<void> {
  await api.send("PATCH", path, { metadata: { finalizers: null } }, "application/merge-patch+json");
  await api.send("DELETE", `${path}?propagationPolicy=Background&gracePeriodSeconds=0`);
}

/** Where the API has declared objects. */
class Paths {
  private readonly lists = new Map<string, Promise<readonly Json[]>>();
  private readonly api: ClusterApi;

  constructor(api: ClusterApi) {
    this.api = api;
  }

  async of({ apiVersion, kind, namespace, name }: DeclaredObject): Promise<string> {
    const base = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const list = this.lists.get(base) ?? this.ask(base);
    this.lists.set(base, list);
    const resource = (await list).find((one) => one.kind === kind && !asText(one.name).includes("/"));
    if (resource === undefined) throw new Error(`the lab has no ${kind} of ${apiVersion}`);
    return `${base}${namespace === "" ? "" : `/namespaces/${namespace}`}/${asText(resource.name)}/${name}`;
  }

  private async ask(base: string): Promise<readonly Json[]> {
    return (asObject((await this.api.send("GET", base)).body).resources ?? []) as readonly Json[];
  }
}
