/** Finding 11: what a stack file lacks is not deleted without a word. With the real engine: test/live/removals.test.ts. */
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { environments } from "../../../components/registry.ts";
import { removalProblem } from "../../../config/preflight/removals.ts";
import { runningState } from "../../../config/preflight/state.ts";
import { underEngine } from "../config/underEngine.ts";
import { render, type Rendered } from "../../../review/evaluate/render.ts";

const urn = (chain: string, name: string): string => `urn:pulumi:prod::orrery::${chain}::${name}`;
const [callysto, hub] = ["orrery:callysto:Callysto", "orrery:callysto:Callysto$orrery:callysto:Hub"];
const host = `${hub}$orrery:callysto:Host`;
const server = (name: string): readonly string[] => [
  urn(hub, `callysto-${name}`),
  urn(host, `callysto-${name}-host`),
  urn(`${host}$openstack:compute/instance:Instance`, `callysto-${name}-host-server-instance`),
  urn(`${host}$openstack:networking/secGroupRule:SecGroupRule`, `callysto-${name}-host-security-ssh`),
  urn(`${host}$openstack:networking/secGroupRule:SecGroupRule`, `callysto-${name}-host-security-http`),
];
const bots = "orrery:thoth:Thoth$orrery:thoth:Bots";
const thoth = [
  urn("orrery:thoth:Thoth", "thoth"),
  urn(bots, "thoth-bots"),
  urn(`${bots}$kubernetes:core/v1:Secret`, "thoth-bots-tokens"),
];
const state = [
  urn("pulumi:pulumi:Stack", "orrery-prod"),
  urn("pulumi:providers:pulumi", "default"),
  urn(callysto, "callysto"),
  ...server("hub-prod"),
  ...server("hub-prod-2"),
  ...thoth,
];

/** What the program would say if it declared the state's resources less those that the expression matches. */
function problemWithout(gone: RegExp, ...removed: readonly string[]): string | undefined {
  const declared = state
    .filter((one) => !gone.test(one))
    .map((one) => {
      const [, , chain = "", name = ""] = one.split("::");
      return { type: chain.split("$").at(-1) ?? "", name };
    });
  return removalProblem("prod", state, { declared, environments, removed });
}

/** The resources below a component. */
function below(resources: readonly Rendered[], top: string): readonly Rendered[] {
  return resources.filter(({ parent }) => parent === top).flatMap((one) => [one, ...below(resources, one.urn)]);
}

describe("what a stack file no longer names", () => {
  it("an environment that the file lacks is refused with what would go and the command that names it", () => {
    assert.equal(
      problemWithout(/::callysto-hub-prod($|-[^2])/),
      `the state of stack prod has what Pulumi.prod.yaml no longer names; nothing was changed, and this would be deleted:
  callysto-hub-prod: 3 resources, Instance callysto-hub-prod-host-server-instance, 2 SecGroupRule
put it back into the file; or, if it is to go, name it, and read what the preview deletes:
      npx pulumi config set --stack prod --path 'orrery:settings.removed[0]' callysto-hub-prod`,
    );
  });

  it("a system that the file lacks is refused once, with what its sections would lose", () => {
    assert.match(
      problemWithout(/::thoth/) ?? "",
      /deleted:\n {2}thoth: 1 resource, Secret thoth-bots-tokens\nput it back/,
    );
  });

  it("an empty file is refused with every system and environment that would go, each counted once", () => {
    assert.match(
      problemWithout(/::(thoth|callysto)/) ?? "",
      /deleted:\n {2}callysto: 6 resources, 2 Instance, 4 SecGroupRule\n {2}thoth: 1 resource, .*\n.*\n.*removed\[0\]' callysto\n.*removed\[1\]' thoth$/,
    );
  });

  it("environments whose names begin alike are told apart", () => {
    assert.match(
      problemWithout(/::callysto-hub-prod/) ?? "",
      /\n {2}callysto-hub-prod: 3 resources, .*\n {2}callysto-hub-prod-2: 3 resources, Instance callysto-hub-prod-2-host-server-instance, /,
    );
  });

  it("what is named may go, with everything inside it, and nothing else", () => {
    assert.equal(problemWithout(/::thoth/, "thoth"), undefined);
    assert.equal(problemWithout(/::callysto-hub-prod/, "callysto-hub-prod", "callysto-hub-prod-2"), undefined);
    const other = problemWithout(/::callysto-hub-prod/, "callysto-hub-prod") ?? "";
    assert.match(other, /deleted:\n {2}callysto-hub-prod-2: .*\nput/);
    assert.match(other, /removed\[1\]' callysto-hub-prod-2$/);
    assert.notEqual(problemWithout(/::thoth-bots/, "thoth-bots-tokens"), undefined);
  });

  it("parts that are no environment come and go as the settings say", () => {
    assert.equal(problemWithout(/hub-prod-host-security|thoth-bots-tokens|::callysto-hub-prod-host$/), undefined);
    assert.equal(problemWithout(/nothing/), undefined);
  });

  it("a name is refused in the list while the file has it, so no removal is allowed in advance", () => {
    assert.equal(
      problemWithout(/nothing/, "gone-long-ago", "thoth"),
      `orrery:settings.removed of stack prod names what Pulumi.prod.yaml has: thoth; take it out of one of the two:
      npx pulumi config rm --stack prod --path 'orrery:settings.removed[1]'`,
    );
  });

  it("an engine that does not give the state is an error, not a permission", async () => {
    const names = { name: "mine", fullName: "organization/orrery/mine" };
    await assert.rejects(
      underEngine(() => runningState(() => names)),
      /^Error: the state of stack organization\/orrery\/mine cannot be read, so nobody knows what this update would delete or make twice; nothing was changed: /,
    );
  });

  it("every type of environment that is guarded is one that the stacks have", async () => {
    const types = new Set([...(await render("prod")), ...(await render("stage"))].map(({ type }) => type));
    assert.deepEqual(
      environments.filter((type) => !types.has(type)),
      [],
    );
  });

  for (const stack of ["prod", "stage"]) {
    it(`each system and environment of ${stack} is refused when it is gone, with the number of its resources`, async () => {
      const resources = await render(stack);
      const guarded = resources.filter(
        ({ type, urn: own }) =>
          environments.includes(type) || (own.split("::")[2] === type && type.startsWith("orrery:")),
      );
      for (const top of guarded) {
        const inside = below(resources, top.urn);
        const gone = new Set([top, ...inside]);
        const problem = removalProblem(
          stack,
          resources.map((one) => one.urn),
          {
            ...{ environments, removed: [] },
            declared: resources.filter((one) => !gone.has(one)),
          },
        );
        const own = inside.filter(({ type }) => !type.startsWith("orrery:")).length;
        assert.match(problem ?? "", new RegExp(`deleted:\\n  ${top.name}: ${own} resources?, .*\\nput it back`));
      }
    });
  }
});
