import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import { rendered, runProgram, stackConfig } from "../../review/evaluate/render.ts";
import { random } from "./harness.ts";

describe("the program", () => {
  it("registers the same in six runs whose answers come in shuffled order", async () => {
    const config = stackConfig("test");
    const expected = JSON.stringify(rendered(await runProgram({ stack: "test", config })));
    for (let run = 1; run <= 5; run++) {
      const next = random(run);
      // Some answers come at once, some up to three turns of the event loop later.
      const delay = async (): Promise<void> => {
        for (let turns = Math.floor(next() * 4); turns > 0; turns--) await turn();
      };
      const actual = JSON.stringify(rendered(await runProgram({ stack: "test", config, delay })));
      assert.ok(actual === expected, `run ${run} differs from the first`);
    }
  });
});
