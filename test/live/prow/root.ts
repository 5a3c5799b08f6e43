/** The shell script that gives a program a root file system, a user and capabilities as its pod declares them. */
import type { Bind } from "./pod.ts";

/** What the program finds. */
export interface Root {
  /** For the root's mount point. */
  readonly folder: string;
  readonly binds: readonly Bind[];
  readonly hosts: readonly (readonly [host: string, address: string])[];
  readonly readOnly: boolean;
  readonly user: number;
  readonly group: number;
  /** All others are dropped. */
  readonly capabilities: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Arguments of node for the relays of the network namespace, and the file that shows that they are up. */
  readonly relays: readonly string[];
  readonly relaysAreUp: string;
  readonly command: readonly string[];
}

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
const words = (list: readonly string[]): string => list.map(quote).join(" ");

/** Runs in mount and network namespaces of its own; of this machine only programs and libraries are seen. */
export function rootScript(root: Root): string {
  const at = `${root.folder}/root`;
  const inside = (path: string): string => quote(`${at}${path}`);
  const names = ["127.0.0.1 localhost", ...root.hosts.map(([host, address]) => `${address} ${host}`)];
  const capabilities = ["-all", ...root.capabilities.map((one) => `+${one.toLowerCase()}`)].join(",");
  const lines = [
    "mount --make-rprivate /",
    "ip link set lo up",
    `setpriv --pdeathsig KILL ${words([process.execPath, ...root.relays])} &`,
    // The program starts when the API can be reached: some end at once when it cannot, and nobody starts them again here.
    `while [ ! -e ${quote(root.relaysAreUp)} ] && kill -0 $!; do sleep 0.05; done`,
    `mkdir ${quote(at)}`,
    `mount -t tmpfs -o mode=755 tmpfs ${quote(at)}`,
    `mkdir -p ${["/usr", "/proc", "/dev", "/etc/ssl", "/tmp", "/var/tmp", "/var/run"].map(inside).join(" ")}`,
    `chmod 1777 ${inside("/tmp")} ${inside("/var/tmp")}`,
    `for link in /bin /sbin /lib /lib64; do cp -a "$link" ${quote(at)}; done`,
    ...["/usr", "/etc/ssl"].flatMap((path) => [
      `mount --bind ${path} ${inside(path)}`,
      `mount -o remount,bind,ro ${inside(path)}`,
    ]),
    ...["/proc", "/dev"].map((path) => `mount --rbind ${path} ${inside(path)}`),
    `printf '%s\\n' ${words(names)} > ${inside("/etc/hosts")}`,
    `printf 'hosts: files\\n' > ${inside("/etc/nsswitch.conf")}`,
    `printf 'root:x:0:0:root:/root:/bin/sh\\n' > ${inside("/etc/passwd")}`,
    ...root.binds.flatMap(({ from, to, writable }) => [
      `if [ -d ${quote(from)} ]; then mkdir -p ${inside(to)}; else mkdir -p "$(dirname ${inside(to)})"; touch ${inside(to)}; fi`,
      `mount --bind ${quote(from)} ${inside(to)}`,
      ...(writable ? [] : [`mount -o remount,bind,ro ${inside(to)}`]),
    ]),
    ...(root.readOnly ? [`mount -o remount,ro ${quote(at)}`] : []),
    `exec env -i ${Object.entries(root.env)
      .map(([name, value]) => `${name}=${quote(value)}`)
      .join(
        " ",
      )} /usr/sbin/chroot ${quote(at)} /usr/bin/setpriv --reuid ${root.user} --regid ${root.group} --clear-groups \\`,
    `  --bounding-set ${capabilities} --inh-caps ${capabilities} --no-new-privs ${words(root.command)}`,
  ];
  return `${lines.join("\n")}\n`;
}
