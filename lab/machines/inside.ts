/** Commands inside a machine's new root, with mounts that end with them. */
import path from "node:path";
import { runToFile } from "../process.ts";
import { cacheDir } from "../settings.ts";
import type { Recipe } from "./recipe.ts";

/** Folders of a build. */
export interface Site {
  readonly recipe: Recipe;
  readonly part: string;
  readonly root: string;
  /** Log of all tools. */
  readonly output: string;
}

/** Downloaded packages, kept for the next build. */
export const archives = path.join(cacheDir, "debs");

/** A command's own mount and PID namespaces, so that nothing stays mounted or running after it. */
export const isolation = ["--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];

export async function isolated(command: readonly string[], output: string): Promise<void> {
  await runToFile("unshare", [...isolation, ...command], output);
}

/** Runs one of the recipe's scripts inside the new root, with some of this machine's files mounted into it. */
export async function inside(
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
    mount --bind "$root" "$root" # Docker wants a root that is mounted
    mount -t proc proc "$root/proc"; mount -t sysfs sysfs "$root/sys"; mount --rbind /dev "$root/dev"
    mount --rbind /sys/fs/cgroup "$root/sys/fs/cgroup"
    mount --bind "$archives" "$root/var/cache/apt/archives"
    ${mounts.join("    ")}
    rm -f "$root/etc/resolv.conf"; cp -L /etc/resolv.conf "$root/etc/resolv.conf"
    exec chroot "$root" /bin/sh -s "$@" <"$script"`;
  await isolated(["sh", "-ec", enter, "sh", root, archives, path.join(recipe.folder, script), ...args], output);
}
