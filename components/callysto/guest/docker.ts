import type { GuestRole } from "../../../blocks/openstack/guest/description.ts";
import { quoted } from "../../../blocks/openstack/guest/script.ts";
import { pool } from "./homes.ts";

/** Address of the hub on Docker's bridge; fixed, so that JupyterHub's configuration can name it. */
export const bridgeAddress = "172.17.0.1";

const daemonFile = "/etc/docker/daemon.json";

/** Docker; its images and containers are stored on the root disk or in a dataset of the homes' pool. */
export function docker(storage: "root" | "pool"): GuestRole {
  const onPool = { "data-root": `/${pool}/docker`, "storage-driver": "zfs" };
  const daemon = { bip: `${bridgeAddress}/16`, "live-restore": true, ...(storage === "pool" ? onPool : {}) };
  return {
    packages: ["docker.io", "iptables", "apparmor"],
    files: [{ path: daemonFile, text: `${JSON.stringify(daemon, undefined, 2)}\n` }],
    steps: storage === "pool" ? [`dataset ${pool}/docker`] : [],
    units: [{ name: "docker", how: "restart", files: [daemonFile] }],
  };
}

/** Stops Docker before its disks go; with live-restore containers would go on without it and keep their disks busy. */
export const stopDocker: readonly string[] = [
  "! systemctl -q start docker 2>/dev/null || docker ps -q | xargs -r docker stop >/dev/null",
  "systemctl -q stop docker.socket docker 2>/dev/null || true",
];

/** Archives of container images that the server's own image brings along. */
const archives = "/var/lib/callysto/images";

/** The notebook image is there: as an archive that was baked in, else pulled; one that is there is not asked for again. */
export function notebookImage(image: string): GuestRole {
  const archive = quoted(`${archives}/${image.replaceAll(/[/:]/g, "_")}.tar`);
  const name = quoted(image);
  const absent = `docker image inspect ${name} >/dev/null 2>&1`;
  return {
    steps: [
      `${absent} || [ ! -e ${archive} ] || change ${quoted(`image ${image} loaded`)} docker load -q -i ${archive}`,
      `${absent} || [ -n "$checking" ] || change ${quoted(`image ${image}`)} docker pull -q ${name}`,
    ],
  };
}
