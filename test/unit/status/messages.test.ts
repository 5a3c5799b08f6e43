import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { messageOf } from "../../../ops/lib/status/row.ts";

describe("what a look says of an error", () => {
  const refused = new Error("connect ECONNREFUSED 127.0.0.1:1");

  it("it is the error's own sentence, with what to do, not what lies below it", () => {
    const own = new Error("pulumi stack output failed: it is locked; npx orrery state recover frees it\nsecond line", {
      cause: new Error("Command failed: pulumi stack output"),
    });
    assert.equal(messageOf(own), "pulumi stack output failed: it is locked; npx orrery state recover frees it");
  });

  it("where an error says nothing, as fetch's does, it is the cause's", () => {
    assert.equal(messageOf(new TypeError("fetch failed", { cause: refused })), refused.message);
    assert.equal(
      messageOf(new TypeError("fetch failed", { cause: new AggregateError([refused], "") })),
      refused.message,
    );
    assert.equal(messageOf("no error"), "no error");
  });
});
