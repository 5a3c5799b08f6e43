/** The end of a program whose engine has ended before it; that the SDK's calls fail with these words was seen in updates on a busy machine. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { describe, it } from "mocha";
import { projectDir } from "../../../config/stackFile.ts";

const module = pathToFileURL(path.join(projectDir, "config", "engineEnd.ts")).href;

/** What a program does that says its errors as Pulumi's SDK does, and has one. */
function end(how: string, reports = true): { readonly status: number | null; readonly said: string } {
  const program = `const { endWithEngine } = await import(${JSON.stringify(module)});
    const report = (error) => { console.error("reported", error.stack); process.exit(2); };
    for (const event of ${reports ? '["uncaughtException", "unhandledRejection"]' : "[]"}) process.on(event, report);
    endWithEngine();
    endWithEngine();
    ${how}`;
  const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", program], {
    encoding: "utf8",
  });
  return { status, said: stderr };
}

describe("a program whose engine has ended", () => {
  for (const words of [
    "error serializing property: no network\\n  the cloud said: grpc: the client connection is closing",
    "14 UNAVAILABLE: No connection established. Last error: Error: connect ECONNREFUSED 127.0.0.1:36173.",
    "Channel has been shut down",
    "Resource monitor is terminating",
  ]) {
    it(`ends with 1 and says nothing of "${words.slice(0, 50)}"`, () => {
      assert.deepEqual(end(`Promise.reject(new Error("${words}"));`), { status: 1, said: "" });
      assert.deepEqual(end(`setTimeout(() => { throw new Error("${words}"); });`), { status: 1, said: "" });
    });
  }

  it("leaves every other error to the SDK", () => {
    const { status, said } = end('Promise.reject(new Error("no network named default"));');
    assert.equal(status, 2);
    assert.match(said, /^reported Error: no network named default\n/);
  });

  it("changes nothing without the engine, where nobody else would report an error", () => {
    const { status, said } = end('Promise.reject(new Error("no network named default"));', false);
    assert.equal(status, 1);
    assert.match(said, /Error: no network named default/);
  });
});
