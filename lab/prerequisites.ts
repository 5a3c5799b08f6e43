/** Creates the resources that a stack expects to exist in its clouds: zones, volumes, floating IPs, namespaces, nodes, a database, services of the world. */
import { prowJobCrd } from "../components/prow/inventory.ts";
import type { LabPrerequisites } from "./retarget.ts";
import { startCounterparts } from "./counterparts/counterparts.ts";
import { kubeApi } from "./kubernetes/api.ts";
import { type OpenstackApi, openstackApi } from "./openstack/api.ts";
import { databaseObjects } from "./kubernetes/database.ts";
import { fakeNode } from "./kubernetes/objects.ts";
import { realNodes } from "./kubernetes/nodes/plan.ts";
import { openshiftMark } from "./kubernetes/projects.ts";
import type { Log } from "./component.ts";
import type { LabSettings } from "./settings.ts";

type OpenstackPrerequisites = Omit<LabPrerequisites, "namespaces" | "nodes" | "prowJobs" | "database" | "counterparts">;

/** Size in GB of a volume that replaces a manually created one. */
const volumeSize = 1;

/** Creates the prerequisites that do not exist yet. */
export async function createPrerequisites(prerequisites: LabPrerequisites, lab: LabSettings, log: Log): Promise<void> {
  const { zones, volumes, floatingIps, namespaces, nodes, prowJobs, database, counterparts } = prerequisites;
  const cluster = kubeApi(lab);
  for (const name of namespaces) {
    if ((await cluster.find(`/api/v1/namespaces/${name}`)) !== undefined) continue;
    // Projects of a portal are OpenShift's.
    const labels = realNodes(lab).length === 0 ? {} : openshiftMark;
    await cluster.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name, labels } });
    log(`created namespace ${name}, which the stack expects`);
  }
  if (prowJobs) {
    const { metadata, spec } = prowJobCrd;
    await cluster.apply({ apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition", metadata, spec });
  }
  if (database !== undefined) {
    for (const object of databaseObjects(database)) await cluster.apply(object);
  }
  if (counterparts !== undefined) {
    // Who else is at GitHub does not matter to programs that start, and those that ask before it answers ask again.
    const people = { organisations: {}, programs: { "kubevirt-bot": counterparts.token } };
    await startCounterparts(cluster, people, { wait: false });
  }
  for (const name of nodes) {
    if ((await cluster.find(`/api/v1/nodes/${name}`)) !== undefined) continue;
    await cluster.apply(fakeNode(name, "lab-0"));
    log(`created node ${name}, which the stack expects`);
  }
  if (zones.length + volumes.length + floatingIps.length === 0) return;
  const api = openstackApi(lab);
  const missing = await absent(api, { zones, volumes, floatingIps });
  for (const zone of missing.zones) {
    await api.post("dns", "/zones", { name: `${zone}.`, email: "hostmaster@lab.test", ttl: 60 });
    log(`created zone ${zone}, which the stack expects`);
  }
  for (const name of missing.volumes) {
    await api.post("volume", "/volumes", { volume: { name, size: volumeSize } });
    log(`created volume ${name}, which the stack expects`);
  }
  const [external] = await api.list("network", "/networks?router:external=true");
  for (const description of missing.floatingIps) {
    await api.post("network", "/floatingips", { floatingip: { floating_network_id: external?.id, description } });
    log(`created floating IP "${description}", which the stack expects`);
  }
}

async function absent(api: OpenstackApi, wanted: OpenstackPrerequisites): Promise<OpenstackPrerequisites> {
  const zones = (await api.list("dns", "/zones")).map(({ name }) => name);
  const volumes = (await api.list("volume", "/volumes")).map(({ name }) => name);
  const floatingIps = (await api.list("network", "/floatingips")).map(({ description }) => description);
  return {
    zones: wanted.zones.filter((zone) => !zones.includes(`${zone}.`)),
    volumes: wanted.volumes.filter((name) => !volumes.includes(name)),
    floatingIps: wanted.floatingIps.filter((description) => !floatingIps.includes(description)),
  };
}
