/** Checks with the clouds' APIs that a stack's resources exist and are as declared. */
import { kubeApi, type KubeApi, type KubeObject } from "../kubernetes/api.ts";
import { openstackApi, type Service } from "../openstack/api.ts";
import type { LabSettings } from "../settings.ts";

/** A resource of `pulumi stack export`. */
export interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly id?: string;
  readonly parent?: string;
  readonly protect?: boolean;
  /** Whether it is only read, not managed. */
  readonly external?: boolean;
  readonly inputs?: Readonly<Record<string, unknown>>;
}

/** API path by resource type; a type without a row fails the test, so that none goes unchecked. */
const apiPaths: Readonly<Record<string, (id: string) => readonly [Service, string]>> = {
  "openstack:blockstorage/volume:Volume": (id) => ["volume", `/volumes/${id}`],
  "openstack:compute/instance:Instance": (id) => ["compute", `/servers/${id}`],
  "openstack:compute/keypair:Keypair": (id) => ["compute", `/os-keypairs/${id}`],
  "openstack:compute/volumeAttach:VolumeAttach": (id) => {
    const [server = "", attachment = ""] = id.split("/");
    return ["compute", `/servers/${server}/os-volume_attachments/${attachment}`];
  },
  "openstack:dns/recordSet:RecordSet": (id) => {
    const [zone = "", record = ""] = id.split("/");
    return ["dns", `/zones/${zone}/recordsets/${record}`];
  },
  "openstack:dns/zone:Zone": (id) => ["dns", `/zones/${id}`],
  "openstack:networking/floatingIp:FloatingIp": (id) => ["network", `/floatingips/${id}`],
  "openstack:networking/floatingIpAssociate:FloatingIpAssociate": (id) => ["network", `/floatingips/${id}`],
  "openstack:networking/port:Port": (id) => ["network", `/ports/${id}`],
  "openstack:networking/secGroup:SecGroup": (id) => ["network", `/security-groups/${id}`],
  "openstack:networking/secGroupRule:SecGroupRule": (id) => ["network", `/security-group-rules/${id}`],
};

/** URNs of resources that do not exist in the clouds. Providers, components and other resources without a cloud are skipped. */
export async function missingFrom(lab: LabSettings, resources: readonly StateResource[]): Promise<string[]> {
  const [cloud, cluster] = [openstackApi(lab), kubeApi(lab)];
  const paths = await collectionPaths(cluster);
  const exists = async ({ type, id, inputs }: StateResource): Promise<boolean> => {
    if (type.startsWith("openstack:")) {
      const place = apiPaths[type];
      if (place === undefined || id === undefined)
        throw new Error(`add an API path for ${type} to lab/harness/deployed.ts`);
      return (await cloud.find(...place(id))) !== undefined;
    }
    return (await cluster.find(objectPath(paths, inputs as unknown as KubeObject))) !== undefined;
  };
  const real = resources.filter(({ type }) => /^(openstack|kubernetes):/.test(type));
  const seen = await Promise.all(real.map(async (resource) => ({ urn: resource.urn, found: await exists(resource) })));
  return seen.filter(({ found }) => !found).map(({ urn }) => urn);
}

/** Differences between declared Kubernetes objects and those in the API; additional fields in the API are ignored. */
export async function differencesOf(lab: LabSettings, resources: readonly StateResource[]): Promise<string[]> {
  const cluster = kubeApi(lab);
  const paths = await collectionPaths(cluster);
  const found = await Promise.all(
    resources
      .filter(({ type }) => type.startsWith("kubernetes:"))
      .map(async ({ urn, inputs }) => {
        const object = inputs as unknown as KubeObject;
        const live = await cluster.get(objectPath(paths, object));
        return missing(object, live, urn.split("::").at(-1) ?? urn);
      }),
  );
  return found.flat();
}

/** Leaves of `declared` that differ in `live`; secrets are skipped, as the state has their ciphertext. */
function missing(declared: unknown, live: unknown, at: string): string[] {
  if (typeof declared !== "object" || declared === null) {
    return sameLeaf(declared, live) ? [] : [`${at}: declared ${JSON.stringify(declared)}, is ${JSON.stringify(live)}`];
  }
  if ("4dabf18193072939515e22adb298388d" in declared) return [];
  return Object.entries(declared)
    .filter(([key]) => key !== "stringData" && key !== "data")
    .flatMap(([key, value]) => missing(value, (live as Record<string, unknown> | undefined)?.[key], `${at}.${key}`));
}

/** Compares leaves; quantities have several notations: "1000m" is "1". */
function sameLeaf(declared: unknown, live: unknown): boolean {
  const milli = (value: unknown): unknown =>
    typeof value === "string" && /^\d+(\.\d+)?m?$/.test(value)
      ? Number.parseFloat(value) * (value.endsWith("m") ? 1 : 1000)
      : value;
  return (
    declared === live || String(milli(declared)) === String(milli(live)) || (declared === "" && live === undefined)
  );
}

/** API path of an object. */
function objectPath(paths: ReadonlyMap<string, string>, { apiVersion, kind, metadata }: KubeObject): string {
  const collection = paths.get(`${apiVersion}/${kind}`);
  if (collection === undefined) throw new Error(`the API has no ${apiVersion} ${kind}`);
  return collection.replace("{namespace}", metadata.namespace ?? "") + `/${metadata.name}`;
}

/** Path of each kind's collection, from the API's own discovery. */
async function collectionPaths(cluster: KubeApi): Promise<ReadonlyMap<string, string>> {
  interface Discovery {
    readonly resources: readonly { readonly name: string; readonly kind: string; readonly namespaced: boolean }[];
  }
  const groups = await cluster.get<{ groups: { versions: { groupVersion: string }[] }[] }>("/apis");
  const versions = ["v1", ...groups.groups.flatMap(({ versions: all }) => all.map(({ groupVersion }) => groupVersion))];
  const found = await Promise.all(
    versions.map(async (version) => {
      const root = version === "v1" ? "/api/v1" : `/apis/${version}`;
      const { resources } = await cluster.get<Discovery>(root);
      return resources
        .filter(({ name }) => !name.includes("/"))
        .map(({ name, kind, namespaced }): [string, string] => [
          `${version}/${kind}`,
          `${root}/${namespaced ? "namespaces/{namespace}/" : ""}${name}`,
        ]);
    }),
  );
  return new Map(found.flat());
}
