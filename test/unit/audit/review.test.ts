/** Finding 5: a review runs a stranger's code, which must not get at what is the operator's. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { projectDir } from "../../../config/stackFile.ts";
import { renderAt } from "../../../review/checkout.ts";

/** What a stranger's commit might do instead of rendering. */
const hostile = (spoils: string): string => `
import { readFileSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
const attempt = (work) => { try { return String(work() ?? "done"); } catch (error) { return error.code; } };
console.log(JSON.stringify([{
  env: process.env,
  read: attempt(() => readFileSync(${JSON.stringify(path.join(projectDir, "Pulumi.prod.yaml"))})),
  passwd: attempt(() => readFileSync("/etc/passwd")),
  written: attempt(() => writeFileSync(${JSON.stringify(spoils)}, "x")),
  here: attempt(() => writeFileSync("review/cli.ts", "x")),
  program: attempt(() => spawnSync("id")),
}]));
`;

describe("the review of a stranger's commit", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "stranger-"));
  const spoils = path.join(tmpdir(), `spoils-${process.pid}`);
  let seen: Readonly<Record<string, unknown>>;
  before(async () => {
    mkdirSync(path.join(folder, "review"));
    writeFileSync(path.join(folder, "review", "cli.ts"), hostile(spoils));
    process.env.ORRERY_TEST_PASSPHRASE = "the operator's";
    const checkout = { name: "abc", folder, close: () => Promise.resolve() };
    [seen = {}] = (await renderAt(checkout, "prod", { urns: [], secrets: [] })) as unknown as (typeof seen)[];
  });
  after(() => {
    delete process.env.ORRERY_TEST_PASSPHRASE;
    rmSync(folder, { recursive: true });
  });

  it("a commit's code gets no variable of the operator's, neither passphrase nor keys nor home", () => {
    const env = seen.env as Readonly<Record<string, string>>;
    assert.deepEqual(Object.keys(env).sort(), ["HOME", "LANG", "PATH"]);
    assert.notEqual(env.HOME, process.env.HOME);
  });

  it("a commit's code can read nothing but its checkout and the packages", () => {
    assert.deepEqual([seen.read, seen.passwd], ["ERR_ACCESS_DENIED", "ERR_ACCESS_DENIED"]);
  });

  it("a commit's code can write nothing and start no program", () => {
    assert.deepEqual([seen.written, seen.here, seen.program], Array(3).fill("ERR_ACCESS_DENIED"));
    assert.ok(!existsSync(spoils));
  });
});
