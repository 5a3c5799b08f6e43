/** Builds the machines' image with debootstrap and apt, in stages that an interrupted build does not repeat. */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import type { Log } from "../component.ts";
import { runToFile } from "../process.ts";
import { cacheDir } from "../settings.ts";

/** What an image is made from. */
export interface Recipe {
  /** Raise it when the steps below change. */
  readonly revision: number;
  /** Packages for debootstrap; apt installs the rest. */
  readonly base: readonly string[];
  readonly packages: readonly string[];
  /** Installed during the build only. */
  readonly buildPackages: readonly string[];
  /** Other software of hubs, so that new machines do not download it. */
  readonly software: Software;
  /** Size of the root file system, for truncate; cloud-init grows it to the flavour's disk. */
  readonly size: string;
  /** Folder with the scripts to run inside the root, the initrd's init, and files/ to copy. */
  readonly folder: string;
}

/** Software from outside Debian. */
interface Software {
  /** By pip's lock files, which are texts. */
  readonly venvs: readonly { readonly folder: string; readonly lockFile: string; readonly lock: string }[];
  /** By npm's manifest and lock file, which are texts. */
  readonly nodePackages: readonly { readonly folder: string; readonly manifest: string; readonly lock: string }[];
  /** Container images with a notebook server, built from the image's own Python. */
  readonly notebooks: readonly {
    readonly name: string;
    readonly folder: string;
    readonly requirements: readonly string[];
  }[];
}

/** Folders of a build. */
interface Site {
  readonly recipe: Recipe;
  readonly part: string;
  readonly root: string;
  /** Log of all tools. */
  readonly output: string;
}

/** Downloaded packages, kept for the next build. */
const archives = path.join(cacheDir, "debs");

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
  const stages: [what: string, work: (site: Site) => Promise<void>][] = [
    ["1/5 base system, about 1 minute", makeBase],
    [`2/5 ${recipe.packages.length} packages, ZFS compiled for their kernel; about 5 minutes`, installPackages],
    ["3/5 Python and Node packages, and a notebook image; about 2 minutes", installSoftware],
    ["4/5 initrd, and removing what only the build needed", finish],
    ["5/5 packing the disk", pack],
  ];
  for (const [number, [what, work]] of stages.entries()) {
    const mark = path.join(part, `stage-${number}`);
    if (existsSync(mark)) continue;
    log(`machine image: ${what}`);
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

async function makeBase({ recipe, root, output }: Site): Promise<void> {
  rmSync(root, { recursive: true, force: true });
  const options = ["--variant=minbase", `--cache-dir=${archives}`, `--include=${recipe.base.join(",")}`];
  await isolated(["debootstrap", ...options, "bookworm", root, archive().mirror], output);
  // independent of the umask of the checkout
  const copy = 'umask 022; cp -r --no-preserve=mode,ownership "$0/." "$1"';
  await runToFile("sh", ["-ec", copy, path.join(recipe.folder, "files"), root], output);
  writeFileSync(path.join(root, "etc/apt/sources.list"), sourcesList());
}

async function installPackages(site: Site): Promise<void> {
  await inside(site, "install.sh", [...site.recipe.packages, ...site.recipe.buildPackages]);
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

/** A command's own mount and PID namespaces, so that nothing stays mounted or running after it. */
export const isolation = ["--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];

async function isolated(command: readonly string[], output: string): Promise<void> {
  await runToFile("unshare", [...isolation, ...command], output);
}

/** Runs one of the recipe's scripts inside the new root, with some of this machine's files mounted into it. */
async function inside(
  { recipe, root, output }: Site,
  script: string,
  args: readonly string[],
  files: Readonly<Record<string, string>> = {},
): Promise<void> {
  const mounts = Object.entries(files).map(
    ([to, from]) => `[ -e "$root${to}" ] || : >"$root${to}"; mount --bind -o ro '${from}' "$root${to}"\n`,
  );
  const enter = `
    root=$1 archives=$2 script=$3; shift 3
    mount -t proc proc "$root/proc"; mount -t sysfs sysfs "$root/sys"; mount --rbind /dev "$root/dev"
    mount --bind "$archives" "$root/var/cache/apt/archives"
    ${mounts.join("    ")}
    rm -f "$root/etc/resolv.conf"; cp -L /etc/resolv.conf "$root/etc/resolv.conf"
    exec chroot "$root" /bin/sh -s "$@" <"$script"`;
  await isolated(["sh", "-ec", enter, "sh", root, archives, path.join(recipe.folder, script), ...args], output);
}

/** The Debian mirrors that this machine uses, as they are certainly reachable. */
function archive(): { mirror: string; security: string } {
  const folder = "/etc/apt/sources.list.d";
  const more = existsSync(folder) ? readdirSync(folder).map((name) => path.join(folder, name)) : [];
  const files = ["/etc/apt/sources.list", ...more].filter((file) => existsSync(file));
  const text = files.map((file) => readFileSync(file, "utf8").replaceAll(/^\s*#.*$/gm, "")).join("\n");
  return {
    mirror: /https?:\/\/\S+\/debian(?=\/?\s)/.exec(text)?.[0] ?? "http://deb.debian.org/debian",
    security: /https?:\/\/\S+\/debian-security(?=\/?\s)/.exec(text)?.[0] ?? "http://deb.debian.org/debian-security",
  };
}

/** With contrib, where zfs-dkms is. */
function sourcesList(): string {
  const { mirror, security } = archive();
  const suites = [`${mirror} bookworm`, `${mirror} bookworm-updates`, `${security} bookworm-security`];
  return suites.map((suite) => `deb ${suite} main contrib\n`).join("");
}

function lastLine(file: string): string {
  return (existsSync(file) ? readFileSync(file, "utf8") : "").trimEnd().split("\n").at(-1)?.slice(0, 100) ?? "";
}
