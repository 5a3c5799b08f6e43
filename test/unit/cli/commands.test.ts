/** What holds of every command, read from the declarations. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { before, describe, it } from "mocha";
import { allCommands, groupSummary, type NamedCommand } from "../../../cli/find.ts";
import { helpOf, summaryOf } from "../../../cli/help.ts";
import { projectFiles } from "../../../config/projectFiles.ts";
import { projectDir } from "../../../config/stackFile.ts";
import { orrery } from "./run.ts";

describe("every command", () => {
  let commands: readonly NamedCommand[];
  before(async () => {
    commands = await allCommands();
  });

  it("says in one short sentence what it does, and each group in a line", () => {
    for (const { name, command } of commands) {
      const summary = summaryOf(command);
      assert.match(summary, /^[A-Z]/, name);
      assert.ok(summary.length <= 130, `${name}: ${summary}`);
      const [group = "", own] = name.split(" ");
      const isCommand = commands.some((one) => one.name === group);
      if (own !== undefined && !isCommand) assert.match(groupSummary(group), /^[A-Z]/, name);
    }
  });

  it("has a help text with its usage and all of its options", () => {
    for (const { name, command } of commands) {
      const help = helpOf(name, command);
      assert.ok(help.startsWith(`Usage: npx orrery ${name}`), name);
      for (const [option, spec] of Object.entries(command.options)) {
        assert.match(help, new RegExp(`^ {2}(-\\w, )?--${option}( .*)?$`, "m"), `${name} --${option}`);
        assert.notEqual(spec.help.trim(), "", `${name} --${option}`);
        assert.doesNotMatch(spec.help, /\.$/, `${name} --${option} ends with a full stop`);
        assert.match(option, /^[a-z][a-z0-9-]*$/, name);
      }
      const long = help.split("\n").filter((line) => line.length > 130);
      assert.deepEqual(long, [], name);
    }
  });

  it("is called by a name that the docs spell as it is, and no other command is in them", () => {
    const names = new Set(commands.map(({ name }) => name));
    const groups = new Set([...names].map((name) => name.split(" ")[0] ?? ""));
    const files = projectFiles(["README.md", "docs/**/*.md", ".github/**/*.yml", ".ci/*"]);
    const unknown = files.flatMap((file) => {
      const text = readFileSync(path.join(projectDir, file), "utf8");
      const calls = [...text.matchAll(/npx orrery ([a-z][a-z-]*)(?: ([a-z][a-z-]*))?/g)].map(([, a, b]) => [a, b]);
      const ops = [...text.matchAll(/npm run (?:--silent )?ops -- ([a-z][a-z-]*)(?: ([a-z][a-z-]*))?/g)];
      const others = [...text.matchAll(/npm run (?:--silent )?(lab|config) -- ([a-z][a-z-]*)/g)];
      return [...calls, ...[...ops, ...others].map(([, a, b]) => [a, b])]
        .filter(([a = "", b = ""]) => !names.has(`${a} ${b}`) && !names.has(a) && !(groups.has(a) && b === ""))
        .map(([a, b]) => `${file}: ${a ?? ""} ${b ?? ""}`);
    });
    assert.deepEqual(unknown, []);
  });

  it("is listed: groups and single commands at the top, a group's commands in the group", async () => {
    const { code, stdout } = await orrery("--help");
    assert.equal(code, 0);
    const tops = new Set(commands.map(({ name }) => name.split(" ")[0] ?? ""));
    for (const top of tops) assert.match(stdout, new RegExp(`^ {2}${top} `, "m"));
    const group = await orrery("state", "-h");
    for (const { name } of commands.filter((one) => one.name.startsWith("state "))) {
      assert.match(group.stdout, new RegExp(`^ {2}${name.slice("state ".length)} `, "m"));
    }
  });

  it("help as a word is --help", async () => {
    for (const words of [[], ["state"], ["state", "backup"]]) {
      const said = await orrery("help", ...words);
      assert.equal(said.code, 0, said.stderr);
      assert.deepEqual(said, await orrery(...words, "--help"));
    }
  });
});
