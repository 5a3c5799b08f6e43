/** Writes OCI image layouts: layers from folders, and images from layers. */
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, readFileSync } from "node:fs";
import { mkdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { constants, createZstdCompress } from "node:zlib";
import { runToFile } from "../process.ts";
import type { ImageNames } from "./names.ts";

/** The part of an OCI image's configuration that the lab sets. */
export interface ImageConfig {
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  /** `uid` or `uid:gid`. */
  readonly User?: string;
  readonly Env?: readonly string[];
  readonly WorkingDir?: string;
  readonly Labels?: Readonly<Record<string, string>>;
}

/** Digest (with its algorithm) and size in bytes of a file of a layout. */
interface Blob {
  readonly digest: string;
  readonly size: number;
}

/** A layer of an image, and the digest of its unpacked archive. */
export interface Layer extends Blob {
  readonly mediaType: string;
  readonly diffId: string;
}

/** An image in a layout's index. */
export interface IndexEntry extends Blob {
  readonly mediaType: string;
  readonly names: ImageNames;
}

const mediaType = (name: string): string => `application/vnd.oci.image.${name}`;

/** Without them the process's number and times are in each archive. */
const paxOptions = "exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime";

/** All images of a lab take 1.7 GB; with gzip's fastest level, in the same time, 2.3 GB. */
const zstd = { params: { [constants.ZSTD_c_compressionLevel]: 6 } };

/** A layout that is being written. */
export class LayoutWriter {
  readonly #folder: string;
  readonly #work: string;
  readonly #log: string;
  readonly #entries: IndexEntry[] = [];

  private constructor(folder: string, work: string, log: string) {
    this.#folder = folder;
    this.#work = work;
    this.#log = log;
  }

  /** @param folder - the layout @param work - for unfinished files, on the same file system @param log - of the commands */
  static async create(folder: string, work: string, log: string): Promise<LayoutWriter> {
    for (const made of [path.join(folder, "blobs", "sha256"), work]) await mkdir(made, { recursive: true });
    return new LayoutWriter(folder, work, log);
  }

  /** Packs a folder as a layer: the same content gives the same bytes. */
  async addLayer(root: string): Promise<Layer> {
    const [tar, packed] = [path.join(this.#work, "layer.tar"), path.join(this.#work, "layer.tar.zst")];
    const normal = ["--sort=name", "--mtime=@0", "--numeric-owner", `--pax-option=${paxOptions}`];
    const capabilities = ["--xattrs", "--xattrs-include=security.capability"];
    await runToFile("tar", [...normal, ...capabilities, "-C", root, "-cf", tar, "."], this.#log);
    await pipeline(createReadStream(tar), createZstdCompress(zstd), createWriteStream(packed));
    const diffId = `sha256:${await sha256(tar)}`;
    return { mediaType: mediaType("layer.v1.tar+zstd"), ...(await this.#blob(packed)), diffId };
  }

  /** @param layers - from the bottom up; those of other layouts are served from there */
  async addImage(layers: readonly Layer[], config: ImageConfig, names: ImageNames): Promise<void> {
    const image = {
      architecture: "amd64",
      os: "linux",
      created: "1970-01-01T00:00:00Z",
      config,
      rootfs: { type: "layers", diff_ids: layers.map(({ diffId }) => diffId) },
    };
    const type = mediaType("manifest.v1+json");
    const manifest = {
      schemaVersion: 2,
      mediaType: type,
      config: { mediaType: mediaType("config.v1+json"), ...(await this.#json(image)) },
      layers: layers.map(({ mediaType, digest, size }) => ({ mediaType, digest, size })),
    };
    this.#entries.push({ mediaType: type, ...(await this.#json(manifest)), names });
  }

  /** Writes the index. */
  async finish(): Promise<void> {
    await writeFile(
      path.join(this.#folder, "index.json"),
      JSON.stringify({ schemaVersion: 2, manifests: this.#entries }),
    );
    await writeFile(path.join(this.#folder, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  }

  async #json(value: unknown): Promise<Blob> {
    const file = path.join(this.#work, "blob");
    await writeFile(file, JSON.stringify(value));
    return this.#blob(file);
  }

  async #blob(file: string): Promise<Blob> {
    const digest = await sha256(file);
    const { size } = await stat(file);
    await rename(file, path.join(this.#folder, "blobs", "sha256", digest));
    return { digest: `sha256:${digest}`, size };
  }
}

/** The images of a finished layout. */
export function readIndex(folder: string): readonly IndexEntry[] {
  const index = JSON.parse(readFileSync(path.join(folder, "index.json"), "utf8")) as { manifests: IndexEntry[] };
  return index.manifests;
}

/** The layers of a finished layout's only image. */
export function readLayers(folder: string): readonly Layer[] {
  const blob = (digest: string): unknown =>
    JSON.parse(readFileSync(path.join(folder, "blobs", "sha256", digest.replace("sha256:", "")), "utf8"));
  const [entry] = readIndex(folder);
  const { config, layers } = blob(entry?.digest ?? "") as { config: Blob; layers: Omit<Layer, "diffId">[] };
  const { rootfs } = blob(config.digest) as { rootfs: { diff_ids: string[] } };
  return layers.map((layer, index) => ({ ...layer, diffId: rootfs.diff_ids[index] ?? "" }));
}

async function sha256(file: string): Promise<string> {
  const hash = createHash("sha256");
  if ((await stat(file)).size < 1e6) return hash.update(await readFile(file)).digest("hex");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}
