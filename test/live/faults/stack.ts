/** A stack that meets faults, and what is asked of the clouds once they are gone. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { put } from "../../../config/stackEdit.ts";
import type { Row } from "../../../lab/openstack/api.ts";
import { orphans } from "../census.ts";
import { eventually, lab, openstackApi } from "../../../lab/harness/cloud.ts";
import { type Outcome, pulumi } from "../../../lab/harness/engine.ts";
import { api } from "../../../lab/harness/kube.ts";
import type { StateResource } from "../../../lab/harness/deployed.ts";
import { type OpsOutcome, SystemOnLab } from "../../../lab/harness/system.ts";
import { Front } from "./front.ts";
import { changesOf, domainOf, type Drawn, drawn, flavors, namespacesOf, type Place } from "./settings.ts";

const cloud = openstackApi(lab);

/** Types whose loss would be a loss of data. */
const precious = /^(openstack|kubernetes):.*:(Volume|Zone|FloatingIp|PersistentVolumeClaim|Namespace)$/;

/** A stack with proxies before its clouds. The caller closes it. */
export class FaultStack {
  readonly system: SystemOnLab;
  readonly front: Front;
  readonly place: Place;
  private readonly base: string;
  private own: Drawn;
  /** Ids of what holds data, by URN, since the stack was made. */
  private readonly kept = new Map<string, string>();

  private constructor(system: SystemOnLab, front: Front, place: Place, own: Drawn) {
    this.system = system;
    this.front = front;
    this.place = place;
    this.base = readFileSync(system.target.file, "utf8");
    this.own = own;
    this.write(own);
  }

  /** @param env - variables of every run, e.g. of another backend */
  static async open(place: Place, own: Drawn = drawn(0, []), env: NodeJS.ProcessEnv = {}): Promise<FaultStack> {
    const system = place.kind === "hub" ? "callysto" : "thoth";
    const opened = await SystemOnLab.open(system, "test", changesOf(place, own), { as: place.mark, env });
    return new FaultStack(opened, await Front.open(lab), place, own);
  }

  /** Writes the stack's file. */
  write(own: Drawn): void {
    const { file } = this.system.target;
    this.own = own;
    const text = changesOf(this.place, own).reduce((so, [at, value]) => put(so, ["config", ...at], value), this.base);
    writeFileSync(file, this.front.aimed(text, file, lab));
  }

  /** `pulumi up`, as people run it. */
  up(...more: readonly string[]): Promise<Outcome> {
    return pulumi(["up", "--yes", "--skip-preview", ...more], this.system.target);
  }

  /** `npm run ops -- state recover`. */
  recover(): Promise<OpsOutcome> {
    return this.system.opsOf("state", ["recover"]);
  }

  /**
   * What an operator does after an update that failed: recover if something of OpenStack failed or the engine was killed, then up.
   * @returns the words for what was needed, e.g. `recover, up`
   */
  async heals(failed: { readonly text: string; readonly killed: boolean }): Promise<string> {
    const words: string[] = [];
    let text = failed.text;
    for (let unclear = failed.killed || needsRecovery(text), tries = 0; tries < 2; tries++, unclear = true) {
      if (unclear) {
        let recovered = await this.recover();
        const [, server] = /openstack server resize confirm (\S+),/.exec(recovered.stderr) ?? [];
        if (server !== undefined) {
          await confirmResize(server);
          words.push("recover, resize confirm");
          recovered = await this.recover();
        }
        text = `${recovered.stdout}${recovered.stderr}`;
        const took = text.match(/^take in /gm)?.length ?? 0;
        words.push(took === 0 ? "recover" : `recover (${took} taken in)`);
        assert.equal(recovered.code, 0, text);
      }
      const up = await this.up();
      words.push("up");
      if (up.code === 0) return words.join(", ");
      ({ text } = up);
    }
    throw new Error(`${words.join(", ")} did not end in the declared state:\n${text}`);
  }

  /** Asserts that the clouds have what is declared, once, nothing else, and everything with data as it was. */
  async isWhole(): Promise<void> {
    await this.system.assertDeployed();
    const resources = await this.system.resources();
    assert.deepEqual(await this.orphans(resources), []);
    for (const { urn, type, id = "", inputs } of resources.filter((one) => precious.test(one.type))) {
      const now = type.startsWith("kubernetes:") ? await uid(inputs) : id;
      assert.equal(this.kept.get(urn) ?? now, now, `${urn} is another one`);
      this.kept.set(urn, now);
    }
    const lost = [...this.kept.keys()].filter((urn) => !resources.some((one) => one.urn === urn));
    assert.deepEqual(lost, []);
    if (this.place.kind === "hub") await this.isTheHub(resources);
  }

  /** Asserts what is not in the state: the hub as the cloud reports it. */
  private async isTheHub(resources: readonly StateResource[]): Promise<void> {
    const idOf = (type: string): string =>
      resources.find((one) => one.type.startsWith("openstack:") && one.type.endsWith(`:${type}`))?.id ?? "";
    const server = await cloud.get("compute", `/servers/${idOf("Instance")}`);
    const { original_name: flavor } = server.flavor as { original_name: string };
    const attached = server["os-extended-volumes:volumes_attached"] as { id: string }[];
    const volumes = resources.filter(({ type }) => type.endsWith(":Volume")).map(({ id = "" }) => id);
    assert.deepEqual([server.status, flavor], ["ACTIVE", this.own.flavor]);
    assert.deepEqual(attached.map(({ id }) => id).sort(), [...volumes].sort());
    for (const id of volumes) {
      const { status, size } = await cloud.get("volume", `/volumes/${id}`);
      assert.deepEqual([status, size], ["in-use", this.own.size]);
    }
    const address = await cloud.get("network", `/floatingips/${idOf("FloatingIp")}`);
    assert.equal(address.port_id, idOf("Port"));
    const zones = (await cloud.list("dns", "/zones")).filter(({ name }) => name.endsWith(`${domainOf(this.place)}.`));
    const expected = zones.map(() => ["ACTIVE", this.own.email]);
    assert.deepEqual(zones.map(({ status, email }) => [status, email]), expected); // prettier-ignore
    assert.equal(zones.length, resources.filter(({ type }) => type === "openstack:dns/zone:Zone").length);
    const zone = zones.find(({ name }) => name === `${domainOf(this.place)}.`) ?? { id: "" };
    const records: Row[] = await cloud.list("dns", `/zones/${zone.id}/recordsets?type=A`);
    assert.deepEqual(records.map((one) => one.records).flat(), [address.floating_ip_address]);
  }

  /** What the clouds have of this stack and its state does not. */
  async orphans(resources: readonly StateResource[]): Promise<readonly string[]> {
    const namespaces = namespacesOf(this.place);
    const found = await orphans(lab, resources, resources.length === 0 ? [] : namespaces);
    return found.filter((line) => line.includes(this.place.mark));
  }

  /** Forgets what had data: the stack was destroyed. */
  forget(): void {
    this.kept.clear();
  }

  async close(): Promise<void> {
    this.front.calm();
    await pulumi(["cancel", "--yes"], this.system.target);
    await this.system.close(...namespacesOf(this.place));
    await this.front.close();
  }
}

/** An update that gets a Ctrl-C once it has written this and then has gone on for three seconds. */
export function interrupted({ system }: FaultStack, words: RegExp): Promise<Outcome> {
  let seen: number | undefined;
  return pulumi(["up", "--yes", "--skip-preview"], system.target, (text) => {
    if (words.test(text)) seen ??= Date.now();
    return seen !== undefined && Date.now() - seen > 3000;
  });
}

/** Whether an update failed at something of OpenStack, which may be there all the same. */
function needsRecovery(text: string): boolean {
  return /openstack:\S+ .*\bfailed\b/.test(text);
}

/** What distinguishes an object from another one of the same name. */
async function uid(inputs: StateResource["inputs"]): Promise<string> {
  const { name, namespace } = inputs?.metadata as { name: string; namespace?: string };
  const path = namespace === undefined ? `/api/v1/namespaces/${name}` : `/api/v1/namespaces/${namespace}/persistentvolumeclaims/${name}`; // prettier-ignore
  return String((await api.get(path)).metadata.uid);
}

/** `openstack server resize confirm` */
async function confirmResize(server: string): Promise<void> {
  await cloud.request("compute", `/servers/${server}/action`, { method: "POST", body: { confirmResize: null } });
  const look = (): Promise<Row> => cloud.get("compute", `/servers/${server}`);
  await eventually("the end of a resize", look, ({ status }) => status === "ACTIVE");
}

/** Makes the flavours that the stacks name and the lab does not have. */
export async function makeFlavors(): Promise<void> {
  for (const name of flavors) await makeFlavor(name, 1);
}

/** A flavour whose servers have no machine. @param disk - GB */
async function makeFlavor(name: string, disk: number): Promise<string> {
  const admin = openstackApi(lab, "admin");
  const there = await admin.list("compute", "/flavors");
  if (there.some((one) => one.name === name)) return name;
  const { id } = await admin.post("compute", "/flavors", { flavor: { name, ram: 64, vcpus: 1, disk } });
  await admin.post("compute", `/flavors/${id}/os-extra_specs`, { extra_specs: { "orrery:machine": "none" } });
  return name;
}
