/** Counts what the clouds have, by their own APIs: whatever the state does not know is an orphan. */
import { kubeApi } from "../../lab/kubernetes/api.ts";
import { openstackApi, type Row, type Service } from "../../lab/openstack/api.ts";
import type { LabSettings } from "../../lab/settings.ts";
import type { StateResource } from "../../lab/harness/deployed.ts";

/** A collection of OpenStack, and which of its rows a stack may have made; the rest was there before. */
interface Collection {
  readonly type: string;
  readonly service: Service;
  readonly path: string;
  readonly mayBeMade?: (row: Row) => boolean;
}

const collections: readonly Collection[] = [
  { type: "compute/instance:Instance", service: "compute", path: "/servers" },
  { type: "blockstorage/volume:Volume", service: "volume", path: "/volumes" },
  { type: "networking/floatingIp:FloatingIp", service: "network", path: "/floatingips" },
  {
    type: "networking/port:Port",
    service: "network",
    path: "/ports",
    mayBeMade: ({ device_owner: owner }) => !String(owner).startsWith("network:"),
  },
  {
    type: "networking/secGroup:SecGroup",
    service: "network",
    path: "/security-groups",
    mayBeMade: ({ name }) => name !== "default",
  },
  {
    type: "networking/secGroupRule:SecGroupRule",
    service: "network",
    path: "/security-group-rules",
    // Each group is born with rules for what leaves it, the default group with rules for its own members.
    mayBeMade: ({ direction, remote_group_id: group }) => direction === "ingress" && group === null,
  },
  { type: "dns/zone:Zone", service: "dns", path: "/zones" },
];

/** Kinds of Kubernetes that are counted in a namespace, with the collections' paths. */
const kinds: Readonly<Record<string, string>> = {
  Secret: "/api/v1/namespaces/NS/secrets",
  ConfigMap: "/api/v1/namespaces/NS/configmaps",
  Service: "/api/v1/namespaces/NS/services",
  ServiceAccount: "/api/v1/namespaces/NS/serviceaccounts",
  PersistentVolumeClaim: "/api/v1/namespaces/NS/persistentvolumeclaims",
  Deployment: "/apis/apps/v1/namespaces/NS/deployments",
  StatefulSet: "/apis/apps/v1/namespaces/NS/statefulsets",
  CronJob: "/apis/batch/v1/namespaces/NS/cronjobs",
  NetworkPolicy: "/apis/networking.k8s.io/v1/namespaces/NS/networkpolicies",
};

/** Things that Kubernetes makes in every namespace. */
const everywhere = ["ServiceAccount default", "ConfigMap kube-root-ca.crt"];

/** Everything in the project and in the namespaces that the state does not have, a line each. */
export async function orphans(
  lab: LabSettings,
  resources: readonly StateResource[],
  namespaces: readonly string[],
): Promise<string[]> {
  const [cloud, cluster] = [openstackApi(lab), kubeApi(lab)];
  const { project } = await cloud.identity();
  const found: string[] = [];
  for (const { type, service, path, mayBeMade = () => true } of collections) {
    const known = new Set(resources.filter((one) => one.type === `openstack:${type}`).map(({ id }) => id));
    const own = service === "network" ? `${path}?project_id=${project}` : path;
    const rows = (await cloud.list(service, own)).filter(mayBeMade).filter(({ id }) => !known.has(id));
    // A floating IP has no name, but a description.
    const named = (row: Row): string => String(Object.hasOwn(row, "name") ? row.name : row.description);
    found.push(...rows.map((row) => `${path} ${row.id} ${named(row)}`));
  }
  const pairs = (await cloud.list("compute", "/os-keypairs")) as unknown as { keypair: { name: string } }[];
  const keys = new Set(resources.filter(({ type }) => type.endsWith(":Keypair")).map(({ id }) => id));
  found.push(...pairs.flatMap(({ keypair }) => (keys.has(keypair.name) ? [] : [`keypair ${keypair.name}`])));
  for (const zone of await cloud.list("dns", "/zones")) {
    const known = new Set(resources.map(({ id }) => id));
    const records = await cloud.list("dns", `/zones/${zone.id}/recordsets`).catch(async (error: unknown) => {
      // Another stack may have taken its zone away meanwhile.
      if (await cloud.exists("dns", `/zones/${zone.id}`)) throw error;
      return [];
    });
    const strange = records.filter(
      ({ id, type }) => !["NS", "SOA"].includes(String(type)) && !known.has(`${zone.id}/${id}`),
    );
    found.push(...strange.map(({ id, name }) => `record ${id} ${name}`));
  }
  const objects = new Set(
    resources
      .filter(({ type }) => type.startsWith("kubernetes:"))
      .map(({ type, id }) => `${type.split(":").at(-1) ?? ""} ${id ?? ""}`),
  );
  for (const namespace of namespaces) {
    for (const [kind, path] of Object.entries(kinds)) {
      for (const { metadata } of await cluster.list(path.replace("NS", namespace))) {
        const made = !everywhere.includes(`${kind} ${metadata.name}`);
        if (made && !objects.has(`${kind} ${namespace}/${metadata.name}`))
          found.push(`${kind} ${namespace}/${metadata.name}`);
      }
    }
  }
  return found;
}
