/** A system that `config split` has moved is not made a second time. With the real engine: test/live/split.test.ts. */
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { schemas } from "../../../components/registry.ts";
import { assertNotElsewhere } from "../../../config/preflight/elsewhere.ts";

const packit = { type: "orrery:packit:Packit", name: "packit" };
const stream = { type: "orrery:packit:Packit", name: "stream" };
const urn = (stack: string, name: string): string => `urn:pulumi:${stack}::orrery::orrery:packit:Packit::${name}`;

/** Runs the check in a stack; `backend` has the URNs of the stacks that exist. Returns the stacks that were asked about. */
async function asked(
  name: string,
  declared: readonly (typeof packit)[],
  backend: Readonly<Record<string, readonly string[]>>,
): Promise<readonly string[]> {
  const all: string[] = [];
  const state = { name, fullName: `organization/orrery/${name}`, urns: backend[name] ?? [] };
  await assertNotElsewhere(state, declared, Object.keys(schemas), (full) => {
    all.push(full);
    return Promise.resolve(backend[full.replace("organization/orrery/", "")]);
  });
  return all;
}

describe("a system that another stack has", () => {
  it("is refused in the whole stack after a split, with both ways on", async () => {
    await assert.rejects(asked("prod", [packit, stream], { prod: [], "prod-stream": [urn("prod-stream", "stream")] }), {
      message: `stack prod-stream has stream, and stack prod does not; nothing was changed, as this update would make all of it a second time:
  if \`config split\` or its way back has moved it, merge that change and deploy stack prod-stream;
  to undo the move instead: npx orrery config split --stack prod --back
  if these are two installations that have nothing to do with each other, give one of the stacks another name`,
    });
  });

  it("is refused in its own stack after the way back", async () => {
    await assert.rejects(asked("prod-packit", [packit], { prod: [urn("prod", "packit")] }), {
      message: /^stack prod has packit, and stack prod-packit does not; .*\n.*\n.* config split --stack prod\n/,
    });
  });

  it("is not looked for where the stack has it itself", async () => {
    const both = { prod: [urn("prod", "packit")], "prod-packit": [urn("prod-packit", "packit")] };
    assert.deepEqual(await asked("prod", [packit], both), []);
    assert.deepEqual(await asked("prod", [{ type: "kubernetes:core/v1:Namespace", name: "packit" }], {}), []);
  });

  it("a new stack asks only for those that a split would name, and empty ones do not count", async () => {
    const empty = { "prod-packit": [], "prod-stream": [urn("prod-stream", "packit")] };
    assert.deepEqual(await asked("prod", [packit, stream], empty), [
      "organization/orrery/prod-packit",
      "organization/orrery/prod-stream",
    ]);
    assert.deepEqual(await asked("my-packit", [packit], {}), [
      "organization/orrery/my-packit-packit",
      "organization/orrery/my",
    ]);
  });
});
