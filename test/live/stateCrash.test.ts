/**
 * Updates that are killed at random moments, then `ops state recover` and `up`: the stack is as declared, and the clouds have nothing beside
 * it. By name: `npm test -- stateCrash`; ORRERY_SEED repeats a run, ORRERY_KILLS says how many.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { leftovers } from "../../ops/state/leftovers.ts";
import { orphans } from "./census.ts";
import { crashedUp, type Moment, random } from "./crash.ts";
import { lab } from "./cloud.ts";
import { namespace, openStateStack, state } from "./stateStack.ts";
import type { SystemOnLab } from "./system.ts";

const seed = Number(process.env.ORRERY_SEED ?? Date.now() % 100_000);
const kills = Number(process.env.ORRERY_KILLS ?? 6);
/** About as many resources as an undisturbed up of this stack begins to create, components among them. */
const creations = 50;
const draw = random(seed);

describe(`an update that is killed (ORRERY_SEED=${seed})`, function () {
  this.timeout(600_000);
  let stack: SystemOnLab;
  before(async () => {
    stack = await openStateStack();
  });
  after(() => stack.close(namespace));

  const isAsDeclared = async (): Promise<void> => {
    await stack.isReallyThere();
    assert.deepEqual(await orphans(lab, await stack.resources(), [namespace]), []);
  };

  for (let round = 1; round <= kills; round++) {
    const moment: Moment = {
      creating: 1 + Math.floor(draw() * creations),
      delay: Math.floor(draw() * 1500),
      whole: round % 2 === 0,
    };
    const who = moment.whole ? "with its plugins" : "alone";
    const title = `${who}, ${moment.delay} ms after the creation of ${moment.creating} resources was begun`;

    it(`is recovered from, and the next one ends as declared: the engine killed ${title}`, async () => {
      const text = await crashedUp(stack.target, moment);
      assert.notEqual(text, undefined, "the kill came too late");
      const looked = await state(stack, "status");
      assert.equal(looked.code, 1, looked.stdout);
      const planned = await state(stack, "recover", "--dry-run", "--json");
      assert.equal(planned.code, 0, planned.stderr);
      const recovered = await state(stack, "recover");
      assert.equal(recovered.code, 0, `${text ?? ""}\n${recovered.stdout}${recovered.stderr}`);
      console.log(recovered.stdout.replace(/^/gm, "        "));
      assert.deepEqual(await leftovers(), []);
      assert.deepEqual(await orphans(lab, await stack.resources(), [namespace]).then(declaredLater), []);
      assert.equal((await state(stack, "status")).code, 0);
      const done = await stack.up();
      assert.equal(done.code, 0, `${text ?? ""}\n${recovered.stdout}${done.text}`);
      await isAsDeclared();
      await stack.changesNothing();
      await stack.isDestroyed();
      assert.deepEqual(await orphans(lab, [], [namespace]), []);
    });
  }
});

/** Objects of Kubernetes are applied again by the next up, whether they are there or not; OpenStack's would be made twice. */
const declaredLater = (found: readonly string[]): readonly string[] =>
  found.filter((line) => !line.includes(`${namespace}/`));
