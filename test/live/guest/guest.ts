/**
 * A virtual machine with Debian's kernel, control groups of version 2 and this machine's files, for tests of what this machine's
 * own kernel lacks. qemu emulates it: what takes 24 s here takes 6 minutes there.
 */
import { execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { cacheDir } from "../../../lab/settings.ts";
import { eventually } from "../../../lab/harness/cloud.ts";
import { commandLine } from "../../../lab/machines/image.ts";
import { installPackages } from "../../../lab/openstack/packages.ts";
import { endsWithUs, endTree, runToFile } from "../../../lab/process.ts";

/** What mounts the guest's root; its kernel asks for others when it needs them. */
const modules = [
  "virtio_ring",
  "virtio",
  "virtio_pci_{modern,legacy}_dev",
  "virtio_pci",
  "fuse",
  "virtiofs",
  "overlay",
];
const busybox = "/bin/busybox";
/** Shares folders with guests; of qemu-system-common. */
const server = "/usr/lib/qemu/virtiofsd";
const quiet = { stdio: "ignore" } as const;

/** Folder in the cache with the kernel and its modules, by the kernel's version. */
async function kernelFolder(): Promise<string> {
  await installPackages(
    ["busybox-static", "cpio", "qemu-system-common", "qemu-system-x86", "util-linux"],
    () => undefined,
  );
  const depends = execFileSync("apt-cache", ["depends", "linux-image-cloud-amd64"], { encoding: "utf8" });
  const name = /Depends: (linux-image-\S+)/.exec(depends)?.[1];
  if (name === undefined) throw new Error("apt knows no kernel for linux-image-cloud-amd64; run apt-get update");
  const folder = path.join(cacheDir, `guest-${name}`);
  if (existsSync(folder)) return folder;
  const part = `${folder}.part`;
  rmSync(part, { recursive: true, force: true });
  mkdirSync(part, { recursive: true });
  const version = name.replace("linux-image-", "");
  const unpack = 'cd "$1"; apt-get download -q "$2"; dpkg-deb -x *.deb .; rm *.deb; busybox depmod -b "$1" "$3"';
  await runToFile("sh", ["-ec", unpack, "unpack", part, name, version], path.join(part, "log"));
  renameSync(part, folder);
  return folder;
}

/** An initrd with what mounts the guest's root. */
async function initrd(kernel: string, dir: string): Promise<string> {
  const [root, file] = [path.join(dir, "initrd"), path.join(dir, "initrd.cpio")];
  for (const folder of ["bin", "dev", "host", "proc", "root", "sys", "top"])
    mkdirSync(path.join(root, folder), { recursive: true });
  copyFileSync(busybox, path.join(root, "bin/busybox"));
  copyFileSync(path.join(import.meta.dirname, "init"), path.join(root, "init"));
  chmodSync(path.join(root, "init"), 0o755);
  const version = path.basename(globSync("lib/modules/*", { cwd: kernel })[0] ?? "");
  for (const module of globSync(`lib/modules/*/kernel/**/{${modules.join(",")}}.ko`, { cwd: kernel })) {
    mkdirSync(path.dirname(path.join(root, module)), { recursive: true });
    copyFileSync(path.join(kernel, module), path.join(root, module));
  }
  const pack = 'busybox depmod -b "$1" "$2"; cd "$1"; find . | cpio --quiet -o -H newc >"$3"';
  await runToFile("sh", ["-ec", pack, "pack", root, version, file], path.join(dir, "initrd.log"));
  return file;
}

/**
 * Runs a shell script in a guest of 2 processors and 6 GB, in this machine's files, which the guest cannot change.
 * @param dir - an empty folder for the guest's files; the console's text is in console.log
 * @returns what the guest wrote to its console. @throws with its last lines if the script fails, or after `minutes`
 */
export async function inGuest(script: string, dir: string, minutes: number): Promise<string> {
  const kernel = await kernelFolder();
  const at = (name: string): string => path.join(dir, name);
  const [share, socket, log, program] = [at("share"), at("files.socket"), at("console.log"), at("program")];
  mkdirSync(share);
  writeFileSync(program, `(${script}\n)\necho "guest: exit code $?"\nsync\necho o >/proc/sysrq-trigger\nsleep 60\n`);
  const image = globSync(path.join(kernel, "boot/vmlinuz-*"))[0] ?? "";
  const ramdisk = await initrd(kernel, dir);
  const serve = `mount --bind -o ro / "$1" && exec ${server} "--socket-path=$2" -o "source=$1" -o cache=always`;
  const files = spawn(...endsWithUs("unshare", ["--mount", "sh", "-ec", serve, "serve", share, socket]), quiet);
  await eventually("the guest's files", () => Promise.resolve(existsSync(socket)), Boolean);
  const words = [commandLine, "panic=1", `guest.kernel=${kernel}`, `guest.program=${program}`].join(" ");
  const machine = spawn(
    ...endsWithUs("qemu-system-x86_64", [
      ...["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-accel", "tcg,thread=multi,tb-size=512"],
      ...["-machine", "pc,memory-backend=memory", "-object", "memory-backend-memfd,id=memory,size=6G,share=on"],
      ...["-cpu", "max", "-smp", "2", "-m", "6G", "-serial", `file:${log}`, "-device", "virtio-rng-pci"],
      ...["-chardev", `socket,id=files,path=${socket}`, "-device", "vhost-user-fs-pci,chardev=files,tag=host"],
      ...["-kernel", image, "-initrd", ramdisk, "-append", words],
    ]),
    quiet,
  );
  const text = (): string => (existsSync(log) ? readFileSync(log, "utf8").replaceAll("\r", "") : "");
  const over = (): boolean => machine.exitCode !== null || /^guest: exit code/m.test(text());
  try {
    await eventually("the guest's end", () => Promise.resolve(over()), Boolean, minutes * 60);
  } finally {
    for (const { pid } of [machine, files]) if (pid !== undefined) await endTree(pid);
  }
  if (/^guest: exit code 0$/m.test(text())) return text();
  throw new Error(`the guest failed:\n${text().trim().split("\n").slice(-40).join("\n")}`);
}
