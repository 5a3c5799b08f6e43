/**
 * Random updates under injected faults: proxies before every API of both clouds refuse, fail, reset, delay and truncate what a seed
 * says, or the engine is killed. Afterwards the documented way (docs/faults.md) ends in the declared state. `npm run test:faults`;
 * ORRERY_SEED and ORRERY_RUNS choose, ORRERY_RUN repeats one run alone.
 */
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { random } from "../../lab/random.ts";
import { orphans } from "./census.ts";
import { lab } from "../../lab/harness/cloud.ts";
import { crashedUp, type Moment } from "./crash.ts";
import { openstackServices } from "./faults/front.ts";
import { drawn, type Kind } from "./faults/settings.ts";
import { FaultStack, makeFlavors } from "./faults/stack.ts";
import { drawFaultProfile, hash, formatProfile } from "./faults/faultProfile.ts";

const seed = Number(process.env.ORRERY_SEED ?? Date.now() % 100_000);
const runs = Number(process.env.ORRERY_RUNS ?? 200);
const alone = process.env.ORRERY_RUN === undefined ? undefined : Number(process.env.ORRERY_RUN);

/** Stacks that meet faults side by side: much of an update is waiting. Run n is one of stack n modulo their number. */
const stacks: readonly Kind[] = ["hub", "graph", "hub", "graph", "hub"];

/** Services of OpenStack that keep what an update makes. */
const written = ["nova", "neutron", "cinder", "designate"] as const;

/** Milliseconds of an update within which the engine may be killed. */
const longest = 25_000;

describe(`updates under random faults (ORRERY_SEED=${seed})`, function () {
  this.timeout(0);

  it(`updates end as declared once the faults are over: ${alone === undefined ? `${runs} runs` : `run ${alone}`}`, async () => {
    await makeFlavors();
    const tally: Tally = { began: Date.now(), runs: 0, calm: 0, faults: 0, failed: 0, killed: 0, taken: 0, bad: [] };
    await Promise.all(stacks.map((kind, number) => workOn(kind, number, tally)));
    const { runs: all, calm, faults, failed, killed, taken, bad } = tally;
    console.log(
      `      seed ${seed}: ${all} runs met ${faults} faults, ${calm} of them none; ${failed} updates failed, ${killed} were killed; ` +
        `${taken} things were found again; ${bad.length} runs ended otherwise than declared`,
    );
    if (alone === undefined) {
      assert.deepEqual(await orphans(lab, [], []), []);
      assert.ok(faults > 0 && failed > 0 && calm < all, "no update met a fault");
    }
    assert.deepEqual(bad, []);
  });
});

/** What all runs together came to. */
interface Tally {
  readonly began: number;
  runs: number;
  /** Runs in which nothing went wrong: no fault was injected. */
  calm: number;
  /** Requests with an injected fault. */
  faults: number;
  failed: number;
  killed: number;
  /** Things that a failed update made and its state did not know. */
  taken: number;
  readonly bad: string[];
}

/** All runs of one stack, one after the other. */
async function workOn(kind: Kind, number: number, tally: Tally): Promise<void> {
  const mine = Array.from({ length: runs }, (_, run) => run).filter((run) => run % stacks.length === number);
  const before = (run: number): readonly number[] => mine.filter((one) => one < run);
  const chosen = mine.filter((run) => alone === undefined || run === alone);
  if (chosen.length === 0) return;
  const open = (run: number): Promise<FaultStack> =>
    FaultStack.open({ kind, mark: `faults-${number}-${run}` }, drawn(seed, before(run)));
  let stack = await open(chosen[0] ?? 0);
  try {
    if (alone !== undefined && before(alone).length > 0) {
      const made = await stack.up();
      assert.equal(made.code, 0, made.text);
      await stack.isWhole();
    }
    for (const run of chosen) {
      try {
        await runUnderFaults(stack, run, [...before(run), run], tally);
      } catch (error) {
        tally.bad.push(`ORRERY_SEED=${seed} ORRERY_RUNS=${runs} ORRERY_RUN=${run} npm run test:faults`);
        console.log(`      run ${run} ${kind} FAILED: ${error instanceof Error ? error.message : String(error)}`);
        console.log(`        repeat it alone: ${tally.bad.at(-1) ?? ""}`);
        await stack.close(); // what it left would fail all that follows
        stack = await open(run);
      }
    }
    await destroyed(stack);
  } finally {
    await stack.close();
  }
}

/** One run: other settings, an update under a fault profile or one that is killed, then what an operator does. */
async function runUnderFaults(stack: FaultStack, run: number, upTo: readonly number[], tally: Tally): Promise<void> {
  const draw = random(hash(`${seed} run ${run}`));
  const profile =
    stack.place.kind === "hub"
      ? drawFaultProfile(draw, openstackServices, written)
      : drawFaultProfile(draw, ["kubernetes"]);
  const killedAt = draw() < 0.12 ? Math.floor(draw() * longest) : undefined;
  const whole = draw() < 0.5;
  if (draw() < 0.05 && upTo.length > 1) {
    stack.front.storm(`${seed} destroy ${run}`, profile);
    await stack.system.destroy();
    stack.front.calm();
    await destroyed(stack);
  }
  stack.write(drawn(seed, upTo));
  stack.front.storm(`${seed} ${run}`, profile);
  const ended =
    killedAt === undefined ? await stack.up() : await crashed(stack, { creating: 0, delay: killedAt, whole });
  stack.front.calm();
  const faults = stack.front.injected.length;
  const failed = ended.code !== 0;
  const killed = failed && killedAt !== undefined;
  const healed = failed ? await stack.heals({ text: ended.text, killed }) : "nothing";
  try {
    await stack.isWhole();
    if (run % 7 === 0) await stack.system.assertNoChanges();
  } catch (error) {
    throw new Error(`${String(error)}\n${stack.front.injected.join("\n")}\n${ended.text}`, { cause: error });
  }
  tally.runs++;
  if (faults === 0 && !killed) tally.calm++;
  tally.faults += faults;
  if (failed) tally.failed++;
  if (killed) tally.killed++;
  tally.taken += Number(/\((\d+) taken in\)/.exec(healed)?.[1] ?? 0);
  const how = killed ? `killed after ${killedAt} ms` : failed ? "failed" : "went through";
  const seconds = Math.round((Date.now() - tally.began) / 1000);
  console.log(
    `      ${String(seconds).padStart(5)} s  run ${run} ${stack.place.mark} ${stack.place.kind}: ` +
      `${formatProfile(profile)}: ${faults} faults, ${how}; needed ${healed}`,
  );
}

/** Takes the stack down and asserts that the clouds have nothing of it. */
async function destroyed(stack: FaultStack): Promise<void> {
  const gone = await stack.system.destroy();
  if (gone.code !== 0) {
    await stack.recover();
    const again = await stack.system.destroy();
    assert.equal(again.code, 0, again.text);
  }
  stack.forget();
  assert.deepEqual(await stack.orphans([]), []);
  assert.deepEqual(await stack.system.resources(), []);
}

/** An update that is killed, if it has not come to its end before. */
async function crashed(stack: FaultStack, moment: Moment): Promise<{ readonly code: number; readonly text: string }> {
  const text = await crashedUp(stack.system.target, moment);
  return text === undefined ? { code: 0, text: "" } : { code: 1, text };
}
