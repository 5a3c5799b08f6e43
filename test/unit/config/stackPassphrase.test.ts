/** The lab's shell has one published passphrase; every sample stack has its own. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "mocha";
import { newSalt } from "../../../config/passphrase.ts";
import { readStackFile, stackPath } from "../../../config/stackFile.ts";
import { stackPassphrase } from "../../../config/stackPassphrase.ts";

describe("The passphrase of a stack", () => {
  const before = process.env.PULUMI_CONFIG_PASSPHRASE;
  const given = (text?: string): void => {
    if (text === undefined) delete process.env.PULUMI_CONFIG_PASSPHRASE;
    else process.env.PULUMI_CONFIG_PASSPHRASE = text;
  };
  beforeEach(() => {
    given();
  });
  afterEach(() => {
    given(before);
  });
  const saltOf = (stack: string) => readStackFile(stackPath(stack)).encryptionSalt;

  it("is the environment's where that is private, right or wrong", () => {
    given("our own");
    assert.equal(stackPassphrase("prod", saltOf("prod")), "our own");
  });

  it("is the sample's own in the lab's shell, unless the lab's opens it", () => {
    given("orrery-lab");
    assert.equal(stackPassphrase("prod", saltOf("prod")), "orrery-sample-prod");
    assert.equal(stackPassphrase("test", saltOf("test")), "orrery-lab");
    assert.equal(stackPassphrase("mine", newSalt("orrery-lab")), "orrery-lab");
  });

  it("is the sample's without one in the environment", () => {
    assert.equal(stackPassphrase("stage", undefined), "orrery-sample-stage");
  });
});
