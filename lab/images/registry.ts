/**
 * A read-only registry of OCI image layouts. It answers for every registry's names at once: containerd sends the registry that
 * it asks for as `ns` (docker.io, quay.io), so images keep their names.
 */
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import path from "node:path";
import { type IndexEntry, readIndex } from "./layout.ts";
import { digestOfTag, named } from "./names.ts";

/** A file of a layout, as it is served. */
interface Found {
  readonly file: string;
  readonly digest: string;
  readonly type: string;
}

/** What the layouts contain, by name and by digest. */
export class Layouts {
  readonly #folders: readonly string[];
  readonly #images: readonly IndexEntry[];

  constructor(folders: readonly string[]) {
    this.#folders = folders;
    this.#images = folders.flatMap(readIndex);
  }

  /** @param version - a tag, or a digest of a manifest @returns undefined if no layout has it */
  manifest(registry: string, repository: string, version: string): Found | undefined {
    const digest = digestOfTag(version) ?? version;
    const own = this.#images.find((image) => image.digest === digest);
    // What is asked for by a digest itself is compared with it.
    const found =
      own ?? (version.startsWith("sha256:") ? undefined : named(this.#images, `${registry}/${repository}`, version));
    return found === undefined ? undefined : this.blob(found.digest, found.mediaType);
  }

  blob(digest: string, type = "application/octet-stream"): Found | undefined {
    const [, hash] = /^sha256:([0-9a-f]{64})$/.exec(digest) ?? [];
    if (hash === undefined) return undefined;
    const files = this.#folders.map((folder) => path.join(folder, "blobs", "sha256", hash));
    const file = files.find((candidate) => existsSync(candidate));
    return file === undefined ? undefined : { file, digest, type };
  }
}

/** A server of the distribution protocol's reading half; it is not listening yet. */
export function registryServer(layouts: Layouts): Server {
  return createServer((request, response) => {
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
    const found = kind === "blobs" ? layouts.blob(name) : layouts.manifest(registry, repository, name);
    if (found === undefined) refuse(response, 404);
    else send(response, found, request.method === "GET");
  });
}

function send(response: ServerResponse, { file, digest, type }: Found, body: boolean): void {
  response.writeHead(200, {
    "content-type": type,
    "content-length": statSync(file).size,
    "docker-content-digest": digest,
  });
  if (body) createReadStream(file).pipe(response);
  else response.end();
}

function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify({ errors: [{ code: "NAME_UNKNOWN", message: "the lab has no such image" }] }));
}
