import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { stackEnvironment } from "../../../config/stackEnvironment.ts";
import { childEnvironment } from "../../../config/childEnvironment.ts";

describe("what the nightly job gives to its commands", () => {
  const job = {
    PATH: "/bin",
    AWS_SECRET_ACCESS_KEY: "key",
    PULUMI_ACCESS_TOKEN: "pul",
    PULUMI_CONFIG_PASSPHRASE: "usual",
    PASSPHRASE_PROD_PACKIT: "own",
    PASSPHRASE_STAGE: "others",
    ALERT_SLACK_WEBHOOK: "https://hooks.example/word",
    GITHUB_TOKEN: "ghs",
  };

  it("is what the engine needs, through the filter for children, and nothing of sinks, GitHub and other stacks", () => {
    const given = childEnvironment("node", stackEnvironment("prod-packit", job), job);
    assert.deepEqual(Object.fromEntries(Object.entries(given).filter(([, text]) => text !== undefined)), {
      PATH: "/bin",
      AWS_SECRET_ACCESS_KEY: "key",
      PULUMI_ACCESS_TOKEN: "pul",
      PULUMI_CONFIG_PASSPHRASE: "own",
    });
  });

  it("is the environment's passphrase for a part of it without one of its own", () => {
    assert.equal(stackEnvironment("stage-dials", job).PULUMI_CONFIG_PASSPHRASE, "others");
  });

  it("is the usual passphrase for a stack without one of its own", () => {
    assert.equal(stackEnvironment("dev", job).PULUMI_CONFIG_PASSPHRASE, "usual");
  });
});
