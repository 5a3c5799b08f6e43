/**
 * The lab's counterpart of Google Cloud Storage, as far as Google's Go client asks it: uploads, downloads, lists, attributes, and the
 * exchange of a service account's signature for a token; and of Google Chat's spaces. It runs in a pod behind the lab's router; objects are in memory.
 */
import { createHash, randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

interface Stored {
  readonly bucket: string;
  readonly name: string;
  readonly content: Buffer;
  readonly generation: number;
  readonly created: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** Objects by `bucket/name`. */
const objects = new Map<string, Stored>();
/** Messages by the chat's space. */
const messages = new Map<string, { readonly text: string; readonly thread: string; readonly createTime: string }[]>();
/** Uploads in parts: bucket, attributes and what has come so far. */
const uploads = new Map<string, { bucket: string; attributes: Record<string, unknown>; parts: Buffer[] }>();
const tokens = new Set<string>();
/** Requests that nothing here answers. */
const unknown: string[] = [];

/** An answer other than success. */
class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const textOf = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

async function bytesOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

const resource = ({ bucket, name, content, generation, created, attributes }: Stored) => ({
  contentType: "application/octet-stream",
  ...attributes,
  ...{ kind: "storage#object", id: `${bucket}/${name}/${generation}`, bucket, name, size: String(content.length) },
  ...{ generation: String(generation), metageneration: "1", timeCreated: created, updated: created },
  md5Hash: createHash("md5").update(content).digest("base64"),
  etag: String(generation),
});

function store(
  bucket: string,
  attributes: Readonly<Record<string, unknown>>,
  content: Buffer,
  query: URLSearchParams,
): Stored {
  const name = textOf(attributes.name) ?? query.get("name") ?? "";
  const key = `${bucket}/${name}`;
  const wanted = query.get("ifGenerationMatch");
  const there = objects.get(key);
  if (wanted !== null && Number(wanted) !== (there?.generation ?? 0)) throw new Refusal(412, "conditionNotMet");
  const made = { bucket, name, content, generation: Date.now() * 1000, created: new Date().toISOString(), attributes };
  objects.set(key, made);
  return made;
}

function json(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

/** The two parts of a multipart body: attributes and content. */
function partsOf(body: Buffer, type: string): readonly [Record<string, unknown>, Buffer] {
  const boundary = /boundary="?([^";]+)"?/.exec(type)?.[1] ?? "";
  const marker = Buffer.from(`--${boundary}`);
  const first = body.indexOf(marker);
  const second = body.indexOf(marker, first + marker.length);
  const last = body.lastIndexOf(marker);
  const after = (from: number): number => body.indexOf("\r\n\r\n", from) + 4;
  const attributes = JSON.parse(body.subarray(after(first), second).toString()) as Record<string, unknown>;
  return [attributes, body.subarray(after(second), last - 2)];
}

async function upload(request: IncomingMessage, response: ServerResponse, url: URL, bucket: string): Promise<void> {
  const body = await bytesOf(request);
  const kind = url.searchParams.get("uploadType");
  if (kind === "multipart") {
    const [attributes, content] = partsOf(body, request.headers["content-type"] ?? "");
    json(response, resource(store(bucket, attributes, content, url.searchParams)));
    return;
  }
  const started = uploads.get(url.searchParams.get("upload_id") ?? "");
  if (started === undefined) {
    const id = randomUUID();
    const attributes = (body.length === 0 ? {} : JSON.parse(body.toString())) as Record<string, unknown>;
    uploads.set(id, { bucket, attributes: { name: url.searchParams.get("name"), ...attributes }, parts: [] });
    response.writeHead(200, { location: `${url.href}&upload_id=${id}` }).end();
    return;
  }
  started.parts.push(body);
  // "bytes 0-99/*" is followed by more, "bytes 100-120/121" is the last.
  if ((request.headers["content-range"] ?? "").endsWith("/*")) {
    const have = started.parts.reduce((sum, { length }) => sum + length, 0);
    response.writeHead(308, { range: `bytes=0-${have - 1}`, "x-http-status-code-override": "308" }).end();
    return;
  }
  json(response, resource(store(started.bucket, started.attributes, Buffer.concat(started.parts), url.searchParams)));
}

function found(key: string): Stored {
  const object = objects.get(key);
  if (object === undefined) throw new Refusal(404, "Not Found");
  return object;
}

function download(request: IncomingMessage, response: ServerResponse, object: Stored): void {
  const { content, generation, attributes } = object;
  const [, first = "", last = ""] = /^bytes=(\d*)-(\d*)$/.exec(request.headers.range ?? "") ?? [];
  const from = first === "" ? (last === "" ? 0 : Math.max(0, content.length - Number(last))) : Number(first);
  const to = first !== "" && last !== "" ? Math.min(Number(last), content.length - 1) : content.length - 1;
  const part = content.subarray(from, to + 1);
  const partial = request.headers.range !== undefined;
  if (partial && from >= content.length) throw new Refusal(416, "the range is not satisfiable");
  response.writeHead(partial ? 206 : 200, {
    "content-type": textOf(attributes.contentType) ?? "application/octet-stream",
    ...(typeof attributes.contentEncoding === "string" ? { "content-encoding": attributes.contentEncoding } : {}),
    ...(partial ? { "content-range": `bytes ${from}-${to}/${content.length}` } : {}),
    ...{ "content-length": part.length, "x-goog-generation": String(generation), "x-goog-metageneration": "1" },
    "last-modified": new Date(object.created).toUTCString(),
  });
  response.end(request.method === "HEAD" ? undefined : part);
}

function list(bucket: string, query: URLSearchParams): object {
  const [prefix, delimiter] = [query.get("prefix") ?? "", query.get("delimiter") ?? ""];
  const all = [...objects.values()].filter((one) => one.bucket === bucket && one.name.startsWith(prefix));
  const folderOf = ({ name }: Stored): string | undefined => {
    const end = delimiter === "" ? -1 : name.indexOf(delimiter, prefix.length);
    return end < 0 ? undefined : name.slice(0, end + delimiter.length);
  };
  const items = all.filter((one) => folderOf(one) === undefined).sort((a, b) => (a.name < b.name ? -1 : 1));
  const prefixes = [...new Set(all.flatMap((one) => folderOf(one) ?? []))].sort();
  return { kind: "storage#objects", items: items.map(resource), prefixes };
}

/** Requests about one object by its name. */
async function serveObject(request: IncomingMessage, response: ServerResponse, url: URL, key: string): Promise<void> {
  const object = found(key);
  switch (request.method) {
    case "GET":
      if (url.searchParams.get("alt") === "media") download(request, response, object);
      else json(response, resource(object));
      return;
    case "PATCH": {
      const changed = JSON.parse((await bytesOf(request)).toString()) as Record<string, unknown>;
      const after = { ...object, attributes: { ...object.attributes, ...changed } };
      objects.set(key, after);
      json(response, resource(after));
      return;
    }
    case "DELETE":
      objects.delete(key);
      response.writeHead(204).end();
      return;
    default:
      throw notKnown(request, url);
  }
}

function notKnown({ method = "" }: IncomingMessage, { pathname }: URL): Refusal {
  unknown.push(`${method} ${pathname}`);
  return new Refusal(404, "Not Found");
}

/** Everybody may read a bucket, as Prow's real one; writing takes a token. */
async function serveBuckets(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
  const { method = "GET" } = request;
  const reads = method === "GET" || method === "HEAD";
  if (!reads && !known(request)) throw new Refusal(401, "Unauthorized");
  const [, target] = /^\/(?:resumable\/)?upload\/storage\/v1\/b\/([^/]+)\/o$/.exec(url.pathname) ?? [];
  const [, bucket, object] = /^\/storage\/v1\/b\/([^/]+)\/o(?:\/(.+))?$/.exec(url.pathname) ?? [];
  if (target !== undefined) await upload(request, response, url, decodeURIComponent(target));
  else if (bucket !== undefined && object !== undefined) {
    await serveObject(request, response, url, `${decodeURIComponent(bucket)}/${decodeURIComponent(object)}`);
  } else if (bucket !== undefined && method === "GET")
    json(response, list(decodeURIComponent(bucket), url.searchParams));
  else if (reads && /^\/[^/]+\/.+/.test(url.pathname)) {
    download(request, response, found(decodeURIComponent(url.pathname.slice(1))));
  } else throw notKnown(request, url);
}

/** Whether a caller has a token that was given out here. */
const known = ({ headers }: IncomingMessage): boolean =>
  tokens.has((headers.authorization ?? "").replace(/^Bearer /, ""));

/** Everybody in the lab may read a space; writing takes a token. */
async function serveSpace(request: IncomingMessage, response: ServerResponse, url: URL, space: string): Promise<void> {
  const said = messages.get(space) ?? [];
  if (request.method === "GET") {
    json(response, { messages: said });
    return;
  }
  if (!known(request)) throw new Refusal(401, "Unauthorized");
  const { text } = JSON.parse((await bytesOf(request)).toString()) as { readonly text?: unknown };
  if (typeof text !== "string") throw new Refusal(400, "the message has no text");
  const thread = url.searchParams.get("threadKey") ?? "";
  const message = { text, thread, createTime: new Date().toISOString() };
  messages.set(space, [...said, message]);
  json(response, { name: `${space}/messages/${said.length + 1}`, ...message });
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [, space] = /^\/v1\/(spaces\/[^/]+)\/messages$/.exec(request.url?.split("?")[0] ?? "") ?? [];
  const url = new URL(request.url ?? "/", `https://${request.headers.host ?? "storage.googleapis.com"}`);
  if (url.pathname === "/healthz") response.end("ok");
  else if (url.pathname === "/lab/unknown") json(response, unknown);
  else if (request.method === "POST" && url.pathname === "/token") {
    await bytesOf(request);
    const token = randomUUID();
    tokens.add(token);
    json(response, { access_token: token, expires_in: 3600, token_type: "Bearer" });
  } else if (url.hostname === "chat.googleapis.com" && space !== undefined) {
    await serveSpace(request, response, url, space);
  } else await serveBuckets(request, response, url);
}

createServer((request, response) => {
  serve(request, response).catch((error: unknown) => {
    const status = error instanceof Refusal ? error.status : 500;
    const message = error instanceof Error ? error.message : String(error);
    if (status === 500) console.error(`${request.method ?? ""} ${request.url ?? ""}: ${message}`);
    if (!response.headersSent) json(response, { error: { code: status, message } }, status);
    else response.end();
  });
}).listen(Number(process.env.PORT ?? 8080), () => {
  console.log("counterpart of Google Cloud Storage in the lab; it is not Google's");
});
