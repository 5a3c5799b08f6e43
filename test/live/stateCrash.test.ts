/**
 * Updates that are killed at random moments, each recovered by `ops state recover` before the next: the one that comes to its end leaves the
 * stack as declared, and the clouds have nothing else. By name: `npm test -- stateCrash`; ORRERY_SEED repeats a run.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { pulumi } from "../../lab/harness/engine.ts";
import { orphanPlugins } from "../../ops/lib/state/recovery/plugins.ts";
import { orphans } from "./census.ts";
import { random } from "../../lab/random.ts";
import { crashedUp, type Moment } from "./crash.ts";
import { lab } from "../../lab/harness/cloud.ts";
import { namespace, openStateStack, state } from "./stateStack.ts";
import type { SystemOnLab } from "../../lab/harness/system.ts";

const seed = Number(process.env.ORRERY_SEED ?? Date.now() % 100_000);
const rows = Number(process.env.ORRERY_ROWS ?? 2);
/** Most creations that are begun before an update is killed. */
const most = 10;
const draw = random(seed);

describe(`updates that are killed (ORRERY_SEED=${seed})`, function () {
  this.timeout(1_800_000);
  let stack: SystemOnLab;
  before(async () => {
    stack = await openStateStack();
  });
  after(async () => {
    await pulumi(["cancel", "--yes"], stack.target); // of a failed test
    await stack.close(namespace);
  });

  /** Kills one update and recovers from it. @returns whether there was one to kill: it may have come to its end before */
  async function survives(moment: Moment): Promise<boolean> {
    const text = await crashedUp(stack.target, moment);
    if (text === undefined) return false;
    const looked = await state(stack, "status");
    assert.equal(looked.code, 1, looked.stdout + looked.stderr);
    const recovered = await state(stack, "recover");
    assert.equal(recovered.code, 0, `${text}\n${recovered.stdout}${recovered.stderr}`);
    const who = moment.whole ? "with its plugins" : "alone";
    console.log(`        killed ${who}, ${moment.delay} ms after ${moment.creating} creations were begun; recover:`);
    console.log(recovered.stdout.trimEnd().replace(/^/gm, "          "));
    assert.deepEqual(await orphanPlugins(), []);
    // Objects of Kubernetes are applied again by the next up, whether they are there or not; OpenStack's would be made twice.
    const strange = await orphans(lab, await stack.resources(), [namespace]);
    assert.deepEqual(strange.filter((line) => !line.includes(`${namespace}/`)), []); // prettier-ignore
    return true;
  }

  for (let row = 1; row <= rows; row++) {
    it(`killed updates are recovered one after the other, and the last one ends as declared (${row})`, async () => {
      let kills = 0;
      while (
        await survives({
          creating: 1 + Math.floor(draw() * most),
          delay: Math.floor(draw() * 1500),
          whole: draw() < 0.5,
        })
      )
        kills++;
      assert.ok(kills > 0, "nothing was killed");
      const done = await stack.up();
      assert.equal(done.code, 0, done.text);
      await stack.assertDeployed();
      assert.deepEqual(await orphans(lab, await stack.resources(), [namespace]), []);
      await stack.assertNoChanges();
      await stack.assertDestroyed();
      assert.deepEqual(await orphans(lab, [], []), []);
    });
  }
});
