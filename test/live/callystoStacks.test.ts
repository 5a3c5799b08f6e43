/**
 * Callysto's part of the stage and prod stacks, as committed, on the lab: up, up again, refusal, destroy. What is inside the
 * servers is not described there yet (no `guest`), so nothing waits for their boot; smaller flavours spare the emulator.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { dig, eventually, lab, openstackApi, type Row } from "./cloud.ts";
import { SystemOnLab } from "./system.ts";

const api = openstackApi(lab);
const environments = ["callysto:settings", "environments"];
const flavor = "m1.small";

interface Outputs {
  readonly [environment: string]: { readonly hostname: string; readonly address: string };
}

describe("Callysto's stage stack", function () {
  this.timeout(900_000);
  let stage: SystemOnLab;
  before(async () => {
    stage = await SystemOnLab.open("callysto", "stage", [[[...environments, "hub-dev", "flavor"], flavor]]);
  });
  after(() => stage.close());

  it("is hub-dev, reached by IPv6 alone under its name", async () => {
    await stage.comesUp();
    const { hostname, address } = (await stage.outputs<Outputs>())["hub-dev"] ?? { hostname: "", address: "" };
    assert.equal(hostname, "hub-dev.callysto.farm");
    const records = await eventually(
      "the record",
      () => dig(hostname, "AAAA"),
      (found) => found.length > 0,
    );
    assert.deepEqual(records, [{ address, ttl: 60 }]);
    assert.deepEqual(await dig(hostname, "A"), []);
  });

  it("changes nothing on the second up", () => stage.changesNothing());

  it("is not destroyed while its volumes are protected, and cleanly then", async () => {
    await stage.refusesDestroy();
    await stage.isDestroyed();
    assert.deepEqual(await api.list("compute", "/servers"), []);
  });
});

describe("Callysto's prod stack", function () {
  this.timeout(900_000);
  let prod: SystemOnLab;
  const homes = async (): Promise<Row[]> =>
    (await api.list("volume", "/volumes/detail")).filter(({ name }) => name.startsWith("hub.callysto.ca-home-"));
  const address = async (): Promise<Row | undefined> =>
    (await api.list("network", "/floatingips")).find(({ description }) => description === "hub.callysto.ca");

  before(async () => {
    prod = await SystemOnLab.open("callysto", "prod", [
      [[...environments, "hub-prod", "flavor"], flavor],
      [[...environments, "clavius", "homedirSize"], 1],
      [[...environments, "clavius", "dockerSize"], 1],
    ]);
  });
  after(async () => {
    await prod.close();
    // What stands for things that were made by hand, and what the stack leaves in the cloud.
    const volumes = (await api.list("volume", "/volumes")).filter(({ name }) => /\.callysto\.(ca|farm)-/.test(name));
    for (const { id } of volumes) await api.delete("volume", `/volumes/${id}`);
    for (const { id } of await api.list("network", "/floatingips")) await api.delete("network", `/floatingips/${id}`);
    const zones = (await api.list("dns", "/zones")).filter(({ name }) => name === "callysto.farm.");
    for (const { id } of zones) await api.delete("dns", `/zones/${id}`);
    await eventually(
      "the end of what was left",
      async () => [...(await api.list("volume", "/volumes")), ...(await api.list("dns", "/zones"))],
      (left) => !left.some(({ name }) => /callysto\.(ca|farm)/.test(name)),
    );
  });

  it("is clavius and the hub, which takes over volumes and an address that exist", async () => {
    const existing = (await address())?.floating_ip_address;
    await prod.comesUp();
    const { "hub-prod": hub, clavius } = await prod.outputs<Outputs>();
    assert.deepEqual([hub?.hostname, hub?.address], ["hub.callysto.ca", existing]);
    assert.equal(clavius?.hostname, "clavius.callysto.farm");
    assert.deepEqual(
      (await homes()).map(({ status }) => status),
      ["in-use", "in-use"],
    );
    const declared = (await prod.resources()).map(({ urn }) => urn.split("::").at(-1) ?? "");
    for (const absent of [/^callysto-hub-prod-.*volumes-zfs-0\d$/, /^callysto-hub-prod-.*address-ip$/]) {
      assert.deepEqual(
        declared.filter((name) => absent.test(name)),
        [],
      );
    }
  });

  it("changes nothing on the second up", () => prod.changesNothing());

  it("is not destroyed while it holds data, and without what it only took over then", async () => {
    await prod.refusesDestroy();
    await prod.isDestroyed();
    assert.deepEqual(
      (await homes()).map(({ status }) => status),
      ["available", "available"],
    );
    assert.notEqual(await address(), undefined);
  });
});
