/** The NetworkPolicies of the committed stacks against the table of who talks to whom. */
import assert from "node:assert/strict";
import { before, describe, it } from "mocha";
import { allowed } from "../live/network/evaluate.ts";
import { expected, lineOf, pairsOf, type World, worldOf } from "../live/network/matrix.ts";
import { stacks } from "./harness.ts";
import { renderedStack } from "./recordings.ts";

for (const stack of stacks) {
  describe(`who may talk to whom in stack ${stack}`, () => {
    let world: World;
    before(async () => {
      world = worldOf(stack, await renderedStack(stack));
    });

    it("what a program needs is allowed, also where address blocks do not mean pods", () => {
      const missing = pairsOf(world)
        .filter(({ from, to, port }) => expected(stack, from, to, port) === "needed")
        .filter(({ from, to, port }) => !allowed(world.policies, from, to, port, false))
        .map(lineOf);
      assert.deepEqual(missing, []);
    });

    it("everything else is refused, also where address blocks mean pods", () => {
      const open = pairsOf(world)
        .filter(({ from, to, port }) => expected(stack, from, to, port) === "refused")
        .filter(({ from, to, port }) => allowed(world.policies, from, to, port, true))
        .map(lineOf);
      assert.deepEqual(open, []);
    });
  });
}
