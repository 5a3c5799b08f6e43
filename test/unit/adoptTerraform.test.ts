/** Terraform's state and Dgraph's groups, as adoption reads them. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, describe, it } from "mocha";
import { readTerraform } from "../../ops/lib/adopt/terraform.ts";
import { copiesOf, groupLoss } from "../../ops/lib/thoth/dgraphGroups.ts";
import { liveCertificates, alphasProblem } from "../../ops/lib/thoth/dgraphAdoption.ts";
import type { ThothSettings } from "../../components/thoth/settings.ts";
import type { Json } from "../../policy/manifest.ts";

describe("Terraform's state", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "orrery-terraform-"));
  after(() => {
    rmSync(folder, { recursive: true });
  });
  const read = (content: unknown) => {
    const file = path.join(folder, "terraform.tfstate");
    writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
    return readTerraform([file]);
  };
  const instance = (attributes: object, more: object = {}): object => ({ schema_version: 0, attributes, ...more });

  it("resources of the cloud are read by address, type and id, in modules, counted and keyed, and nothing else of them", () => {
    const resources = [
      {
        mode: "managed",
        type: "openstack_compute_floatingip_v2",
        name: "ip",
        instances: [instance({ id: "f1", address: "10.0.0.1" })],
      },
      {
        ...{ module: 'module.hubs["a"]', mode: "managed", type: "openstack_blockstorage_volume_v2", name: "zfs" },
        instances: [
          instance({ id: "v1", name: "a-zfs-01" }, { index_key: 0 }),
          instance({ id: "v2", name: "a-zfs-02" }, { index_key: "second" }),
          instance({ id: "v0", name: "a-zfs-01" }, { index_key: 0, deposed: "1f2e" }),
        ],
      },
      { mode: "data", type: "openstack_compute_instance_v2", name: "other", instances: [instance({ id: "s9" })] },
      {
        mode: "managed",
        type: "tls_private_key",
        name: "key",
        instances: [instance({ id: "k", private_key_pem: "secret" })],
      },
    ];
    assert.deepEqual(read({ version: 4, resources }), [
      { address: "openstack_compute_floatingip_v2.ip", type: "FloatingIp", id: "f1", name: "" },
      {
        address: 'module.hubs["a"].openstack_blockstorage_volume_v2.zfs[0]',
        type: "Volume",
        id: "v1",
        name: "a-zfs-01",
      },
      {
        address: 'module.hubs["a"].openstack_blockstorage_volume_v2.zfs["second"]',
        type: "Volume",
        id: "v2",
        name: "a-zfs-02",
      },
    ]);
  });

  it("an old state, another provider's state and what is none are refused in one line", () => {
    assert.throws(() => read({ version: 3, modules: [] }), /it has version 3, expected 4/);
    assert.throws(() => read({ version: 4, resources: [] }), /has no openstack_\* resource/);
    assert.throws(() => read("not json"), /it is no JSON/);
  });
});

describe("Dgraph's groups", () => {
  it("a number that ends the only member of a group is refused with the safe ones", () => {
    assert.equal(
      groupLoss(4, 3, 3),
      "3 data servers instead of 4 ends the only member of group 2, and its data with it; safe: dgraph.alphas 4, as now, or 6, which makes every group whole",
    );
    assert.match(groupLoss(6, 3, 3) ?? "", /ends all 3 members of group 2.*safe: dgraph\.alphas 6, as now$/);
    assert.match(groupLoss(6, 3, 4) ?? "", /leaves group 2 1 of 3 members, which is no majority/);
    assert.match(groupLoss(2, 1, 1) ?? "", /ends the only member of group 2/);
    for (const wanted of [4, 5, 6]) assert.equal(groupLoss(4, 3, wanted), undefined);
    assert.equal(groupLoss(3, 3, 2), undefined);
    assert.match(groupLoss(5, 3, 4) ?? "", /leaves group 2 1 of 2 members/);
  });

  it("copies are those of the running managers; Dgraph's own default is one", () => {
    const zero = (...command: readonly string[]): Json => ({
      spec: { template: { spec: { containers: [{ command }] } } },
    });
    assert.equal(copiesOf(zero("bash", "-c", "exec dgraph zero --my=x --replicas 3")), 3);
    assert.equal(copiesOf(zero("dgraph", "zero", "--replicas=5")), 5);
    assert.equal(copiesOf(zero("dgraph", "zero")), 1);
    assert.equal(copiesOf(undefined), 3);
  });

  const settings = {
    dgraph: { mode: "ha", namespace: "graph", certificates: { mode: "generated" } },
  } as unknown as ThothSettings;
  const observed = (live: Readonly<Record<string, Json>>, declared: Readonly<Record<string, Json>> = {}) => ({
    live: (title: string) => live[title],
    declared: (title: string) => declared[title],
  });

  it("running data servers are compared with the declared ones", () => {
    const set = (replicas: number): Json => ({ spec: { replicas } });
    const title = "StatefulSet graph/alpha";
    assert.match(
      alphasProblem(settings, observed({ [title]: set(4) }, { [title]: set(3) })) ?? "",
      /^StatefulSet graph\/alpha: 3 data servers/,
    );
    assert.equal(alphasProblem(settings, observed({ [title]: set(4) }, { [title]: set(4) })), undefined);
    assert.equal(alphasProblem(settings, observed({}, { [title]: set(4) })), undefined);
  });

  it("live certificates become the stack's own, whole or not at all", () => {
    const data = (...keys: readonly string[]): Json => ({
      data: Object.fromEntries(keys.map((key) => [key, Buffer.from(`${key} of old`).toString("base64")])),
    });
    const title = "Secret graph/dgraph-tls";
    const all = ["ca.crt", "node.crt", "node.key", "client.user.crt", "client.user.key"];
    const taken = liveCertificates(settings, observed({ [title]: data(...all) }));
    assert.deepEqual(
      taken.changes.map(({ at, value }) => [at, value]),
      [[["dgraph", "certificates"], { mode: "supplied" }]],
    );
    assert.deepEqual(taken.secrets.map(({ key, text }) => [key, text])[0], ["thoth:dgraphCaCrt", "ca.crt of old"]);
    assert.equal(taken.secrets.length, 5);
    const part = liveCertificates(settings, observed({ [title]: data("ca.crt", "node.crt", "node.key") }));
    assert.match(part.problem ?? "", /without client\.user\.crt, client\.user\.key/);
    assert.deepEqual(liveCertificates(settings, observed({})), { changes: [], secrets: [] });
  });
});
