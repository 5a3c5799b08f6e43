/** A custom environment of Callysto by `ops callysto new`, deployed on the lab; its server has no machine, so nothing is inside. */
import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { parseDocument } from "yaml";
import { samplePassphrase } from "../../config/samples.ts";
import { dig, eventually, lab, openstackApi } from "../../lab/harness/cloud.ts";
import { initStack, pulumi, type Target } from "../../lab/harness/engine.ts";
import { SystemOnLab } from "../../lab/harness/system.ts";

const api = openstackApi(lab);
const name = "workshop";
const PULUMI_CONFIG_PASSPHRASE = "a passphrase of its own";
const target: Target = {
  stack: name,
  file: path.join(lab.dir, `Pulumi.${name}.yaml`),
  env: { PULUMI_CONFIG_PASSPHRASE },
};

describe("a custom environment of Callysto", function () {
  this.timeout(600_000);
  let stage: SystemOnLab;
  before(async () => {
    stage = await SystemOnLab.open("callysto", "stage");
  });
  after(async () => {
    await pulumi(["state", "unprotect", "--all", "--yes"], target);
    const gone = await pulumi(["destroy", "--yes", "--skip-preview"], target);
    await pulumi(["stack", "rm", "--yes", "--preserve-config"], target);
    rmSync(target.file, { force: true });
    await stage.close();
    assert.equal(gone.code, 0, gone.text);
  });

  it("one command creates a custom environment as a stack file of its own", async () => {
    const env = { PULUMI_CONFIG_PASSPHRASE, ORRERY_LIKE_PASSPHRASE: samplePassphrase("stage") };
    const { code, stdout, stderr } = await stage.ops(["new", name, "--into", lab.dir], env);
    assert.equal(code, 0, stderr);
    assert.match(
      stdout,
      /^made Pulumi\.workshop\.yaml:[^]*next: npx pulumi stack init workshop; npx pulumi up --stack workshop$/m,
    );
  });

  it("a custom environment comes up next to others under its own name, in a zone that another stack owns", async () => {
    const made = parseDocument(readFileSync(target.file, "utf8"));
    const at = ["config", "callysto:settings", "environments", `hub-${name}`];
    made.deleteIn([...at, "guest"]);
    made.deleteIn(["config", `callysto:dummyPassword-hub-${name}`]); // of what is inside, too
    for (const [key, value] of [
      ["flavor", "lab.none"],
      ["image", "lab-empty"],
    ])
      made.setIn([...at, key], value);
    writeFileSync(target.file, made.toString({ lineWidth: 0 }));
    await initStack(target);
    const { code, text } = await pulumi(["up", "--yes", "--skip-preview"], target);
    assert.equal(code, 0, text);
    const { stdout } = await pulumi(["stack", "output", "--json", "callysto"], target);
    const { hostname, address } = (JSON.parse(stdout) as Record<string, { hostname: string; address: string }>)[
      `hub-${name}`
    ] ?? {
      hostname: "",
      address: "",
    };
    assert.match(hostname, /^[a-z]+-[a-z]+\.callysto\.farm$/);
    const records = await eventually(
      "the record",
      () => dig(hostname, "AAAA"),
      (found) => found.length > 0,
    );
    assert.deepEqual(records, [{ address, ttl: 60 }]);
    const volumes = (await api.list("volume", "/volumes/detail")).filter((one) => one.name.startsWith(hostname));
    assert.deepEqual(volumes.map((one) => `${one.name} ${one.status} ${String(one.size)}`).sort(), [
      `${hostname}-zfs-01 in-use 25`,
      `${hostname}-zfs-02 in-use 25`,
    ]);
    const again = await pulumi(["up", "--yes", "--skip-preview", "--expect-no-changes"], target);
    assert.equal(again.code, 0, again.text);
  });
});
