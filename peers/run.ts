/** Runs what is left of a suite. */
import type { Log } from "../lab/component.ts";
import type { Kept } from "./kept.ts";
import type { Control, Result, Session } from "./suite.ts";

/** Milliseconds between two lines about tests that pass. */
const pace = 30_000;

/** Runs the tests without a result until all have one or a stop comes. @throws if a whole run reports none */
export async function runLeft(session: Session, kept: Kept, control: Control, log: Log): Promise<void> {
  let told = 0;
  const report = (result: Result): void => {
    kept.add(result);
    const { test, outcome, seconds, says = "" } = result;
    if (outcome !== "failed" && Date.now() - told < pace) return;
    told = Date.now();
    const done = `${kept.tests.length - kept.left.length} of ${kept.tests.length}`;
    log(`  ${done}: ${test} ${outcome}, ${seconds.toFixed(0)} s${says === "" ? "" : `: ${says.slice(0, 200)}`}`);
  };
  for (let before = -1; kept.left.length > 0 && !control.stop.aborted;) {
    if (before === kept.left.length) throw new Error(`${before} tests were run, and none of them ended`);
    before = kept.left.length;
    await session.run(kept.left, report, control);
  }
}
