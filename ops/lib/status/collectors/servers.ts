/** What a cloud has of the declared servers, volumes, addresses and names. */
import { asText, type Json } from "../../../../policy/manifest.ts";
import type { CloudApi } from "../../cloud/openstack.ts";
import type { Collector } from "../collector.ts";
import type { Found } from "../row.ts";
import type { DeclaredResource } from "../situation.ts";

/** What a cloud's services list, as far as it is read. */
export interface CloudLists {
  readonly servers: readonly {
    readonly name: string;
    readonly status: string;
    readonly updated?: string;
    readonly flavor?: { readonly id?: string; readonly original_name?: string };
    readonly fault?: { readonly message?: string };
  }[];
  readonly flavors: readonly { readonly id: string; readonly name: string }[];
  readonly volumes: readonly {
    readonly name: string;
    readonly status: string;
    readonly size: number;
    readonly updated_at?: string | null;
  }[];
  readonly floatingips: readonly {
    readonly description: string;
    readonly status: string;
    readonly floating_ip_address: string;
  }[];
  readonly recordsets: readonly { readonly name: string; readonly type: string; readonly status: string }[];
}

type Checked = Pick<Found, "state" | "text" | "since"> | undefined;

/** Name, and state in the cloud, of a declared resource of each type. */
const checks: Readonly<
  Record<
    string,
    { readonly kind: string; readonly key: string; readonly check: (inputs: Json, lists: CloudLists) => Checked }
  >
> = {
  "openstack:compute/instance:Instance": {
    kind: "server",
    key: "name",
    check({ name, flavorName }, { servers, flavors }) {
      const found = servers.find((one) => one.name === name);
      if (found === undefined) return undefined;
      const { status, fault, flavor = {}, updated } = found;
      if (status !== "ACTIVE") {
        const why = fault?.message === undefined ? "" : `: ${fault.message.split("\n")[0] ?? ""}`;
        return {
          state: "bad",
          text: `server is ${status}${why}`,
          ...(updated === undefined ? {} : { since: updated }),
        };
      }
      const size = flavor.original_name ?? flavors.find(({ id }) => id === flavor.id)?.name;
      if (size !== undefined && typeof flavorName === "string" && size !== flavorName)
        return { state: "warn", text: `server has flavour ${size}, the stack declares ${flavorName}` };
      return { state: "ok", text: `server is ACTIVE${size === undefined ? "" : `, ${size}`}` };
    },
  },
  "openstack:blockstorage/volume:Volume": {
    kind: "volume",
    key: "name",
    check({ name, size }, { volumes }) {
      const found = volumes.find((one) => one.name === name);
      if (found === undefined) return undefined;
      const text = `volume is ${found.status}, ${found.size} GB`;
      if (found.status !== "in-use") return { state: found.status === "available" ? "warn" : "bad", text };
      if (typeof size === "number" && size > found.size)
        return { state: "warn", text: `${text}, the stack declares ${size} GB` };
      return { state: "ok", text };
    },
  },
  "openstack:networking/floatingIp:FloatingIp": {
    kind: "address",
    key: "description",
    check({ description }, { floatingips }) {
      const found = floatingips.find((one) => one.description === description);
      if (found === undefined) return undefined;
      const text = `address ${found.floating_ip_address} is ${found.status}`;
      return { state: found.status === "ACTIVE" ? "ok" : "bad", text };
    },
  },
  "openstack:dns/recordSet:RecordSet": {
    kind: "name",
    key: "name",
    check({ name, type }, { recordsets }) {
      const found = recordsets.find((one) => one.name === name && one.type === type);
      if (found === undefined) return undefined;
      const text = `${found.type} record is ${found.status}`;
      return { state: found.status === "ACTIVE" ? "ok" : found.status === "PENDING" ? "warn" : "bad", text };
    },
  },
};

/** A row for each declared resource that a cloud lists. */
export function serverRows(declared: readonly DeclaredResource[], lists: CloudLists): readonly Found[] {
  return declared.flatMap(({ system, type, inputs }): readonly Found[] => {
    const { kind = "", key = "", check } = checks[type] ?? {};
    const name = asText(inputs[key]);
    if (check === undefined || name === "") return [];
    const found = check(inputs, lists) ?? { state: "bad", text: `${kind} is not there` };
    return [{ system, part: name.replace(/\.$/, ""), ...found }];
  });
}

async function listsOf(cloud: CloudApi, names: readonly string[]): Promise<CloudLists> {
  const [{ servers }, { flavors }, { volumes }, { floatingips }, ...records] = await Promise.all([
    cloud.get<Pick<CloudLists, "servers">>("compute", "/servers/detail"),
    cloud.get<Pick<CloudLists, "flavors">>("compute", "/flavors"),
    cloud.get<Pick<CloudLists, "volumes">>("volume", "/volumes/detail"),
    cloud.get<Pick<CloudLists, "floatingips">>("network", "/v2.0/floatingips"),
    ...names.map((name) =>
      cloud.get<Pick<CloudLists, "recordsets">>("dns", `/v2/recordsets?name=${encodeURIComponent(name)}`),
    ),
  ]);
  return { servers, flavors, volumes, floatingips, recordsets: records.flatMap(({ recordsets }) => recordsets) };
}

export const servers: Collector = {
  name: "servers",
  asks: "the state of declared servers, volumes, addresses and names in OpenStack",
  questions: (situation) =>
    [...Map.groupBy(situation.resources, ({ cloud }) => cloud)].map(([name, own]) => ({
      target: `cloud ${name}`,
      systems: [...new Set(own.map(({ system }) => system))],
      ask: async () => {
        const { known, problem } = await situation.named(own);
        const records = known.filter(({ type }) => type === "openstack:dns/recordSet:RecordSet");
        const names = new Set(records.map(({ inputs }) => asText(inputs.name)).filter((one) => one !== ""));
        const rows = serverRows(known, await listsOf(await situation.cloud(name), [...names]));
        if (problem === undefined) return rows;
        const unknown = new Set(own.filter((one) => !known.includes(one)).map(({ system }) => system));
        const text = `names that Pulumi chose are not known: ${problem}`;
        return [
          ...rows,
          ...[...unknown].map((system): Found => ({ system, part: `cloud ${name}`, state: "unknown", text })),
        ];
      },
    })),
};
