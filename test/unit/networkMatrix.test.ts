/** The NetworkPolicies of the committed stacks against the table of who talks to whom. */
import assert from "node:assert/strict";
import { before, describe, it } from "mocha";
import { allowed, type Endpoint } from "../live/network/evaluate.ts";
import { expected, type World, worldOf } from "../live/network/matrix.ts";
import { stacks } from "./harness.ts";
import { renderedStack } from "./recordings.ts";

/** Ports of the world that something is allowed to call, and some that nothing is. */
const worldPorts = [22, 25, 53, 80, 88, 443, 2040, 5000, 5432, 5671, 6379, 6443, 6600, 8080, 8443, 9090, 9999];

for (const stack of stacks) {
  describe(`who may talk to whom in stack ${stack}`, () => {
    let world: World;
    before(async () => {
      world = worldOf(stack, await renderedStack(stack));
    });

    it("what a program needs is allowed, also where address blocks do not mean pods", () => {
      const missing = pairs(world)
        .filter(({ from, to, port }) => expected(stack, from, to, port) === "needed")
        .filter(({ from, to, port }) => !allowed(world.policies, from, to, port, false))
        .map(line);
      assert.deepEqual(missing, []);
    });

    it("everything else is refused, also where address blocks mean pods", () => {
      const open = pairs(world)
        .filter(({ from, to, port }) => expected(stack, from, to, port) === "refused")
        .filter(({ from, to, port }) => allowed(world.policies, from, to, port, true))
        .map(line);
      assert.deepEqual(open, []);
    });
  });
}

interface Pair {
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly port: number;
}

/** Every pair of a cluster with every port that the receiver declares. */
function pairs({ endpoints }: World): readonly Pair[] {
  return endpoints.flatMap((from) =>
    endpoints
      .filter((to) => to.cluster === from.cluster && (from.namespace ?? to.namespace) !== undefined)
      .flatMap((to) => {
        const ports = to.name === "outside" ? worldPorts : to.ports.map(({ containerPort }) => containerPort);
        return from.name === "stranger" && to.namespace === undefined ? [] : ports.map((port) => ({ from, to, port }));
      }),
  );
}

function line({ from, to, port }: Pair): string {
  return `${from.cluster} ${from.namespace ?? ""}/${from.name} to ${to.namespace ?? ""}/${to.name}:${port}`;
}
