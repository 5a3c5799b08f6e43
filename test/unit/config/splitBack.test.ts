/** `config split --back` brings together what files have in common only where they say the same. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, beforeEach, describe, it } from "mocha";
import { put, withoutPaths } from "../../../config/stackEdit.ts";
import { readStackFile, stackPath } from "../../../config/stackFile.ts";
import { joined, type Part, withOnlySystems, withoutSystems } from "../../../ops/lib/split/systemStacks.ts";

describe("the file of a stack whose systems come back", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "split-"));
  const source = stackPath("stage");
  const whole = path.join(folder, "Pulumi.stage.yaml");
  const part: Part = { system: "packit", stack: "stage-packit", file: path.join(folder, "Pulumi.stage-packit.yaml") };
  beforeEach(() => {
    writeFileSync(whole, withoutSystems(source));
    writeFileSync(part.file, withOnlySystems(source, ["packit"]));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  it("has the part's system and secrets again", () => {
    writeFileSync(whole, joined(whole, [part]));
    const [now, was] = [readStackFile(whole), readStackFile(source)];
    for (const [key, value] of was.entries)
      if (key.startsWith("packit:")) assert.deepEqual(now.entries.get(key), value, key);
  });

  it("is refused where the two say something else of a cluster, with a secret, another salt or a cluster of its own", () => {
    const { text } = readStackFile(part.file);
    const secret = "config:clusters:psi".slice("config:".length);
    for (const [changed, key] of [
      [put(text, ["config", "clusters:settings", "psi"], { paused: true }), "clusters:settings.psi"],
      [
        put(text, ["config", "clusters:settings", "fresh"], { platform: "kubernetes", appsDomain: "apps.test" }),
        "clusters:settings.fresh",
      ],
      [put(text, ["config", secret], { secure: "v1:AAAA:BBBB" }), "clusters:psi"],
      [text.replace(/^encryptionsalt: .*$/m, "encryptionsalt: v1:AAAA:v1:BBBB:CCCC"), "encryptionsalt"],
    ] as const) {
      assert.notEqual(changed, text, key);
      writeFileSync(part.file, changed);
      const message = `Pulumi.stage.yaml has not the same ${key} of stage-packit: write what is right into both files; nothing was changed`;
      assert.throws(() => joined(whole, [part]), { message });
    }
    // What the whole alone has is its own affair.
    writeFileSync(part.file, withoutPaths(text, [["config", secret]]));
    joined(whole, [part]);
  });
});
