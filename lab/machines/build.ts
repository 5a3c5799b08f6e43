/** Builds the machines' image with debootstrap and apt, in stages that an interrupted build does not repeat. */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import type { Log } from "../component.ts";
import { runToFile } from "../process.ts";
import { cacheDir } from "../settings.ts";
import { baseArchive, installPackages, makeBase, unpackBase } from "./base.ts";
import { archives, inside, type Site } from "./inside.ts";
import type { Recipe } from "./recipe.ts";

/** A step of the build, which an interrupted build does not repeat. */
interface Stage {
  readonly name: string;
  readonly what: string;
  readonly work: (site: Site) => Promise<void>;
}

/** Builds `dir` with disk.qcow2, vmlinuz, initrd and sha512, atomically. The caller holds the lock. */
export async function buildImage(recipe: Recipe, dir: string, log: Log): Promise<void> {
  const part = `${dir}.part`;
  const site = { recipe, part, root: path.join(part, "root"), output: path.join(part, "build.log") };
  for (const name of readdirSync(cacheDir)) {
    // from an interrupted build of another recipe
    const other = /^image-.*\.part$/.test(name) && name !== path.basename(part);
    if (other) rmSync(path.join(cacheDir, name), { recursive: true, force: true });
  }
  for (const folder of [part, archives]) mkdirSync(folder, { recursive: true });
  const build: readonly Stage[] = [
    { name: "base", what: "base system, about 1 minute", work: makeBase },
    {
      name: "packages",
      what: `${recipe.packages.length} packages, ZFS compiled for their kernel; 5 to 20 minutes`,
      work: installPackages,
    },
  ];
  const kept: readonly Stage[] = [{ name: "packages", what: "base system with its packages", work: unpackBase }];
  const stages: readonly Stage[] = [
    ...(existsSync(baseArchive(recipe)) ? kept : build),
    { name: "software", what: "Python and Node packages, a notebook image; about 2 minutes", work: installSoftware },
    { name: "finish", what: "initrd, and removing what only the build needed", work: finish },
    { name: "pack", what: "packing the disk", work: pack },
  ];
  for (const [number, { name, what, work }] of stages.entries()) {
    const mark = path.join(part, `stage-${name}`);
    if (existsSync(mark)) continue;
    log(`machine image: ${number + 1}/${stages.length} ${what}`);
    const progress = setInterval(() => {
      log(`machine image:   ${lastLine(site.output)}`);
    }, 20_000);
    try {
      await work(site);
    } finally {
      clearInterval(progress);
    }
    writeFileSync(mark, "");
  }
  rmSync(site.root, { recursive: true, force: true });
  renameSync(part, dir);
  log(`machine image: built in ${dir}`);
}

async function installSoftware(site: Site): Promise<void> {
  const { venvs, nodePackages, notebooks } = site.recipe.software;
  for (const { folder, lockFile, lock } of venvs) {
    writeFileSync(path.join(site.root, lockFile), lock);
    const locked = ["--no-deps", "--only-binary", ":all:", "--require-hashes", "-r", lockFile];
    await inside(site, "venv.sh", [folder, ...locked], pipFiles());
  }
  for (const { folder, requirements } of notebooks) {
    await inside(site, "venv.sh", [folder, ...requirements], pipFiles());
  }
  for (const { name, folder } of notebooks) await inside(site, "notebook.sh", [name, folder]);
  await inside(site, "docker.sh", []);
  for (const { folder, manifest, lock } of nodePackages) {
    const prefix = path.join(site.root, folder);
    mkdirSync(prefix, { recursive: true });
    writeFileSync(path.join(prefix, "package.json"), manifest);
    writeFileSync(path.join(prefix, "package-lock.json"), lock);
    const quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--omit=optional", "--omit=dev"];
    await runToFile("npm", ["ci", ...quiet, "--prefix", prefix], site.output);
  }
}

/** Files for pip to reach its index: this machine's CA certificates and pip settings. */
function pipFiles(): Record<string, string> {
  const own = [".config/pip/pip.conf", ".pip/pip.conf"].map((file) => path.join(homedir(), file));
  const settings = [...own, "/etc/pip.conf"].find((file) => existsSync(file));
  return {
    "/etc/ssl/certs/ca-certificates.crt": "/etc/ssl/certs/ca-certificates.crt",
    ...(settings === undefined ? {} : { "/etc/pip.conf": settings }),
  };
}

async function finish(site: Site): Promise<void> {
  cpSync(path.join(site.recipe.folder, "init"), path.join(site.root, "tmp/init"));
  await inside(site, "finish.sh", site.recipe.buildPackages);
}

async function pack({ recipe, part, root, output }: Site): Promise<void> {
  const boot = path.join(root, "boot");
  const kernel = readdirSync(boot).find((name) => name.startsWith("vmlinuz-"));
  if (kernel === undefined) throw new Error(`the machine image has no kernel; read ${output}`);
  cpSync(path.join(boot, kernel), path.join(part, "vmlinuz"));
  cpSync(path.join(boot, "initrd"), path.join(part, "initrd"));
  const raw = path.join(part, "disk.raw");
  rmSync(raw, { force: true });
  await runToFile("truncate", ["-s", recipe.size, raw], output);
  // Tables that are initialised here need no lazy initialisation in the guest.
  const whole = ["-E", "lazy_itable_init=0,lazy_journal_init=0"];
  await runToFile("mke2fs", ["-q", "-t", "ext4", "-L", "root", ...whole, "-d", root, raw], output);
  const qcow2 = ["-O", "qcow2", "-c", "-o", "compression_type=zstd", "-m", "2"];
  await runToFile("qemu-img", ["convert", "-f", "raw", ...qcow2, raw, path.join(part, "disk.qcow2")], output);
  rmSync(raw);
  await runToFile("sh", ["-ec", 'cd "$0" && sha512sum disk.qcow2 vmlinuz initrd >sha512', part], output);
}

function lastLine(file: string): string {
  return (existsSync(file) ? readFileSync(file, "utf8") : "").trimEnd().split("\n").at(-1)?.slice(0, 100) ?? "";
}
