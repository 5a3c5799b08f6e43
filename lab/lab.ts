/** The lab as a whole: its parts in the order in which they need each other. */
import { mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import { kubernetes } from "./kubernetes/kubernetes.ts";
import { machines, uploadImages } from "./machines/machines.ts";
import { openstack } from "./openstack/openstack.ts";
import type { Health, Log } from "./component.ts";
import type { LabSettings } from "./settings.ts";
import { ensureToolchain, type Toolchain } from "./toolchain/toolchain.ts";

/** Everything that is made once per machine. The packages come first: the image build needs their tools. */
export async function install(log: Log): Promise<Toolchain> {
  await openstack.install(log);
  const [toolchain] = await Promise.all([ensureToolchain(log), machines.install(log)]);
  await kubernetes(toolchain).install(log);
  return toolchain;
}

/** Brings up both clouds; the machines' network comes first, as Nova starts machines in it. */
export async function up(lab: LabSettings, toolchain: Toolchain, log: Log): Promise<void> {
  mkdirSync(path.join(lab.dir, "state"), { recursive: true }); // where Pulumi keeps the stacks
  await Promise.all([
    kubernetes(toolchain).up(lab, log),
    (async () => {
      await machines.up(lab, log);
      await openstack.up(lab, log);
      await uploadImages(lab, log);
    })(),
  ]);
}

/** Stops everything; with `wipe` the data goes too. Nova stops first, so that it does not see its machines vanish. */
export async function down(lab: LabSettings, toolchain: Toolchain, wipe: boolean): Promise<void> {
  await Promise.all([
    kubernetes(toolchain).down(lab),
    (async () => {
      await openstack.down(lab);
      await machines.down(lab);
    })(),
  ]);
  if (wipe) rmSync(lab.dir, { recursive: true, force: true });
}

/** What runs and what does not. */
export async function health(lab: LabSettings, toolchain: Toolchain): Promise<Health[]> {
  const parts = [kubernetes(toolchain), openstack, machines];
  return (await Promise.all(parts.map((part) => part.health(lab)))).flat();
}
