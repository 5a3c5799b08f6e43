/** A hub of Callysto as Terraform made it, on the lab's OpenStack, adopted by `ops adopt` and `pulumi import`. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { Adoption, type AdoptReport } from "./adopt/oldWay.ts";
import { makeOldHub, type OldHub, removeOldHub } from "./adopt/oldCloud.ts";
import { eventually, lab, openstackApi } from "../../lab/harness/cloud.ts";
import { pulumi } from "../../lab/harness/engine.ts";
import { type Change, SystemOnLab } from "../../lab/harness/system.ts";

const api = openstackApi(lab);
const zone = "callysto.farm";
const host = `hub-dev.${zone}`;
const publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPwcM473+nC1I84B5tmyZX9faRVzFSW7YkbLr9UyweBQ orrery-sample";

const at = ["callysto:settings", "environments", "hub-dev"];
/** The stage's hub, with an address and a zone of its own; its server has no machine, so nothing is inside. */
const changes: readonly Change[] = [
  [[...at, "guest"], undefined],
  [["callysto:dummyPassword-hub-dev"], undefined],
  [[...at, "flavor"], "lab.none"],
  [[...at, "image"], "lab-empty"],
  [[...at, "volumes", "size"], 1],
  [[...at, "floatingIp", "mode"], "new"],
  [["callysto:settings", "zones", zone, "mode"], "create"],
  [["callysto:settings", "zones", zone, "email"], "sysadmin@callysto.ca"],
];

describe("adopting Callysto's hub from its previous deployment, on the lab", function () {
  this.timeout(600_000);
  let adoption: Adoption;
  let old: OldHub;
  let report: AdoptReport;

  before(async () => {
    adoption = new Adoption(await SystemOnLab.open("callysto", "stage", changes));
  });
  after(async () => {
    await adoption.system.close();
    await removeOldHub(api, host, zone);
  });

  /** The end of each adopted resource's name, and its id in the cloud. */
  const ids = (): ReadonlyMap<string, string> =>
    new Map(report.adopted.map(({ urn, id }) => [urn.split("::").at(-1) ?? "", id]));
  const names = (urns: readonly string[]): readonly string[] =>
    urns.map((urn) => urn.split("::").at(-1)?.replace("callysto-hub-dev-host-", "") ?? "").sort();

  it("adopt reports the hub as absent while nothing runs", async () => {
    const { status, stderr, report: nothing } = await adoption.plan();
    assert.deepEqual([status, nothing.file, nothing.adopted], [0, null, []], stderr);
    assert.match(stderr, /^nothing that the stack declares runs there/);
  });

  it("adopt refuses an ambiguous name in one line", async () => {
    old = await makeOldHub(api, host, zone, publicKey);
    const twin = await api.post("volume", "/volumes", { volume: { name: `${host}-zfs-01`, size: 1 } });
    const { status, stdout, stderr } = await adoption.ops();
    assert.equal(status, 1, stdout);
    const [line, ...more] = stderr.trimEnd().split("\n");
    assert.match(
      line ?? "",
      new RegExp(`^PROBLEM  Volume ${host}-zfs-01: the project has 2 of that name .*${twin.id}`),
    );
    assert.deepEqual(more, ["nothing was written; run this again after that"]);
    await eventually(
      "the volume",
      () => api.get("volume", `/volumes/${twin.id}`),
      ({ status: now }) => now === "available",
    );
    await api.delete("volume", `/volumes/${twin.id}`);
    await eventually(
      "the volume's end",
      () => api.exists("volume", `/volumes/${twin.id}`),
      (there) => !there,
    );
  });

  it("adopt matches cloud resources by names, and by what they are attached to", async () => {
    const plan = await adoption.plan();
    assert.deepEqual([plan.status, plan.report.problems], [0, []], plan.stderr);
    report = plan.report;
    const found = ids();
    const own = (name: string): string | undefined => found.get(`callysto-hub-dev-host-${name}`);
    assert.deepEqual(
      {
        Instance: own("server-instance"),
        Port: own("server-port"),
        SecGroup: own("security-group"),
        FloatingIp: own("address-ip"),
        Zone: found.get("callysto-callysto-farm-zone"),
        "zfs-01": own("volumes-zfs-01"),
        "zfs-02": own("volumes-zfs-02"),
        A: own("dns-a"),
        AAAA: own("dns-aaaa"),
      },
      { ...old, A: `${old.Zone ?? ""}/${old.A ?? ""}`, AAAA: `${old.Zone ?? ""}/${old.AAAA ?? ""}` },
    );
    assert.equal(own("volumes-zfs-01-attachment"), `${old.Instance ?? ""}/${old["zfs-01"] ?? ""}`);
    assert.equal(own("address-association"), old.FloatingIp);
    assert.equal(own("keypair"), "hub-dev");
    // Metrics were let in only later, and a rebuilt server is entered by a key of its own.
    assert.deepEqual(names(report.created), ["bootstrap-key", "security-metrics-v4", "security-metrics-v6"]);
    assert.deepEqual(report.changes.map(({ urn, operation }) => `${operation} ${names([urn])[0] ?? ""}`).sort(), [
      "update address-ip",
      "update server-port",
      "update volumes-zfs-01",
      "update volumes-zfs-02",
    ]);
  });

  it("after the import the engine plans exactly what adopt announced, and deletes nothing", async () => {
    assert.doesNotMatch(adoption.written(), /orrery-lab/);
    await adoption.import(report);
    await adoption.isAsReported(report);
  });

  it("after the update server, volumes, address and zone are the same ones, and a refresh finds no difference", async () => {
    await adoption.up();
    for (const [service, path] of [
      ["compute", `/servers/${old.Instance ?? ""}`],
      ["volume", `/volumes/${old["zfs-01"] ?? ""}`],
      ["volume", `/volumes/${old["zfs-02"] ?? ""}`],
      ["network", `/floatingips/${old.FloatingIp ?? ""}`],
      ["network", `/ports/${old.Port ?? ""}`],
      ["dns", `/zones/${old.Zone ?? ""}`],
    ] as const) {
      assert.ok(await api.exists(service, path), path);
    }
    assert.equal((await api.get("network", `/floatingips/${old.FloatingIp ?? ""}`)).port_id, old.Port);
    assert.equal((await api.get("volume", `/volumes/${old["zfs-01"] ?? ""}`)).status, "in-use");
    const seen = await pulumi(["refresh", "--preview-only", "--expect-no-changes"], adoption.system.target);
    assert.equal(seen.code, 0, seen.text);
    await adoption.system.assertNoChanges();
    await adoption.system.assertDeployed();
  });

  it("after the update nothing is left to adopt", async () => {
    const { status, stderr, report: rest } = await adoption.plan();
    assert.deepEqual([status, rest.file, rest.adopted, rest.changes, rest.created], [0, null, [], [], []], stderr);
  });

  it("undoing forgets what was adopted, by the engine's history, and lists what the first up created", async () => {
    const refused = await adoption.back("--yes", "--json");
    assert.equal(refused.status, 1, refused.stderr);
    type Rows = readonly { readonly urn: string }[];
    const said = JSON.parse(refused.stdout) as { readonly forgotten: Rows; readonly undecided: Rows };
    const urns = (rows: Rows): readonly string[] => names(rows.map(({ urn }) => urn));
    assert.deepEqual(urns(said.undecided), ["bootstrap-key", "security-metrics-v4", "security-metrics-v6"]);
    assert.deepEqual(urns(said.forgotten), names(report.adopted.map(({ urn }) => urn)));
    const done = await adoption.back("--yes", "--keep", "*");
    assert.equal(done.status, 0, done.stderr);
    assert.ok(await api.exists("compute", `/servers/${old.Instance ?? ""}`));
    const left = (await adoption.system.resources()).filter(({ type }) => !/^(pulumi|orrery):/.test(type));
    assert.deepEqual(names(left.map(({ urn }) => urn)), [
      "bootstrap-key",
      "security-metrics-v4",
      "security-metrics-v6",
    ]);
  });
});
