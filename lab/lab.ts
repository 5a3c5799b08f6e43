/** The lab as a whole: its components in the order of their dependencies. */
import { kubernetes } from "./kubernetes/kubernetes.ts";
import { machines, uploadImages } from "./machines/machines.ts";
import { openstack } from "./openstack/openstack.ts";
import type { Health, Log } from "./component.ts";
import { createLabFolder, recordPort, removeLabFolder } from "./folder.ts";
import { assertKeepsPorts, checkHost, diskHealth } from "./hostChecks.ts";
import { type LabSettings, root } from "./settings.ts";
import { checkToolchain, ensureToolchain, type Toolchain } from "./toolchain/toolchain.ts";

/** Installs everything that is built once per machine. Packages come first: the image build uses their tools. */
export async function install(log: Log): Promise<Toolchain> {
  // Before minutes of work that would go on after it.
  const [problem] = checkToolchain();
  if (problem !== undefined) throw new Error(problem);
  await openstack.install(log);
  const [toolchain] = await Promise.all([ensureToolchain(log), machines.install(log)]);
  await kubernetes(toolchain).install(log);
  return toolchain;
}

/** Makes a lab's folder, in which it stays known that its ports are this lab's. @throws if one is taken or the disk is full */
export async function claim(lab: LabSettings): Promise<void> {
  await checkHost(lab);
  createLabFolder(lab.dir, root);
  recordPort(lab.dir, lab.firstPort);
}

/** Starts both clouds. @throws before anything starts if a port is taken or the disk is full */
export async function up(lab: LabSettings, toolchain: Toolchain, log: Log): Promise<void> {
  await claim(lab);
  await Promise.all([kubernetes(toolchain).up(lab, log), startOpenstack(lab, log)]);
}

/** Starts OpenStack alone. @throws as {@link up} does */
export async function upOpenstack(lab: LabSettings, log: Log): Promise<void> {
  await claim(lab);
  await startOpenstack(lab, log);
}

/** Starts Kubernetes alone. @throws as {@link up} does */
export async function upKubernetes(lab: LabSettings, toolchain: Toolchain, log: Log): Promise<void> {
  await claim(lab);
  await kubernetes(toolchain).up(lab, log);
}

/** The machines' network comes first, as Nova starts machines in it. */
async function startOpenstack(lab: LabSettings, log: Log): Promise<void> {
  await machines.up(lab, log);
  await openstack.up(lab, log);
  await uploadImages(lab, log);
}

/** Stops everything; `wipe` also deletes the data. @throws if it runs on other ports than those that are set. Nova stops first, so that it does not see its machines disappear. */
export async function down(lab: LabSettings, toolchain: Toolchain, wipe: boolean): Promise<void> {
  assertKeepsPorts(lab);
  await Promise.all([
    kubernetes(toolchain).down(lab),
    (async () => {
      await openstack.down(lab);
      await machines.down(lab);
    })(),
  ]);
  if (wipe) removeLabFolder(lab.dir, root);
}

/** Health of every component. */
export async function health(lab: LabSettings, toolchain: Toolchain): Promise<Health[]> {
  const components = [kubernetes(toolchain), openstack, machines];
  return [...(await Promise.all(components.map((component) => component.health(lab)))).flat(), diskHealth(lab)];
}
