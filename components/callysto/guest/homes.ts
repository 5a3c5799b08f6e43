import type { GuestPart } from "../../openstack/guest/description.ts";

/** Pool that holds the users' homes. */
export const pool = "tank";

/** The homes' pool as a mirror of two volumes: imported where it exists, made only on blank disks. */
export function homes(volumes: readonly [string, string]): GuestPart {
  return {
    packages: ["zfsutils-linux", "fdisk"],
    steps: [`mirror ${pool} ${volumes.join(" ")}`, `dataset ${pool}/home`],
    units: [{ name: "zfs.target", how: "restart", files: [] }],
  };
}

/** Lets go of the pool, so that the next server finds it whole. */
export const releaseHomes: readonly string[] = [
  "systemctl -q stop jupyterhub docker.socket docker 2>/dev/null || true",
  `! zpool list -H ${pool} >/dev/null 2>&1 || change "pool ${pool} exported" zpool export -f ${pool}`,
];
