/** The lab's OpenStack: Debian packages, one process per project, all data in the lab's folder. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import type { LabComponent, Log } from "../component.ts";
import type { LabSettings } from "../settings.ts";
import { etcDir, region, url } from "./config/shared.ts";
import { configure, createDataFolders } from "./configure.ts";
import { createDatabases, marker, openDatabase } from "./databases.ts";
import { cloudHealth, waitUntilHealthy } from "./health.ts";
import { installCloud, shareDir } from "./packages.ts";
import { environment, python, script, startServices, stopServices } from "./services.ts";

export const openstack: LabComponent = {
  name: "openstack",
  install: installCloud,
  async up(lab, log) {
    configure({ lab, share: shareDir() });
    await createDatabases(lab, log);
    createDataFolders(lab);
    await openDatabase(lab);
    await setPasswords(lab);
    await onceAVersion(lab, "catalog", [script("catalog"), path.join(etcDir(lab), "catalog.json")]);
    startServices(lab);
    await waitUntilHealthy(lab, 180);
    await seed(lab, log);
    log(`OpenStack is up: ${url(lab.ports.keystone)}/v3`);
  },
  down: stopServices,
  health: cloudHealth,
};

/** Environment for the openstack client and SDKs, as the user of the lab's stacks. */
export function openstackEnv(lab: LabSettings): Record<string, string> {
  return {
    OS_AUTH_URL: `${url(lab.ports.keystone)}/v3`,
    OS_IDENTITY_API_VERSION: "3",
    OS_REGION_NAME: region,
    OS_INTERFACE: "public",
    OS_USERNAME: "callysto",
    OS_PASSWORD: lab.password,
    OS_PROJECT_NAME: "callysto",
    OS_USER_DOMAIN_NAME: "Default",
    OS_PROJECT_DOMAIN_NAME: "Default",
  };
}

/** Sets the accounts' password once, before Keystone runs. */
async function setPasswords(lab: LabSettings): Promise<void> {
  const done = marker(lab, "passwords");
  if (existsSync(done)) return;
  await runScript(lab, "passwords");
  writeFileSync(done, "");
}

/** Prepares what a cloud's operator would have. */
async function seed(lab: LabSettings, log: Log): Promise<void> {
  await onceAVersion(lab, "seed", [script("seed")], () => {
    log("OpenStack: flavours, networks and volume types");
  });
}

/** Runs a script once for each version of the files that it depends on, to keep warm starts fast. */
async function onceAVersion(
  lab: LabSettings,
  name: string,
  files: readonly string[],
  begins?: () => void,
): Promise<void> {
  const hash = createHash("sha256");
  for (const file of files) hash.update(readFileSync(file));
  const version = hash.digest("hex");
  const done = marker(lab, name);
  if (existsSync(done) && readFileSync(done, "utf8") === version) return;
  begins?.();
  await runScript(lab, name);
  writeFileSync(done, version);
}

/** @throws with the last lines of the script's output */
async function runScript(lab: LabSettings, name: string): Promise<void> {
  try {
    await promisify(execFile)(python, [script(name)], { env: environment(lab) });
  } catch (error) {
    const stderr = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : String(error);
    throw new Error(`the lab's ${name} failed: ${stderr.split("\n").slice(-3).join(" ")}`, { cause: error });
  }
}
