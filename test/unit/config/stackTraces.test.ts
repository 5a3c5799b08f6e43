import assert from "node:assert/strict";
import { afterEach, it } from "mocha";
import { plainStackTraces } from "../../../config/stackTraces.ts";

const before: unknown = Reflect.get(Error, "prepareStackTrace");

afterEach(() => {
  Reflect.set(Error, "prepareStackTrace", before);
});

it("stack traces are V8's own, whatever has been put in between, and still name file and line", () => {
  Error.prepareStackTrace = () => "mapped";
  assert.equal(new Error("one").stack, "mapped");
  plainStackTraces();
  assert.match(new Error("two").stack ?? "", /^Error: two\n\s+at .*stackTraces\.test\.ts:\d+:\d+/);
});
