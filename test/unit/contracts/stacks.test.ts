/** Every rendered workload of every stack against the contract of its image. */
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { violations } from "../../../contracts/check/violations.ts";
import { stacks } from "../harness.ts";
import { allContracts, stackRecording } from "../recordings.ts";

describe("the contracts of the images", () => {
  for (const stack of stacks) {
    it(`every workload of ${stack} satisfies its image's contract`, async () => {
      const { resources } = await stackRecording(stack);
      const found = violations(resources, allContracts()).map(({ where, problem }) => `${where}: ${problem}`);
      assert.deepEqual(found, []);
    });
  }
});
