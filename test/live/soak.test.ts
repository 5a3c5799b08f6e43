/**
 * An hour of random events for five systems, while programs, pods, databases, a node and a machine die. ORRERY_MINUTES=10 is a shorter one, which cannot
 * tell whether memory grows; ORRERY_SEED chooses what happens. What the services' own code, for which stand-ins run, would lose is not shown.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { demoSettings, removeCluster, startCluster } from "../../lab/demo/cluster.ts";
import { eventKinds } from "../../lab/demo/soak/events.ts";
import { soakText, wrongs } from "../../lab/demo/soak/record.ts";
import { soak } from "../../lab/demo/soak/soak.ts";
import { deploySystems, type Systems } from "../../lab/demo/soak/systems.ts";
import { lab } from "../../lab/harness/cloud.ts";
import type { Run } from "../../lab/pulumi.ts";

const cluster = demoSettings(lab);
const time = Number(process.env.ORRERY_MINUTES ?? "60") * 60;
const seed = Number(process.env.ORRERY_SEED ?? "1");
const quiet = (): void => undefined;

describe(`services at work while things die (ORRERY_SEED=${seed})`, function () {
  this.timeout((time + 3600) * 1000);
  let run: Run;
  let systems: Systems;

  before(async () => {
    await removeCluster(cluster, quiet);
    run = await startCluster(cluster, quiet);
    systems = await deploySystems(run);
  });
  after(() => removeCluster(cluster, quiet));

  it("no event is lost that the service itself would not lose, nothing is stuck, and memory is flat", async () => {
    const kinds = await eventKinds(run, systems);
    const stop = new AbortController().signal;
    const seen = await soak(run, { systems, kinds, seconds: time, seed, stop });
    assert.deepEqual(wrongs(kinds, seen), [], soakText(kinds, seen));
    assert.ok(seen.faults.length > 0, "nothing died");
  });
});
