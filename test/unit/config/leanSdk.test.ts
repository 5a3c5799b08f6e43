import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import debuggable from "@pulumi/pulumi/runtime/debuggable.js";
import { afterEach, beforeEach, describe, it } from "mocha";
import { leanSdk } from "../../../config/leanSdk.ts";
import { runProgram, stackConfig } from "../../../review/evaluate/render.ts";

const before: unknown = Reflect.get(Error, "prepareStackTrace");

/** Calls a function of the SDK that its declarations leave out. */
function call(of: object, name: string, ...args: readonly unknown[]): unknown {
  return (Reflect.get(of, name) as (...args: readonly unknown[]) => unknown).call(of, ...args);
}

describe("lean SDK", () => {
  beforeEach(() => {
    Error.prepareStackTrace = () => "mapped";
    assert.equal(new Error("one").stack, "mapped");
  });
  afterEach(() => {
    Reflect.set(Error, "prepareStackTrace", before);
  });

  it("the lean SDK leaves errors V8's own stack traces, which name file and line", () => {
    leanSdk();
    assert.match(new Error("two").stack ?? "", /^Error: two\n\s+at .*leanSdk\.test\.ts:\d+:\d+/);
  });

  it("the program uses the lean SDK", async () => {
    await runProgram({ stack: "test", config: stackConfig("test") });
    assert.match(new Error("three").stack ?? "", /^Error: three\n\s+at /);
    assert.deepEqual(call(pulumi.Resource, "stackTrace", 0), []);
  });

  it("the lean SDK finds what it switches off in this version of the SDK", () => {
    const names = [
      [pulumi.Resource, "stackTrace"],
      [pulumi.log, "debug"],
      [debuggable, "debuggablePromise"],
    ] as const;
    for (const [of, name] of names) assert.equal(typeof Reflect.get(of, name), "function", name);
    leanSdk();
    const made = Reflect.get(pulumi.log, "debug") as unknown;
    leanSdk();
    assert.equal(Reflect.get(pulumi.log, "debug"), made, "a second call adds nothing");
  });

  it("the lean SDK keeps no stack trace for a promise, and its value", async () => {
    leanSdk();
    const promise = Promise.resolve(1);
    assert.equal(await call(debuggable, "debuggablePromise", promise, "test"), 1);
    assert.equal(Reflect.get(promise, "_debugStackTrace"), "Error");
    assert.ok(Error.stackTraceLimit > 0);
  });
});
