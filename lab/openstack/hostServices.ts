/** Keeps the services that come with Debian's packages from starting with this machine: the lab starts its own. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import path from "node:path";

const lists = "/var/lib/dpkg/info";
/** What `systemctl mask` writes. */
const masked = (unit: string): boolean => linkTarget(path.join("/etc/systemd/system", unit)) === "/dev/null";

/** Units of systemd and scripts of init that packages install; templates of units start nothing. */
interface HostServices {
  readonly units: readonly string[];
  readonly scripts: readonly string[];
}

/** Those of installed packages that would start with the machine. */
export function enabledServices(packages: readonly string[]): HostServices {
  const wanted = new Set(packages);
  const files = readdirSync(lists).filter((file) => wanted.has(/^([^:]+)(:.*)?\.list$/.exec(file)?.[1] ?? ""));
  const paths = files.flatMap((file) => readFileSync(path.join(lists, file), "utf8").split("\n"));
  const named = (pattern: RegExp): string[] => paths.flatMap((line) => pattern.exec(line)?.[1] ?? []);
  const links = [2, 3, 4, 5].map((level) => `/etc/rc${level}.d`).filter((folder) => existsSync(folder));
  const starts = new Set(links.flatMap((folder) => readdirSync(folder)).map((name) => /^S\d\d(.+)$/.exec(name)?.[1]));
  return {
    units: named(/^(?:\/usr)?\/lib\/systemd\/system\/([^/@]+\.(?:service|socket|timer|path))$/).filter(
      (unit) => !masked(unit),
    ),
    scripts: named(/^\/etc\/init\.d\/([^/]+)$/).filter((script) => starts.has(script)),
  };
}

/** Disables and masks those services. Ones that run are somebody's own, and stay as they are. */
export function disableServices(packages: readonly string[]): void {
  const { units, scripts } = enabledServices(packages);
  const idle = units.filter((unit) => !isActive(unit));
  if (idle.length > 0 && existsSync("/bin/systemctl")) {
    // It only edits links then: in a container there is no systemd to ask.
    const env = { ...process.env, SYSTEMD_OFFLINE: "1" };
    for (const verb of ["disable", "mask"]) execFileSync("systemctl", ["-q", verb, ...idle], { env, stdio: "ignore" });
  }
  const running = new Set(units.filter((unit) => !idle.includes(unit)).map((unit) => path.parse(unit).name));
  for (const script of scripts) {
    if (!running.has(script)) execFileSync("update-rc.d", [script, "disable"], { stdio: "ignore" });
  }
}

function isActive(unit: string): boolean {
  if (!existsSync("/run/systemd/system")) return false; // another init, or none
  return spawnSync("systemctl", ["is-active", "--quiet", unit]).status === 0;
}

function linkTarget(file: string): string | undefined {
  try {
    return readlinkSync(file);
  } catch {
    return undefined;
  }
}
