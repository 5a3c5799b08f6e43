/** The machines' base system with all packages, kept in the cache by its own inputs: it takes most of an image's build. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { runToFile } from "../process.ts";
import { cacheDir } from "../settings.ts";
import type { Recipe } from "./recipe.ts";
import { archives, inside, isolated, type Site } from "./inside.ts";

/** Where the base of a recipe is kept. */
export const baseArchive = (recipe: Recipe): string => path.join(cacheDir, `machine-base-${baseKey(recipe)}.tar.zst`);

/** First step: what debootstrap makes. */
export async function makeBase({ recipe, root, output }: Site): Promise<void> {
  rmSync(root, { recursive: true, force: true });
  const options = ["--variant=minbase", `--cache-dir=${archives}`, `--include=${recipe.base.join(",")}`];
  await isolated(["debootstrap", ...options, "bookworm", root, archive().mirror], output);
  // independent of the umask of the checkout
  const copy = 'umask 022; cp -r --no-preserve=mode,ownership "$0/." "$1"';
  await runToFile("sh", ["-ec", copy, path.join(recipe.folder, "files"), root], output);
  writeFileSync(path.join(root, "etc/apt/sources.list"), sourcesList());
}

/** Second step: all packages; the result goes into the cache. */
export async function installPackages(site: Site): Promise<void> {
  const { recipe, root, output } = site;
  await inside(site, "install.sh", [...recipe.packages, ...recipe.buildPackages]);
  const file = baseArchive(recipe);
  const part = `${file}.part`;
  await runToFile("tar", ["--zstd", "--numeric-owner", "--xattrs", "-C", root, "-cf", part, "."], output);
  for (const name of readdirSync(cacheDir))
    if (/^machine-base-.*\.tar\.zst$/.test(name)) rmSync(path.join(cacheDir, name));
  renameSync(part, file);
}

/** In the place of both steps. */
export async function unpackBase({ recipe, root, output }: Site): Promise<void> {
  rmSync(root, { recursive: true, force: true });
  mkdirSync(root, { recursive: true });
  const unpack = ["--zstd", "--numeric-owner", "--xattrs", "-p", "-C", root, "-xf", baseArchive(recipe)];
  await runToFile("tar", unpack, output);
}

/** Hash of what the two steps read. */
function baseKey({ revision, base, packages, buildPackages, folder }: Recipe): string {
  const hash = createHash("sha256").update(JSON.stringify([revision, base, packages, buildPackages]));
  const copied = readdirSync(path.join(folder, "files"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
  for (const file of [...copied.sort(), path.join(folder, "install.sh")])
    hash
      .update(`${path.relative(folder, file)}\0`)
      .update(readFileSync(file))
      .update("\0");
  return hash.digest("hex").slice(0, 12);
}

/** The Debian mirrors that this machine's apt uses, as they are certainly reachable. @throws if it has none of this release */
function archive(): { mirror: string; security: string } {
  const targets = ["indextargets", "--format", "$(CODENAME) $(SITE)", "Created-By: Packages"];
  const lines = execFileSync("apt-get", targets, { encoding: "utf8" }).split("\n");
  const siteOf = (release: string): string => {
    const [, site] = lines.map((line) => line.split(" ")).find(([name]) => name === release) ?? [];
    if (site === undefined) throw new Error(`apt has no archive of ${release}; add one to /etc/apt/sources.list`);
    return site;
  };
  return { mirror: siteOf("bookworm"), security: siteOf("bookworm-security") };
}

/** With contrib, where zfs-dkms is. */
function sourcesList(): string {
  const { mirror, security } = archive();
  const suites = [`${mirror} bookworm`, `${mirror} bookworm-updates`, `${security} bookworm-security`];
  return suites.map((suite) => `deb ${suite} main contrib\n`).join("");
}
