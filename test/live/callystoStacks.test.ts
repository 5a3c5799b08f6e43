/**
 * Callysto's part of the prod stack, as committed, on the lab: up with everything inside, up again, refusal,
 * destroy. Overridden are flavours, which spare the emulator, and how long JupyterHub waits for a server in it.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { inside, type Machine, machineOf, oddities, said } from "./callysto/machine.ts";
import { eventually, lab, openstackApi, type Row } from "./cloud.ts";
import { SystemOnLab } from "./system.ts";

const api = openstackApi(lab);
const environments = ["callysto:settings", "environments"];
const flavor = "m1.medium";

describe("Callysto's prod stack", function () {
  this.timeout(3_600_000);
  let prod: SystemOnLab;
  let hub: Machine;
  const homes = async (): Promise<Row[]> =>
    (await api.list("volume", "/volumes/detail")).filter(({ name }) => name.startsWith("hub.callysto.ca-home-"));
  const address = async (): Promise<Row | undefined> =>
    (await api.list("network", "/floatingips")).find(({ description }) => description === "hub.callysto.ca");

  before(async () => {
    prod = await SystemOnLab.open("callysto", "prod", [[[...environments, "hub-prod", "flavor"], flavor]]);
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

  it("is clavius and the hub with everything inside; the hub takes over volumes and an address that exist", async () => {
    const existing = (await address())?.floating_ip_address;
    await prod.comesUp();
    hub = await machineOf(prod, "hub-prod");
    assert.deepEqual([hub.hostname, hub.address], ["hub.callysto.ca", existing]);
    assert.equal((await machineOf(prod, "clavius")).hostname, "clavius.callysto.farm");
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

  it("lets people choose where they log in, and keeps the homes on the mirror", async () => {
    assert.deepEqual(await oddities(prod, "hub-prod"), []);
    const open = "curl -fsSkL -b /tmp/jar -c /tmp/jar --connect-to hub.callysto.ca:443:127.0.0.1:443";
    const page = await inside(prod, hub, `${open} https://hub.callysto.ca/jupyter/hub/login`);
    assert.match(page, /Login with School account/);
    assert.equal(await inside(prod, hub, "zpool list -H -o health tank"), "ONLINE");
  });

  it("looks after two certificates on clavius, once its encrypted volume is open", async () => {
    const timers = await inside(
      prod,
      await machineOf(prod, "clavius"),
      "systemctl list-timers --all --output json 'callysto-certificate@*'",
    );
    assert.deepEqual((JSON.parse(timers) as { unit: string }[]).map(({ unit }) => unit).sort(), [
      "callysto-certificate@dev.timer",
      "callysto-certificate@prod.timer",
    ]);
    assert.equal(await said(prod, ["luks", "status"]), "blank");
    const refused = "renew-certificate dev 2>&1 && exit 1 || true";
    assert.match(await inside(prod, await machineOf(prod, "clavius"), refused), /the encrypted volume is not open/);
  });

  it("gets another volume under one half of the mirror, and the homes are copied to it", async () => {
    await inside(prod, hub, "echo kept >/tank/home/notebook");
    const next = await api.post("volume", "/volumes", { volume: { name: "hub.callysto.ca-home-3", size: 1 } });
    await eventually(
      "the new volume",
      () => api.get("volume", `/volumes/${next.id}`),
      ({ status }) => status === "available",
    );
    const replace = ["replace-volume", "hub.callysto.ca-home-1", "hub.callysto.ca-home-3", "-e", "hub-prod"];
    assert.match(
      await said(prod, [...replace, "--dry-run"]),
      /^would set the volumes of hub-prod to hub\.callysto\.ca-home-3/,
    );
    await said(prod, [...replace, "--yes"]);
    const pool = await eventually(
      "the copy",
      () => inside(prod, hub, "zpool status -P tank; cat /tank/home/notebook"),
      (status) => /state: ONLINE/.test(status) && !/resilver in progress/.test(status),
    );
    assert.ok(pool.includes(`/dev/disk/by-id/virtio-${next.id.slice(0, 20)}-part1`), pool);
    assert.match(pool, /errors: No known data errors\nkept$/);
    assert.deepEqual((await homes()).map(({ name, status }) => `${name} ${status}`).sort(), [
      "hub.callysto.ca-home-1 available",
      "hub.callysto.ca-home-2 in-use",
      "hub.callysto.ca-home-3 in-use",
    ]);
  });

  it("is not destroyed while it holds data, and without what it only took over then", async () => {
    await prod.refusesDestroy();
    await prod.isDestroyed();
    assert.deepEqual(
      (await homes()).map(({ status }) => status),
      ["available", "available", "available"],
    );
    assert.notEqual(await address(), undefined);
  });
});
