/** The machines' image: Debian 12 from its own packages, built once per machine into the cache. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { proxyPackage, venv } from "../../components/callysto/guest/software.ts";
import { labNotebookImage } from "../retarget.ts";
import { lock } from "../lock.ts";
import type { Log } from "../component.ts";
import { cacheDir } from "../settings.ts";
import { buildImage } from "./build.ts";
import { isolation } from "./inside.ts";
import type { Recipe } from "./recipe.ts";

/** What Glance gets: the root disk (one ext4 file system without partitions) with the kernel that boots it. */
export interface MachineImage {
  /** Compressed qcow2. */
  readonly disk: string;
  readonly kernel: string;
  readonly ramdisk: string;
  /** SHA-512 of a file's content, as Glance gives it. */
  checksum(file: string): string;
}

const recipe: Recipe = {
  revision: 1,
  base: ["systemd-sysv", "dbus", "udev", "openssh-server", "iproute2", "sudo", "python3", "ca-certificates"],
  // All packages of the systems' guests, as machines cannot reach the package archive.
  packages: [
    ...["linux-image-cloud-amd64", "initramfs-tools", "systemd-resolved", "cloud-init", "libpam-systemd"],
    ...["zfsutils-linux", "cryptsetup", "xfsprogs", "e2fsprogs", "fdisk", "nftables", "iptables", "apparmor"],
    ...["apache2", "docker.io", "nodejs", "python3-venv", "python3-apt", "unattended-upgrades"],
    ...["git", "rsync", "vim-tiny", "tmux", "screen", "wget", "curl", "jq", "less", "openssl", "logrotate"],
    ...["iputils-ping", "netcat-openbsd", "bind9-dnsutils", "procps", "psmisc", "dehydrated", "cron"],
    ...["bsd-mailx", "dma", "python3-openstackclient", "python3-designateclient", "libapache2-mod-shib"],
    ...["simplesamlphp", "php8.2-fpm", "php8.2-xml", "php8.2-mbstring"],
  ],
  // To compile ZFS for the image's kernel, and for the initrd.
  buildPackages: ["linux-headers-cloud-amd64", "zfs-dkms", "dkms", "busybox-static"],
  software: {
    venvs: [venv],
    nodePackages: [proxyPackage],
    // In place of the notebook images of a registry, which the lab cannot reach.
    notebooks: [
      {
        name: labNotebookImage,
        folder: "/opt/notebook-server",
        requirements: ["jupyterhub==6.1.1", "jupyter_server==2.21.1", "nbclassic==1.3.3"],
      },
    ],
  },
  size: "5G",
  folder: path.join(import.meta.dirname, "image"),
};

/** Kernel command line: boots the disk, and speeds up emulated boots; Nova's driver adds how fast the clock is. */
export const commandLine =
  "root=/dev/vda rw console=ttyS0 net.ifnames=0 quiet mitigations=off init_on_alloc=0 tsc=reliable no_timer_check " +
  "8250.nr_uarts=1 cryptomgr.notests random.trust_cpu=on";

/** The image of this checkout, built if it is not in the cache: about 10 minutes on 2 cores. */
export async function machineImage(log: Log): Promise<MachineImage> {
  const dir = path.join(cacheDir, `image-${fingerprint()}`);
  if (!existsSync(dir)) {
    const release = await lock(
      path.join(cacheDir, "image.lock"),
      log,
      "another checkout is building the machine image",
    );
    try {
      if (!existsSync(dir)) await buildImage(recipe, dir, log);
    } finally {
      await release();
    }
  }
  const sums = readFileSync(path.join(dir, "sha512"), "utf8").split("\n");
  return {
    disk: path.join(dir, "disk.qcow2"),
    kernel: path.join(dir, "vmlinuz"),
    ramdisk: path.join(dir, "initrd"),
    checksum: (file) => sums.find((line) => line.endsWith(` ${path.basename(file)}`))?.split(" ")[0] ?? "",
  };
}

/** Whether this process may build the image, which takes mounts. */
export function mayMount(): boolean {
  return spawnSync("unshare", [...isolation, "true"], { stdio: "ignore" }).status === 0;
}

/** Hash of the recipe and its files, for the folder's name. */
function fingerprint(): string {
  const { folder, ...rest } = recipe;
  const hash = createHash("sha256").update(JSON.stringify(rest));
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)));
  for (const file of files.sort()) {
    hash
      .update(`${file}\0`)
      .update(readFileSync(path.join(folder, file)))
      .update("\0");
  }
  return hash.digest("hex").slice(0, 12);
}
