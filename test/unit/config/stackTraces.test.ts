import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "mocha";
import { plainStackTraces } from "../../../config/stackTraces.ts";
import { runProgram, stackConfig } from "../../../review/evaluate/render.ts";

const before: unknown = Reflect.get(Error, "prepareStackTrace");

describe("stack traces", () => {
  beforeEach(() => {
    Error.prepareStackTrace = () => "mapped";
    assert.equal(new Error("one").stack, "mapped");
  });
  afterEach(() => {
    Reflect.set(Error, "prepareStackTrace", before);
  });

  it("are V8's own, whatever has been put in between, and still name file and line", () => {
    plainStackTraces();
    assert.match(new Error("two").stack ?? "", /^Error: two\n\s+at .*stackTraces\.test\.ts:\d+:\d+/);
  });

  it("are so in the program", async () => {
    await runProgram({ stack: "test", config: stackConfig("test") });
    assert.match(new Error("three").stack ?? "", /^Error: three\n\s+at /);
  });
});
