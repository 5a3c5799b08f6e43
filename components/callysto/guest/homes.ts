import type { GuestRole } from "../../../blocks/openstack/guest/description.ts";
import { quoted } from "../../../blocks/openstack/guest/script.ts";

/** Pool that holds the users' homes. */
export const pool = "tank";

/**
 * Name of a user's home. User names are in lower case and may be mail addresses; a byte that a dataset's name cannot have
 * becomes X and two digits, so that no two users get one home. Python: `home_of` in JupyterHub's configuration.
 */
export function homeOf(user: string): string {
  return [...Buffer.from(user)]
    .map((byte, at) => {
      const character = String.fromCharCode(byte);
      const kept = at === 0 ? /[a-z0-9]/ : /[a-z0-9._-]/;
      return kept.test(character) ? character : `X${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    })
    .join("");
}

/** The user of a home. */
export function userOf(home: string): string {
  const bytes = home.match(/X[0-9A-F]{2}|[^]/g) ?? [];
  return Buffer.from(
    bytes.map((one) => (one.length === 3 ? Number.parseInt(one.slice(1), 16) : one.charCodeAt(0))),
  ).toString();
}

/** The homes' pool as a mirror of two volumes: imported where it exists, made only on blank disks. */
export function homes(volumes: readonly [string, string]): GuestRole {
  return {
    packages: ["zfsutils-linux", "fdisk"],
    steps: [`mirror ${pool} ${volumes.map(quoted).join(" ")}`, `dataset ${pool}/home`, `mounted ${pool}`],
    units: [{ name: "zfs.target", how: "restart", files: [] }],
  };
}

/** Lets go of the pool, which nothing uses any more, so that the next server finds it whole. */
export const releaseHomes: readonly string[] = [
  `! zpool list -H ${pool} >/dev/null 2>&1 || change "pool ${pool} exported" zpool export -f ${pool}`,
];
