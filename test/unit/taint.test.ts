import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { RawConfig } from "../../config/secrets.ts";
import { readStackFile, stackPath } from "../../config/stackFile.ts";
import { readersOf } from "../../ops/lib/secrets/usage.ts";
import type { Recording } from "../../review/evaluate/record.ts";
import { rendered, runProgram } from "../../review/evaluate/render.ts";
import { clearTexts } from "../../review/evaluate/secret.ts";
import { goldenDifferences, goldenFiles } from "./golden.ts";
import { canaryConfig, stacks } from "./harness.ts";

/** Texts that reveal a secret: its words, its base64 and its usual hashes. */
function traces(config: RawConfig, fixed: RawConfig): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [key, { value, secret }] of config) {
    if (!secret) continue;
    const same = fixed.get(key)?.value ?? "";
    const words = value.split(/[^A-Za-z0-9+/=_-]+/).filter((word) => word.length >= 8 && !same.includes(word));
    const encoded = Buffer.from(value).toString("base64").replace(/=+$/, "");
    const hashes = ["sha256", "sha1", "md5"].map((name) => createHash(name).update(value).digest("hex"));
    for (const trace of [...words, encoded.slice(0, -2), ...hashes]) found.set(trace, key);
  }
  return found;
}

/** Runs a function and returns everything that it wrote to stdout and stderr. */
async function output(run: () => Promise<void>): Promise<string> {
  const written: string[] = [];
  const keep = (chunk: string | Uint8Array): boolean => written.push(String(chunk)) > 0;
  const restores = [process.stdout, process.stderr].map((stream) => {
    const write = stream.write.bind(stream);
    stream.write = keep;
    return () => (stream.write = write);
  });
  try {
    await run();
  } finally {
    for (const restore of restores) restore();
  }
  return written.join("");
}

for (const stack of stacks) {
  describe(`secrets of stack ${stack}`, () => {
    const config = canaryConfig(stack);
    let recording: Recording;
    let log = "";
    before(async () => {
      log = await output(async () => {
        recording = await runProgram({ stack, config });
      });
    });

    it("secrets appear in no name, label, option, plain input, output, export or log", () => {
      const canaries = traces(config, canaryConfig(stack, "other"));
      const secrets = [...config.values()].filter(({ secret }) => secret);
      assert.ok(canaries.size >= 4 * secrets.length, "every secret has traces to look for");

      const leaks: string[] = [];
      const look = (where: string, text: string): void => {
        for (const [trace, key] of canaries) if (text.includes(trace)) leaks.push(`${key} in ${where}`);
      };
      const { resources, outputs, calls, exports } = recording;
      assert.ok(resources.length > 0);
      for (const { urn, name, inputs, options, parent, provider } of resources) {
        for (const { path, text } of clearTexts({ urn, name, parent, provider, options, inputs }))
          look(urn + path, text);
      }
      for (const [urn, value] of outputs)
        for (const { path, text } of clearTexts(value)) look(`outputs ${urn}${path}`, text);
      for (const { token, inputs } of calls) for (const { path, text } of clearTexts(inputs)) look(token + path, text);
      for (const { path, text } of clearTexts(exports)) look(`exports${path}`, text);
      look("the log", log);
      assert.deepEqual(leaks, []);
      // Other secrets give the same render: nothing in it is computed from one.
      if (process.env.UPDATE_GOLDEN !== "1") {
        assert.deepEqual(goldenDifferences(stack, goldenFiles(rendered(recording))), []);
      }
    });

    it(`every secret of ${stack} has a reader`, () => {
      const { entries } = readStackFile(stackPath(stack));
      const keys = [...config].flatMap(([key, { secret }]) => (secret && entries.has(key) ? [key] : []));
      const without = readersOf(recording.resources, config, keys).filter(({ places }) => places.length === 0);
      // The test stack does not configure its hub's guest, so nothing logs in to it.
      assert.deepEqual(
        without.map(({ key }) => key),
        stack === "test" ? ["callysto:deployPrivateKey"] : [],
      );
    });
  });
}

describe("the search for secrets", () => {
  it("the search finds a secret in clear text, in base64 and hashed", () => {
    const secret = (value: string): RawConfig => new Map([["a:b", { value, secret: true }]]);
    const canaries = traces(secret("hunter2-hunter2"), secret("other"));
    for (const leak of ["hunter2-hunter2", Buffer.from("hunter2-hunter2").toString("base64")]) {
      assert.ok([...canaries.keys()].some((trace) => leak.includes(trace)));
    }
    assert.ok(canaries.has(createHash("sha256").update("hunter2-hunter2").digest("hex")));
  });
});
