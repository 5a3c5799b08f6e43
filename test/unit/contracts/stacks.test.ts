/** Every rendered workload of every stack against the contract of its image. */
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { violations } from "../../../contracts/check/violations.ts";
import { loadContracts } from "../../../contracts/check/load.ts";
import { runProgram, stackConfig } from "../../../review/evaluate/render.ts";
import { stacks } from "../harness.ts";

describe("the contracts of the images", () => {
  const contracts = loadContracts();

  for (const stack of stacks) {
    it(`hold for every workload of ${stack}`, async () => {
      const { resources } = await runProgram({ stack, config: stackConfig(stack) });
      const found = violations(resources, contracts).map(({ where, problem }) => `${where}: ${problem}`);
      assert.deepEqual(found, []);
    });
  }
});
