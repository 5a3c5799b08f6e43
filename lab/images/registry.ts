/**
 * A read-only registry of OCI image layouts. It answers for every registry's names at once: containerd sends the registry that
 * it asks for as `ns` (docker.io, quay.io), so images keep their names.
 */
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import path from "node:path";
import { type IndexEntry, readIndex } from "./layout.ts";
import { digestOfTag, named } from "./names.ts";
import type { Upstream } from "./upstream.ts";

/** A file of a layout, as it is served. */
interface Found {
  readonly file: string;
  readonly digest: string;
  readonly type: string;
}

/** What the layouts contain, by name and by digest. */
export class Layouts {
  readonly #folders: () => readonly string[];
  readonly #upstream: (() => Upstream | undefined) | undefined;

  /**
   * @param folders - asked at each request: images of others can come while it serves
   * @param upstream - asked first for what the lab itself does not need. @default nobody
   */
  constructor(folders: () => readonly string[], upstream?: () => Upstream | undefined) {
    this.#folders = folders;
    this.#upstream = upstream;
  }

  get #images(): readonly IndexEntry[] {
    // One that was removed must not take the others with it.
    return this.#folders()
      .filter((folder) => existsSync(path.join(folder, "index.json")))
      .flatMap(readIndex);
  }

  /** Gets an image from its registry, if that is asked and has it. @param version - a tag, or a digest */
  async fetch(registry: string, repository: string, version: string): Promise<void> {
    if (version.startsWith("sha256:") || this.#isOwn(`${registry}/${repository}:${version}`)) return;
    await this.#upstream?.()?.fetch(registry, repository, version);
  }

  /** Whether it is an image of the lab's own, such as its name server's. */
  #isOwn(name: string): boolean {
    return this.#images.some(({ names }) => names.references?.includes(name) === true);
  }

  /** @param version - a tag, or a digest of a manifest @returns undefined if no layout has it */
  manifest(registry: string, repository: string, version: string): Found | undefined {
    const copied = this.#upstream?.()?.image(registry, repository, version);
    if (copied !== undefined) return this.blob(copied.digest, copied.mediaType);
    const copies = this.#upstream?.()?.folder;
    // Copies are images of one platform, never lists.
    const byDigest =
      copies === undefined ? undefined : blobIn(copies, version, "application/vnd.oci.image.manifest.v1+json");
    if (byDigest !== undefined) return byDigest;
    const digest = digestOfTag(version) ?? version;
    const images = this.#images;
    const own = images.find((image) => image.digest === digest);
    // What is asked for by a digest itself is compared with it.
    const found =
      own ?? (version.startsWith("sha256:") ? undefined : named(images, `${registry}/${repository}`, version));
    return found === undefined ? undefined : this.blob(found.digest, found.mediaType);
  }

  blob(digest: string, type = "application/octet-stream"): Found | undefined {
    const copies = this.#upstream?.()?.folder;
    const folders = [...this.#folders(), ...(copies === undefined ? [] : [copies])];
    return folders.map((folder) => blobIn(folder, digest, type)).find((found) => found !== undefined);
  }
}

function blobIn(layout: string, digest: string, type: string): Found | undefined {
  const [, hash] = /^sha256:([0-9a-f]{64})$/.exec(digest) ?? [];
  const file = path.join(layout, "blobs", "sha256", hash ?? "");
  return hash !== undefined && existsSync(file) ? { file, digest, type } : undefined;
}

/** A server of the distribution protocol's reading half; it is not listening yet. */
export function registryServer(layouts: Layouts): Server {
  return createServer((request, response) => {
    // Every pod may ask, and whatever it asks, the others are served.
    answer(layouts, request, response).catch(() => {
      if (response.headersSent) response.destroy();
      else refuse(response, 400);
    });
  });
}

async function answer(layouts: Layouts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? "/", "http://registry");
  if (url.pathname === "/v2/") {
    response.writeHead(200, { "content-type": "application/json" }).end("{}");
    return;
  }
  const [, repository, kind, name] = /^\/v2\/(.+)\/(manifests|blobs)\/([^/]+)$/.exec(url.pathname) ?? [];
  const read = request.method === "GET" || request.method === "HEAD";
  if (!read || repository === undefined || name === undefined) {
    refuse(response, read ? 404 : 405);
    return;
  }
  const registry = url.searchParams.get("ns") ?? "";
  if (kind === "manifests") await layouts.fetch(registry, repository, name);
  const found = kind === "blobs" ? layouts.blob(name) : layouts.manifest(registry, repository, name);
  if (found === undefined) refuse(response, 404);
  else send(response, found, request.method === "GET");
}

function send(response: ServerResponse, { file, digest, type }: Found, body: boolean): void {
  response.writeHead(200, {
    "content-type": type,
    "content-length": statSync(file).size,
    "docker-content-digest": digest,
  });
  if (body)
    createReadStream(file)
      .on("error", () => response.destroy())
      .pipe(response);
  else response.end();
}

function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify({ errors: [{ code: "NAME_UNKNOWN", message: "the lab has no such image" }] }));
}
