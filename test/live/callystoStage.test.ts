/**
 * Callysto's part of the stage stack, as committed, on the lab: up with everything inside, up again, refusal, destroy. Only the
 * flavour is another one, which spares the emulator. On two cores with ten times their work: 26 minutes to come up.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { machineOf, oddities } from "./callysto/machine.ts";
import { dig, eventually, lab, openstackApi } from "../../lab/harness/cloud.ts";
import { SystemOnLab } from "../../lab/harness/system.ts";

describe("Callysto's stage stack", function () {
  this.timeout(3_600_000);
  let stage: SystemOnLab;
  before(async () => {
    stage = await SystemOnLab.open("callysto", "stage", [
      [["callysto:settings", "environments", "hub-dev", "flavor"], "m1.medium"],
    ]);
  });
  after(() => stage.close());

  it("stage is hub-dev with everything inside, reachable by IPv6 only under its name", async () => {
    await stage.assertDeploys();
    const { hostname, address } = await machineOf(stage, "hub-dev");
    assert.equal(hostname, "hub-dev.callysto.farm");
    assert.match(address, /:/);
    const records = await eventually(
      "the record",
      () => dig(hostname, "AAAA"),
      (found) => found.length > 0,
    );
    assert.deepEqual(records, [{ address, ttl: 60 }]);
    assert.deepEqual(await dig(hostname, "A"), []);
    assert.deepEqual(await oddities(stage, "hub-dev"), []);
  });

  it("a second up of stage changes nothing", () => stage.assertNoChanges());

  it("nobody can log in to stage without the one password", async () => {
    const url = `https://[${(await machineOf(stage, "hub-dev")).address}]/jupyter`;
    const words = ["hubtraf", "--url", url, "--insecure", "--json"];
    const refused = await stage.ops(words, { ORRERY_HUB_PASSWORD: "wrong" });
    assert.equal(refused.code, 1);
    assert.match(refused.stdout, /"step":"login","ok":false/);
  });

  it("stage is not destroyed while its volumes are protected, and is cleanly destroyed afterwards", async () => {
    await stage.assertDestroyRefused();
    await stage.assertDestroyed();
    assert.deepEqual(await openstackApi(lab).list("compute", "/servers"), []);
  });
});
