import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { projectFiles } from "../../config/projectFiles.ts";
import { projectDir } from "../../config/stackFile.ts";

const sources = projectFiles([
  "blocks/**/*.ts",
  "components/**/*.ts",
  "config/**/*.ts",
  "policy/*.ts",
  "review/*.ts",
  "index.ts",
]).map((file) => ({ file, text: readFileSync(path.join(projectDir, file), "utf8") }));

/** The program's files that match a pattern, except for the allowed ones. */
function holding(pattern: RegExp, ...allowed: readonly string[]): readonly string[] {
  return sources.filter(({ file, text }) => !allowed.includes(file) && pattern.test(text)).map(({ file }) => file);
}

describe("house rules", () => {
  it("index.ts has at most 120 lines and any other file at most 300", () => {
    const long = sources
      .map(({ file, text }) => ({ file, lines: text.split("\n").length - 1 }))
      .filter(({ file, lines }) => lines > (file === "index.ts" ? 120 : 300));
    assert.deepEqual(long, []);
  });

  it("only the config's message uses the stack's name", () => {
    assert.deepEqual(holding(/getStack\(|PULUMI_STACK|runtime\.getProject|pulumi\.getProject/, "config/load.ts"), []);
  });

  it("only command lines read the environment, and nothing depends on time or chance", () => {
    const readers = ["givenPassphrase", "childEnvironment", "openDecision", "preflight/environmentCredentials"];
    assert.deepEqual(holding(/process\.env/, ...readers.map((name) => `config/${name}.ts`)), []);
    // A config check may look at the clock: a certificate that has expired is a bad setting.
    const allowed = ["config/passphrase.ts", "components/dials/secrets.ts"];
    assert.deepEqual(holding(/Date\.now|new Date\(\)|Math\.random|randomBytes/, ...allowed), []);
  });
});
