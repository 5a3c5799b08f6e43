/** A hub of Callysto as Terraform made it, on the lab's OpenStack: Terraform's own state tells which of several things is the hub's. */
import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { makeOldHub, type OldHub, removeOldHub } from "./adopt/oldCloud.ts";
import { Adoption } from "./adopt/oldWay.ts";
import { eventually, lab, openstackApi } from "../../lab/harness/cloud.ts";
import { type Change, SystemOnLab } from "../../lab/harness/system.ts";

const api = openstackApi(lab);
const zone = "callysto.farm";
const host = `hub-dev.${zone}`;
const publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPwcM473+nC1I84B5tmyZX9faRVzFSW7YkbLr9UyweBQ orrery-sample";
const at = ["callysto:settings", "environments", "hub-dev"];
const changes: readonly Change[] = [
  [[...at, "guest"], undefined],
  [["callysto:dummyPassword-hub-dev"], undefined],
  [[...at, "flavor"], "lab.tiny"],
  [[...at, "image"], "lab-empty"],
  [[...at, "volumes", "size"], 8],
  [[...at, "floatingIp", "mode"], "new"],
  [["callysto:settings", "zones", zone, "mode"], "create"],
  [["callysto:settings", "zones", zone, "email"], "sysadmin@callysto.ca"],
];

describe("adopting Callysto's hub with Terraform's state, on the lab", function () {
  this.timeout(600_000);
  const state = path.join(lab.dir, "terraform.tfstate");
  let adoption: Adoption;
  let old: OldHub;
  let twin: string;

  before(async () => {
    adoption = new Adoption(await SystemOnLab.open("callysto", "stage", changes, { as: "stage-callysto-terraform" }));
    old = await makeOldHub(api, host, zone, publicKey);
    twin = (await api.post("volume", "/volumes", { volume: { name: `${host}-zfs-01`, size: 1 } })).id;
    await eventually(
      "the volume",
      () => api.get("volume", `/volumes/${twin}`),
      ({ status }) => status === "available",
    );
    writeFileSync(state, JSON.stringify(stateOf(old)));
  });
  after(async () => {
    rmSync(state, { force: true });
    await adoption.system.close();
    await removeOldHub(api, host, zone);
  });

  /** As Terraform writes it: version 4, a module for the hub, a counted resource for the volumes. */
  function stateOf(hub: OldHub): object {
    const provider = 'provider["registry.terraform.io/terraform-provider-openstack/openstack"]';
    const managed = (type: string, name: string, instances: readonly object[]): object => {
      return { module: "module.hub", mode: "managed", type, name, provider, instances };
    };
    const volumes = ["zfs-01", "zfs-02"].map((suffix, index_key) => {
      return { index_key, schema_version: 0, attributes: { id: hub[suffix], name: `${host}-${suffix}`, size: 1 } };
    });
    return {
      ...{ version: 4, terraform_version: "1.5.7", serial: 12, lineage: "6f1c3a0e", outputs: {} },
      resources: [
        { mode: "data", type: "openstack_images_image_v2", name: "image", provider, instances: [] },
        managed("openstack_blockstorage_volume_v3", "zfs", volumes),
        managed("openstack_compute_instance_v2", "hub", [
          { attributes: { id: hub.Instance, name: host, admin_pass: "of-old" } },
        ]),
        managed("openstack_networking_secgroup_v2", "gone", [{ attributes: { id: "00000000-gone", name: "gone" } }]),
      ],
    };
  }

  it("without the state a second volume of the name is refused, with it Terraform's own is adopted", async () => {
    const alone = await adoption.plan("--dry-run", "--accept", "*");
    assert.equal(alone.status, 1);
    assert.match(alone.stderr, /^PROBLEM {2}Volume hub-dev\.callysto\.farm-zfs-01: the project has 2 of that name/m);
    const { status, stderr, report } = await adoption.plan("--dry-run", "--accept", "*", "--terraform", state);
    assert.deepEqual([status, report.problems], [0, []], stderr);
    const ids = report.adopted.map(({ id }) => id);
    assert.ok(ids.includes(old["zfs-01"] ?? "") && !ids.includes(twin));
    const { terraform } = report as unknown as { terraform: { adopted: readonly string[]; left: readonly string[] } };
    assert.deepEqual(terraform, {
      adopted: [
        "module.hub.openstack_blockstorage_volume_v3.zfs[0]",
        "module.hub.openstack_blockstorage_volume_v3.zfs[1]",
        "module.hub.openstack_compute_instance_v2.hub",
      ],
      left: ["module.hub.openstack_networking_secgroup_v2.gone"],
    });
  });

  it("what Terraform must forget is printed with the command, and no attribute else", async () => {
    const { stdout } = await adoption.ops("--dry-run", "--accept", "*", "--terraform", state);
    assert.match(stdout, /terraform state rm 'module\.hub\.openstack_compute_instance_v2\.hub'/);
    assert.doesNotMatch(stdout, /of-old/);
  });

  it("--suggest takes flavour and sizes from the cloud", async () => {
    const { status, stdout, stderr } = await adoption.ops("--suggest", "--yes", "--json", "--terraform", state);
    assert.equal(status, 0, stderr);
    const { settings } = JSON.parse(stdout) as { settings: readonly { setting: string; to: unknown }[] };
    const said = new Map(settings.map(({ setting, to }) => [setting, to]));
    assert.equal(said.get("callysto:settings.environments.hub-dev.flavor"), "lab.none");
    assert.equal(said.get("callysto:settings.environments.hub-dev.volumes.size"), 1);
    const { report } = await adoption.plan("--dry-run", "--accept", "*", "--terraform", state);
    assert.ok(!report.changes.some(({ urn }) => urn.endsWith("-server-instance")));
  });

  it("a file that is no state of Terraform is refused in one line", async () => {
    const { status, stderr } = await adoption.ops("--terraform", adoption.system.target.file);
    assert.equal(status, 2);
    assert.match(stderr, /^orrery[^\n]*: it is no JSON; terraform state pull > FILE writes Terraform's state/);
  });
});
