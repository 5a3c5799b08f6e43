/** Builds images from recipes, once per machine, as OCI image layouts in the cache. */
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, existsSync } from "node:fs";
import { cp, mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import type { Log } from "../component.ts";
import { lock } from "../lock.ts";
import { runToFile } from "../process.ts";
import { cacheDir } from "../settings.ts";
import { type NodePrograms, nodePrograms } from "../toolchain/nodePrograms.ts";
import { type Recipe, recipes } from "./recipes.ts";

/** Raise it when the steps below change. */
const revision = 1;

/** Folders of the finished images, whether they exist or not. */
export function imageFolders(): string[] {
  return recipes.map((recipe) => imageFolder(recipe, nodePrograms()));
}

/** Folder of an image: its name, and a hash of its recipe and its programs. */
function imageFolder(recipe: Recipe, programs: NodePrograms): string {
  const built = Object.values(recipe.programs ?? {}).map(([artifact]) => path.basename(programs[artifact]));
  const hash = createHash("sha256")
    .update(JSON.stringify([revision, recipe, built]))
    .digest("hex");
  return path.join(cacheDir, "images", `${recipe.name}-${hash.slice(0, 12)}`);
}

/** Builds the missing images, one checkout at a time. @throws naming the image and the log if one cannot be built */
export async function ensureImages(programs: NodePrograms, log: Log): Promise<void> {
  const missing = (): Recipe[] => recipes.filter((recipe) => !existsSync(imageFolder(recipe, programs)));
  if (missing().length === 0) return;
  const busy = "another checkout is building container images";
  const release = await lock(path.join(cacheDir, "images.lock"), log, busy);
  try {
    for (const recipe of missing()) {
      log(`image ${recipe.name}: building, about half a minute`);
      const output = path.join(cacheDir, "log", `image-${recipe.name}.log`);
      await mkdir(path.dirname(output), { recursive: true });
      try {
        await buildImage(recipe, programs, output);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        throw new Error(`image ${recipe.name} cannot be built: ${reason}`, { cause: error });
      }
    }
  } finally {
    await release();
  }
}

async function buildImage(recipe: Recipe, programs: NodePrograms, output: string): Promise<void> {
  const folder = imageFolder(recipe, programs);
  const partial = path.join(cacheDir, "images", "partial", recipe.name);
  const [root, layout] = [path.join(partial, "root"), path.join(partial, "layout")];
  await rm(partial, { recursive: true, force: true });
  for (const made of [root, path.join(layout, "blobs", "sha256")]) await mkdir(made, { recursive: true });
  const packages = recipe.packages ?? [];
  if (packages.length > 0) await runToFile("sh", ["-ec", unpack, "unpack", partial, root, ...packages], output);
  for (const [target, [artifact, file]] of Object.entries(recipe.programs ?? {})) {
    await cp(path.join(programs[artifact], file), path.join(root, target));
  }
  await runToFile("sh", ["-ec", `umask 022; cd "$1"; ${recipe.script ?? ":"}`, "script", root], output);
  await writeLayout(recipe, root, layout, partial, output);
  await rename(layout, folder);
  await rm(partial, { recursive: true, force: true });
}

/**
 * Unpacks packages into root $2 with what they depend on: to apt's eyes nothing is installed. Works in folder $1, and with the
 * machine's own settings of apt.
 */
const unpack = `
  work=$1 root=$2; shift 2
  mkdir -p "$work/debs/partial"; : >"$work/status"
  download() {
    apt-get install -y -q --download-only --no-install-recommends -o Dpkg::Use-Pty=0 -o Debug::NoLocking=1 \\
      -o Dir::State::status="$work/status" -o Dir::Cache::archives="$work/debs" "$@"
  }
  download "$@" || { apt-get update -q && download "$@"; }
  mkdir -p "$root/usr/bin" "$root/usr/sbin" "$root/usr/lib" "$root/usr/lib64"
  for name in bin sbin lib lib64; do ln -s usr/$name "$root/$name"; done
  for deb in "$work"/debs/*.deb; do dpkg-deb --fsys-tarfile "$deb" | tar -x --keep-directory-symlink -C "$root"; done
  cd "$root" && rm -rf usr/share/doc usr/share/man usr/share/locale usr/share/info usr/share/lintian`;

/** Packs the root as the one layer of an image: the same root gives the same bytes. */
async function writeLayout(recipe: Recipe, root: string, layout: string, work: string, output: string): Promise<void> {
  const [tar, packed] = [path.join(work, "layer.tar"), path.join(work, "layer.tar.gz")];
  const normal = ["--sort=name", "--mtime=@0", "--numeric-owner", "--format=gnu"];
  await runToFile("tar", [...normal, "-C", root, "-cf", tar, "."], output);
  await pipeline(createReadStream(tar), createGzip({ level: 1 }), createWriteStream(packed));
  const blob = async (file: string): Promise<Blob> => {
    const digest = await sha256(file);
    const { size } = await stat(file);
    await rename(file, path.join(layout, "blobs", "sha256", digest));
    return { digest: `sha256:${digest}`, size };
  };
  const json = async (value: unknown): Promise<Blob> => {
    await writeFile(path.join(work, "blob"), JSON.stringify(value));
    return blob(path.join(work, "blob"));
  };
  const oci = (name: string): string => `application/vnd.oci.image.${name}`;
  const diffId = `sha256:${await sha256(tar)}`;
  const layer = { mediaType: oci("layer.v1.tar+gzip"), ...(await blob(packed)) };
  const config = {
    mediaType: oci("config.v1+json"),
    ...(await json({
      architecture: "amd64",
      os: "linux",
      created: "1970-01-01T00:00:00Z",
      config: recipe.config,
      rootfs: { type: "layers", diff_ids: [diffId] },
    })),
  };
  const mediaType = oci("manifest.v1+json");
  const manifest = { mediaType, ...(await json({ schemaVersion: 2, mediaType, config, layers: [layer] })) };
  const manifests = recipe.references.map((reference) => ({
    ...manifest,
    annotations: { "org.opencontainers.image.ref.name": reference },
  }));
  const index = { schemaVersion: 2, mediaType: oci("index.v1+json"), manifests };
  await writeFile(path.join(layout, "index.json"), JSON.stringify(index));
  await writeFile(path.join(layout, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
}

/** Digest (with its algorithm) and size in bytes of a file of a layout. */
interface Blob {
  readonly digest: string;
  readonly size: number;
}

async function sha256(file: string): Promise<string> {
  const hash = createHash("sha256");
  if ((await stat(file)).size < 1e6) return hash.update(await readFile(file)).digest("hex");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}
