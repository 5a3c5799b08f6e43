import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import { rendered, runProgram, stackConfig } from "../../review/evaluate/render.ts";
import { random } from "../../lab/random.ts";
import { renderedStack } from "./recordings.ts";

describe("the program", () => {
  it("the program registers the same resources in six runs whose answers arrive in shuffled order", async () => {
    const config = stackConfig("test");
    const expected = JSON.stringify(await renderedStack("test"));
    for (let run = 1; run <= 5; run++) {
      const next = random(run);
      // Answers arrive after zero to three turns of the event loop.
      const delay = async (): Promise<void> => {
        for (let turns = Math.floor(next() * 4); turns > 0; turns--) await turn();
      };
      const actual = JSON.stringify(rendered(await runProgram({ stack: "test", config, delay })));
      assert.ok(actual === expected, `run ${run} differs from the first`);
    }
  });
});
