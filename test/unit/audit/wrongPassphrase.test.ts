/** A stranger's first mistake: a passphrase that is not the stack's. Each command that would use it says so once, and stops. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { put } from "../../../config/stackEdit.ts";
import { Project } from "./decision/project.ts";

describe("with a wrong passphrase", function () {
  this.timeout(300_000);
  let project: Project;
  before(() => {
    project = new Project();
  });
  after(() => {
    project.remove();
  });

  /** Two systems whose backups have passwords of their own. */
  const withBackups = (text: string): string =>
    ["packit", "stream"].reduce(
      (last, name) =>
        put(last, ["config", `${name}:settings`, "backups"], { repository: "s3:https://s3.example.org/bucket/folder" }),
      text,
    );

  const commands: readonly (readonly string[])[] = [
    ["quota"],
    ["quota", "--json"],
    ["status", "--limit", "2s"],
    ["secrets", "list"],
    ["backups"],
  ];
  for (const words of commands)
    it(`${words.join(" ")} says so in one line`, async () => {
      project.reset({}, words[0] === "backups" ? withBackups : undefined);
      const { code, stdout, stderr } = await project.run(words, { PULUMI_CONFIG_PASSPHRASE: "another" });
      assert.equal(code, 2, stderr);
      assert.equal(stdout, "");
      assert.match(stderr, /^orrery: PULUMI_CONFIG_PASSPHRASE is not the passphrase of stack stage: [^\n]*\n$/);
    });
});
