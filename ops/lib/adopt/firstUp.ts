/** What an adopted object will be after the first update: the cluster itself says so, by dry runs. */
import type { ApiAnswer, ClusterApi } from "../../../config/clusterApi.ts";
import { type Json, asList, asObject, asText, asTexts, omit } from "../../../policy/manifest.ts";
import { type FieldSet, merged, pruned, union, without } from "./fieldSets.ts";
import { type FoundObject, ignoredPaths } from "./objects.ts";
import { appliedBy, ownershipOf, withoutAllocated } from "./ownership.ts";

/** What the first update does to one live object. */
export interface FirstUp {
  /** Where the API has it. */
  readonly path: string;
  /** Its fields of people and tools, all of which become the program's. */
  readonly taken: FieldSet;
  /** The whole object afterwards. */
  readonly after: Json;
}

/** Why the cluster would refuse the update. */
export interface Refused {
  readonly refused: string;
}

const probe = "orrery-adopt-probe";

/** Metadata that the API server writes, and accepts from nobody. */
const servers = ["managedFields", "resourceVersion", "uid", "creationTimestamp", "generation"];

/**
 * Asks a cluster what the first update makes of live objects, after all their fields became the program's. Nothing is
 * changed. @throws LoginError if it does not answer
 */
export async function firstUps(
  api: ClusterApi,
  found: readonly FoundObject[],
): Promise<ReadonlyMap<FoundObject, FirstUp | Refused>> {
  const paths = new ObjectPaths(api);
  const results = new Map<FoundObject, FirstUp | Refused>();
  // A few at a time: a cluster limits how many requests of one account it serves at once.
  const queue = [...found];
  const work = async (): Promise<void> => {
    for (let one = queue.shift(); one !== undefined; one = queue.shift()) {
      results.set(one, await firstUp(api, await paths.of(one.live, asText(one.declared.apiVersion)), one));
    }
  };
  await Promise.all(Array.from({ length: 8 }, work));
  return new Map(found.map((one) => [one, results.get(one) ?? { refused: "the cluster was not asked" }]));
}

async function firstUp(api: ClusterApi, path: string, { live, declared }: FoundObject): Promise<FirstUp | Refused> {
  const body = withData(declared.body);
  const { taken: noted, kept, tools } = ownershipOf(live);
  const all = tools.length > 0 ? noted : await allFields(api, path, live);
  // What updates leave alone stays its owner's.
  const others = ignoredPaths(declared.registration).map((steps) => steps.map((step) => `f:${step}`));
  const taken = others.reduce<FieldSet>(without, all);
  const wanted = await fieldsOf(api, path, body);
  if ("refused" in wanted) return { refused: wanted.refused };
  // Of a definition of resources the provider puts the whole, as kubectl replace does.
  const isWhole = declared.kind === "CustomResourceDefinition";
  const rest = asObject(isWhole ? {} : pruned(live, taken, union(wanted.fields, kept)));
  const next = asObject(merged(rest, body, wanted.fields));
  const written = await putDry(api, path, next, live);
  return written.status >= 300 ? { refused: said(written) } : { path, taken, after: asObject(written.body) };
}

/** Asks what a whole object becomes. Controllers write into an object that runs at any time, e.g. its status: then once more. */
async function putDry(api: ClusterApi, path: string, next: Json, live: Json): Promise<ApiAnswer> {
  let { resourceVersion } = asObject(live.metadata);
  for (let attempt = 1; ; attempt += 1) {
    const metadata = { ...omit(asObject(next.metadata), "managedFields"), resourceVersion };
    const written = await api.send("PUT", `${path}?dryRun=All&fieldManager=${probe}`, { ...next, metadata });
    if (attempt === 5 || written.status !== 409 || asObject(written.body).reason !== "Conflict") return written;
    resourceVersion = asObject(asObject((await api.send("GET", path)).body).metadata).resourceVersion;
  }
}

/** A live object that nothing can be applied to, e.g. an item of a list without the field that names it; a new one tells nothing. */
const unappliable = /failed to (create manager for existing fields|convert)/;

/** The fields of a declaration, as the server names them. */
async function fieldsOf(api: ClusterApi, path: string, body: Json): Promise<{ fields: FieldSet } | Refused> {
  const here = await apply(api, path, body);
  if (here.status < 300) return { fields: appliedBy(asObject(here.body), probe) };
  if (unappliable.test(asText(asObject(here.body).message))) return { refused: said(here) };
  // What is still there may contradict the declaration; then the server names the fields of a new object.
  const name = "orrery-adopt-probe";
  const metadata = { ...asObject(body.metadata), name };
  const alone = await apply(api, path.replace(/[^/]+$/, name), { ...body, metadata });
  return alone.status < 300 ? { fields: appliedBy(asObject(alone.body), probe) } : { refused: said(here) };
}

/** An object older than the notes of who wrote it: all that it has, as the server itself names the fields. */
async function allFields(api: ClusterApi, path: string, live: Json): Promise<FieldSet> {
  const metadata = omit(asObject(live.metadata), ...servers);
  const answer = await apply(api, path, { ...omit(live, "status"), metadata });
  return answer.status >= 300 ? {} : withoutAllocated(appliedBy(asObject(answer.body), probe));
}

function apply(api: ClusterApi, path: string, body: object): Promise<ApiAnswer> {
  const query = `dryRun=All&force=true&fieldManager=${probe}`;
  return api.send("PATCH", `${path}?${query}`, body, "application/apply-patch+yaml");
}

/** A Secret's texts as the server keeps them; what is applied as `stringData` would not be found again among the fields. */
function withData(body: Json): Json {
  if (body.kind !== "Secret" || body.stringData === undefined) return body;
  const { stringData, data, ...rest } = body;
  const encoded = Object.entries(asTexts(stringData)).map(([key, text]) => [key, Buffer.from(text).toString("base64")]);
  return { ...rest, data: { ...asObject(data), ...Object.fromEntries(encoded) } };
}

/** The server's own message in one line; it may quote values of fields, so a Secret's is not repeated. */
function said({ status, body }: ApiAnswer): string {
  const { message, reason, details } = asObject(body);
  if (asText(asObject(details).kind) === "secrets") return `cannot be changed to what is declared: ${asText(reason)}`;
  const [line = ""] = asText(message).split("\n");
  return `cannot be changed to what is declared: ${line === "" ? `the cluster answers ${status}` : line}`;
}

/** Where the API has an object of a kind. */
class ObjectPaths {
  private readonly lists = new Map<string, Promise<readonly Json[]>>();
  private readonly api: ClusterApi;

  constructor(api: ClusterApi) {
    this.api = api;
  }

  /** The path of an object, in one version of its API. @throws if the cluster has no such kind */
  async of(object: Json, apiVersion: string): Promise<string> {
    const base = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const list = this.lists.get(base) ?? this.ask(base);
    this.lists.set(base, list);
    const kind = asText(object.kind);
    const resource = (await list).find((one) => one.kind === kind && !asText(one.name).includes("/"));
    if (resource === undefined) throw new Error(`the cluster has no ${kind} of ${apiVersion}`);
    const { name, namespace } = asObject(object.metadata);
    const place = resource.namespaced === true ? `/namespaces/${asText(namespace)}` : "";
    return `${base}${place}/${asText(resource.name)}/${asText(name)}`;
  }

  private async ask(base: string): Promise<readonly Json[]> {
    return asList(asObject((await this.api.send("GET", base)).body).resources);
  }
}
