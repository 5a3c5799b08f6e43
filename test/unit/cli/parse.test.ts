import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { defineCommand } from "../../../cli/command.ts";
import { helpOf } from "../../../cli/help.ts";
import { orrery } from "./run.ts";

/** Runs a declaration on words. @returns what its run got */
async function parsed(words: readonly string[]): Promise<unknown> {
  let got: unknown;
  const command = defineCommand({
    usage: "get|set [USER...] -- ARGUMENTS...",
    about: "Does nothing. It only shows what it gets.",
    options: {
      stack: { type: "string", short: "s", value: "S", required: true, help: "the environment" },
      "dry-run": { type: "boolean", help: "change nothing" },
      timeout: { type: "duration", default: "10m", help: "how long" },
      tries: { type: "integer", min: 1, max: 9, default: 3, help: "how often" },
      kind: { type: "choice", choices: ["dev", "prod"], help: "which kind" },
      volume: { type: "string", multiple: true, help: "which volumes" },
    },
    run(values, given, rest) {
      // The types follow from the declaration: these lines do not compile otherwise.
      const { dryRun, timeout, tries, kind, volume, stack, ...none } = values;
      const [verb, ...users]: readonly ["get" | "set", ...string[]] = given;
      const typed: [boolean, number, number, "dev" | "prod" | undefined, readonly string[], string, object] = [
        ...([dryRun, timeout, tries, kind, volume, stack, none] as const),
      ];
      got = { typed, verb, users, rest };
      return 0;
    },
  });
  assert.equal(await command.prepare(words)(), 0);
  return got;
}

describe("A declared command line", () => {
  it("gives its options in their types, with defaults", async () => {
    assert.deepEqual(await parsed(["get", "-s", "prod"]), {
      typed: [false, 600, 3, undefined, [], "prod", {}],
      ...{ verb: "get", users: [], rest: [] },
    });
    const words = ["set", "a", "b", "--stack=x", "--dry-run", "--timeout", "90s", "--tries", "9", "--kind", "dev"];
    assert.deepEqual(await parsed([...words, "--volume", "v", "--volume", "w", "--", "--loud", "x"]), {
      typed: [true, 90, 9, "dev", ["v", "w"], "x", {}],
      ...{ verb: "set", users: ["a", "b"], rest: ["--loud", "x"] },
    });
  });

  it("is refused with the option or word that is missing or wrong, and a suggestion", async () => {
    for (const [words, message] of [
      [["get"], /^--stack S is missing: the environment; there are (\w+, )*prod, /],
      [["get", "--stak", "x"], /^there is no option --stak; did you mean "--stack"\?$/],
      [["gte", "-s", "x"], /^"gte" is not one of get, set; did you mean "get"\?$/],
      [["-s", "x"], /^say get or set$/],
      [["get", "-s"], /^--stack S has no value: the environment$/],
      [
        ["get", "--kind", "--dry-run"],
        /^--kind \S+: another option follows; a value that begins with - is written --kind=VALUE$/,
      ],
      [["get", "--dry-run=yes"], /^--dry-run takes no value$/],
      [["get", "-s", "x", "--kind", "prd"], /^--kind is "prd"; it takes dev, prod; did you mean "prod"\?$/],
      [["get", "-s", "x", "--tries", "0"], /^--tries is "0"; give a whole number from 1 to 9$/],
      [["get", "-s", "x", "--timeout", "soon"], /^--timeout is "soon"; give a duration such as 90s, 15m or 2h$/],
    ] as const) {
      await assert.rejects(() => parsed(words), { message }, words.join(" "));
    }
    const plain = defineCommand({ usage: "NAME", about: "Nothing.", options: {}, run: () => 0 });
    assert.throws(() => plain.prepare([]), { message: "NAME is missing" });
    assert.throws(() => plain.prepare(["a", "b"]), { message: 'unexpected "b"' });
    assert.throws(() => plain.prepare(["a", "--", "b"]), { message: 'unexpected "b" after --' });
  });

  it("explains itself, with placeholders, defaults and choices", () => {
    const command = defineCommand({
      usage: "NAME -- ARGUMENTS...",
      about: `Does this. Lines
are filled.

  this one stays`,
      options: {
        stack: { type: "string", short: "s", value: "S", required: true, help: "the environment" },
        kind: { type: "choice", choices: ["dev", "prod"], default: "dev", multiple: true, help: "which kind" },
        wait: { type: "duration", default: "5m", help: "how long" },
      },
      run: () => 0,
    });
    assert.equal(
      helpOf("demo it", command),
      `Usage: npx orrery demo it NAME --stack S [--kind dev|prod ...] [--wait TIME] -- ARGUMENTS...

Does this. Lines are filled.

  this one stays

Options:
  -s, --stack S    the environment
  --kind dev|prod  which kind; may be repeated (default: dev)
  --wait TIME      how long (default: 5m)
  -h, --help       show this text`,
    );
  });
});

describe("orrery", () => {
  it("exits with 2 for a command line that is wrong, and suggests the right word", async () => {
    for (const [words, message] of [
      [["calysto"], /^orrery: there is no command "calysto"; did you mean "callysto"\?\nnpx orrery --help lists/],
      [
        ["callysto", "bann"],
        /^orrery: callysto has no command "bann"; did you mean "ban"\?\nnpx orrery callysto --help/,
      ],
      [["callysto", "ban", "x", "--jsn"], /^orrery: there is no option --jsn; did you mean "--json"\?\n/],
      [
        ["state", "status"],
        /^orrery: --stack S is missing: .*\nnpx orrery state status --help explains the command\.$/,
      ],
    ] as const) {
      const { code, stdout, stderr } = await orrery(...words);
      assert.deepEqual([code, stdout], [2, ""]);
      assert.match(stderr, message);
    }
    assert.equal((await orrery()).code, 2);
    assert.equal((await orrery("state")).code, 2);
  });

  it("exits with 1 and one line for a command that fails", async () => {
    const { code, stderr } = await orrery("packit", "inspect-certificate", "no-such-file");
    assert.equal(code, 1);
    assert.match(stderr, /^orrery: no-such-file: there is no such file [^\n]*$/);
  });

  it("exits with 2 for a stack that has no file, and names the nearest one", async () => {
    const { code, stderr } = await orrery("config", "check", "--stack", "stge");
    assert.equal(code, 2);
    assert.match(stderr, /^orrery: there is no stack "stge": [^\n]*; did you mean "stage"\?$/);
  });

  it("shows help wherever --help stands, but not behind --", async () => {
    for (const words of [
      ["render", "--help"],
      ["render", "--stack", "x", "-h"],
    ]) {
      const { code, stdout } = await orrery(...words);
      assert.equal(code, 0);
      assert.match(stdout, /^Usage: npx orrery render --stack STACK/);
    }
    assert.equal((await orrery("render", "--stack", "test", "--", "--help")).code, 2);
  });

  it("knows the version of the project", async () => {
    assert.deepEqual(await orrery("--version"), { code: 0, stdout: "0.2.0-dev", stderr: "" });
  });
});
