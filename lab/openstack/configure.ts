/** Writes the cloud's configuration files to `etc/openstack`. */
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { LabSettings } from "../settings.ts";
import { octavia } from "./config/balancers.ts";
import { nova } from "./config/compute.ts";
import { designate, named } from "./config/dns.ts";
import { keystone, placement } from "./config/identity.ts";
import { neutron } from "./config/network.ts";
import { swift } from "./config/objects.ts";
import { dataDir, etcDir, type Files, type Site } from "./config/shared.ts";
import { cinder, glance, mariadb } from "./config/storage.ts";

/** The text of every file, by name. */
export function configuration(site: Site): Files {
  const files = [mariadb, keystone, placement, glance, nova, neutron, cinder, designate, named, octavia, swift];
  return Object.assign({}, ...files.map((render) => render(site))) as Files;
}

/** Writes the files, readable by root only, as they contain passwords. @throws if the path of the lab's folder is unusable */
export function configure(site: Site): void {
  checkFolder(site.lab.dir);
  for (const [name, text] of Object.entries(configuration(site))) {
    const file = path.join(etcDir(site.lab), name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text, { mode: 0o600 });
  }
}

/** Creates the data folders that the daemons expect. */
export function createDataFolders(lab: LabSettings): void {
  for (const name of [
    "glance/images",
    "glance/staging",
    "glance/tasks",
    "cinder",
    "nova",
    "neutron",
    "designate",
    "bind",
    "ovn",
    "swift/d1",
  ]) {
    mkdirSync(path.join(dataDir(lab), name), { recursive: true });
  }
}

/** A unix socket's path has at most 107 characters, and the folder is part of ini files and database addresses. */
function checkFolder(dir: string): void {
  if (dir.length > 80 || !/^[\w./+-]+$/.test(dir)) {
    throw new Error(
      `the lab's folder "${dir}" may have at most 80 characters, of letters, digits and . _ + - /; set ORRERY_LAB to another one`,
    );
  }
}
