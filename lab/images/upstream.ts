/** The real images of workloads, copied from their registries by skopeo; what cannot be had is answered by the lab's own images. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { cacheDir } from "../settings.ts";
import { type IndexEntry, readIndex } from "./layout.ts";
import { digestOfTag } from "./names.ts";

/** Copies of this machine, for all of its labs. */
export const upstreamFolder = path.join(cacheDir, "upstream-images");

/** Seconds for which a copy, or a refusal, counts as new: pods with imagePullPolicy Always ask at every start. */
const freshness = 300;
/** Seconds that a copy may take: a large image on a slow line. */
const limit = 1800;

/** Copies an image into an OCI layout whose blobs are in a folder of their own. @throws with what the registry says */
export type Copy = (image: string, layout: string, blobs: string) => Promise<void>;

/** Copies of upstream's images, shared by the labs of a machine. */
export class Upstream {
  /** An OCI layout without an index: each image's is in `indexes`. */
  readonly folder: string;
  readonly #copy: Copy;
  readonly #log: (line: string) => void;
  readonly #asked = new Map<string, { readonly at: number; readonly done: Promise<void> }>();

  /** @param log - for what cannot be had */
  constructor(folder: string, log: (line: string) => void, copy: Copy = skopeo) {
    this.folder = folder;
    this.#copy = copy;
    this.#log = log;
  }

  /** Copies an image unless that was done, or refused, just before. @param version - a tag, or a digest's tag */
  fetch(registry: string, repository: string, version: string): Promise<void> {
    const name = `${registry}/${repository}:${version}`;
    const before = this.#asked.get(name);
    if (before !== undefined && Date.now() - before.at < freshness * 1000) return before.done;
    const digest = digestOfTag(version);
    const image = digest === undefined ? name : `${registry}/${repository}@${digest}`;
    const done = this.#add(name, image).catch((error: unknown) => {
      this.#log(`${image}: ${error instanceof Error ? error.message : String(error)}`);
    });
    this.#asked.set(name, { at: Date.now(), done });
    return done;
  }

  /** A copied image, by the name that was asked for. */
  image(registry: string, repository: string, version: string): IndexEntry | undefined {
    const index = this.#index(`${registry}/${repository}:${version}`);
    return existsSync(index) ? readIndex(index)[0] : undefined;
  }

  async #add(name: string, image: string): Promise<void> {
    const index = this.#index(name);
    const partial = `${index}.${process.pid}`;
    mkdirSync(path.dirname(index), { recursive: true });
    rmSync(partial, { recursive: true, force: true });
    try {
      await this.#copy(image, partial, path.join(this.folder, "blobs"));
      const [entry] = readIndex(partial);
      if (entry === undefined) throw new Error("the copy holds no image");
      const { mediaType, digest, size } = entry;
      const named = { mediaType, digest, size, names: { references: [name] } };
      writeFileSync(path.join(partial, "index.json"), JSON.stringify({ schemaVersion: 2, manifests: [named] }));
      rmSync(index, { recursive: true, force: true });
      renameSync(partial, index);
    } finally {
      rmSync(partial, { recursive: true, force: true });
    }
  }

  #index(name: string): string {
    return path.join(this.folder, "indexes", createHash("sha256").update(name).digest("hex").slice(0, 32));
  }
}

/** Debian's skopeo knows registries' logins (`docker login`, `skopeo login`) and HTTPS_PROXY. */
async function skopeo(image: string, layout: string, blobs: string): Promise<void> {
  const platform = ["--override-os", "linux", "--override-arch", "amd64"];
  const words = ["copy", "--quiet", "--dest-shared-blob-dir", blobs, `docker://${image}`, `oci:${layout}`];
  try {
    await promisify(execFile)("skopeo", ["--insecure-policy", ...platform, ...words], { timeout: limit * 1000 });
  } catch (error) {
    const said = (error as { readonly stderr?: string }).stderr ?? "";
    const reason = /msg="(.*)"$/m.exec(said)?.[1] ?? (said.trim() || String(error));
    throw new Error(reason, { cause: error });
  }
}
