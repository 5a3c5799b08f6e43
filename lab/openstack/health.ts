/** Health checks of the cloud's services. */
import { connect } from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Health } from "../component.ts";
import { answersDns, runningPid } from "../process.ts";
import type { LabSettings } from "../settings.ts";
import { openstackApi, type Row } from "./api.ts";
import { host, runDir, url } from "./config/shared.ts";
import { greets } from "./databases.ts";

/** Resolves to what was observed. @throws if the service is unhealthy */
type Check = () => Promise<string>;

/** One row per daemon. */
export async function cloudHealth(lab: LabSettings): Promise<Health[]> {
  return Promise.all(Object.entries(checks(lab)).map(([name, check]) => rowOf(lab, name, check)));
}

/** Waits for every service. @throws at once if a daemon exits, otherwise after `seconds` with the unhealthy services */
export async function waitUntilHealthy(lab: LabSettings, seconds: number): Promise<void> {
  const end = Date.now() + seconds * 1000;
  let waiting = Object.entries(checks(lab));
  for (;;) {
    const rows = await Promise.all(waiting.map(([name, check]) => rowOf(lab, name, check)));
    const bad = rows.filter((row) => !row.healthy);
    if (bad.length === 0) return;
    const dead = bad.find(({ name }) => runningPid(lab.dir, name) === undefined);
    if (dead !== undefined) throw new Error(`${dead.name} has exited; see ${lab.dir}/log/${dead.name}.log`);
    if (Date.now() > end) {
      const reasons = bad.map(({ name, detail }) => `  ${name}: ${detail}`).join("\n");
      throw new Error(`OpenStack did not come up within ${seconds} s:\n${reasons}`);
    }
    // Healthy services are not checked again, as starting the others keeps the cores busy.
    waiting = waiting.filter(([name]) => bad.some((row) => row.name === name));
    await sleep(200);
  }
}

async function rowOf(lab: LabSettings, name: string, check: Check): Promise<Health> {
  if (runningPid(lab.dir, name) === undefined) {
    return { name, healthy: false, detail: "not running; npm run lab -- up starts it" };
  }
  try {
    return { name, healthy: true, detail: await check() };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { name, healthy: false, detail: `${reason}; see ${lab.dir}/log/${name}.log` };
  }
}

function checks(lab: LabSettings): Record<string, Check> {
  const api = openstackApi(lab, "admin");
  const run = (name: string): string => path.join(runDir(lab), name);
  return {
    mariadb: async () => ((await greets(run("mysql.sock"))) ? "unix socket" : "no greeting"),
    "ovsdb-nb": () => answers(run("ovnnb.sock"), "echo"),
    "ovsdb-sb": () => answers(run("ovnsb.sock"), "echo"),
    northd: () => answers(run("northd.ctl"), "status"),
    chassis: () => reported(run("ovnsb.sock")),
    named: async () => {
      await answersDns(lab.ports.dns);
      return `${host} port ${lab.ports.dns}, udp and tcp`;
    },
    keystone: async () => {
      await api.get("identity", "/auth/catalog");
      return url(lab.ports.keystone);
    },
    placement: async () => {
      await api.request("placement", "/resource_providers");
      return url(lab.ports.placement);
    },
    nova: async () => {
      await allOf("service", await api.list("compute", "/os-services"), (row) => row.state === "up");
      return allOf("hypervisor", await api.list("compute", "/os-hypervisors"), (row) => row.state === "up");
    },
    neutron: async () => allOf("agent", await api.list("network", "/agents"), (agent) => agent.alive === true),
    cinder: async () => {
      // The scheduler answers before it has heard of a backend, and refuses every volume until then.
      await allOf("backend", await api.list("volume", "/scheduler-stats/get_pools"), () => true);
      return allOf("service", await api.list("volume", "/os-services"), (row) => row.state === "up", 2);
    },
    designate: async () =>
      allOf("service", await api.list("dns", "/service_statuses"), (row) => row.status === "UP", 4),
    octavia: async () => {
      await api.list("balancer", "/loadbalancers?limit=1");
      return url(lab.ports.octavia);
    },
    glance: async () => {
      await api.list("image", "/images?limit=1");
      return url(lab.ports.glance);
    },
    swift: async () => {
      await api.request("object", "");
      return url(lab.ports.swift);
    },
  };
}

/** @throws unless there are at least `least` rows and all are healthy */
async function allOf(what: string, rows: readonly Row[], well: (row: Row) => boolean, least = 1): Promise<string> {
  const up = rows.filter(well).length;
  if (up < least || up < rows.length) throw new Error(`${up} of ${Math.max(rows.length, least)} ${what}s up`);
  return Promise.resolve(`${up} ${what}${up === 1 ? "" : "s"} up`);
}

/**
 * When the chassis last reported to OVN, which it does every minute.
 *
 * @param southbound - socket of OVN's southbound database
 * @throws if there was no report in the last two minutes
 */
export async function reported(southbound: string): Promise<string> {
  const select = { op: "select", table: "Chassis_Private", where: [], columns: ["nb_cfg_timestamp"] };
  const results = (await jsonRpc(southbound, "transact", ["OVN_Southbound", select])) as readonly {
    readonly rows?: readonly { readonly nb_cfg_timestamp: number }[];
  }[];
  const times = results.flatMap(({ rows = [] }) => rows.map((row) => row.nb_cfg_timestamp));
  const seconds = Math.round((Date.now() - Math.max(0, ...times)) / 1000);
  if (seconds > 120) throw new Error("has not reported to OVN for two minutes");
  return `reported ${Math.max(0, seconds)} s ago`;
}

async function answers(socket: string, method: string): Promise<string> {
  const result = await jsonRpc(socket, method);
  return typeof result === "string" ? result.trim().toLowerCase() : "answers";
}

/** Calls an Open vSwitch process on its unix socket. @throws if it does not respond within 5 s */
function jsonRpc(socket: string, method: string, params: readonly unknown[] = []): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const client = connect(socket, () => client.write(JSON.stringify({ id: 0, method, params })));
    client.setTimeout(5000, () => client.destroy(new Error("no response within 5 s")));
    client.once("error", reject);
    client.once("data", (data) => {
      client.destroy();
      resolve((JSON.parse(data.toString()) as { result: unknown }).result);
    });
  });
}
