import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { bots, problems, thothConfig } from "./fixture.ts";

/** Problems of the good settings with another Sesheta. */
const sesheta = (changed: object): readonly string[] =>
  problems(thothConfig({ bots: { ...bots, sesheta: { ...bots.sesheta, ...changed } } }));

/** Problems of the good settings with other secrets. */
const secrets = (changed: object): readonly string[] => problems(thothConfig({ bots }, "openshift", changed));

describe("Thoth's config", () => {
  it("secrets are required for what runs, and no others", () => {
    const asked = (settings: object): readonly string[] =>
      problems(new Map([...thothConfig(settings)].filter(([key]) => !/^thoth:(?!settings)/.test(key))))
        .map((problem) => /^thoth:(\w+):/.exec(problem)?.[1] ?? problem)
        .sort();
    assert.deepEqual(asked({}), []);
    assert.deepEqual(asked({ bots }), [
      "genericWebhookSecret",
      "githubOauthToken",
      "githubWebhookSecret",
      "googleChatSpace",
      "googleServiceAccount",
      "kebechetSshKey",
    ]);
  });

  it("an empty or malformed secret is reported by its key and never shown", () => {
    assert.match(secrets({ "thoth:kebechetSshKey": "" }).join(), /^thoth:kebechetSshKey: .*empty/);
    assert.match(
      secrets({ "thoth:googleChatSpace": "AAAA" }).join(),
      /^thoth:googleChatSpace: .*expected spaces\/<id>/,
    );
    const reporting = { bots: { ...bots, kebechet: { sentry: true } } };
    const dsn = problems(thothConfig(reporting, "openshift", { "thoth:sentryDsn": "https://sentry.example.org/1" }));
    assert.match(dsn.join(), /^thoth:sentryDsn: .*expected a DSN of Sentry/);
    const [problem] = secrets({ "thoth:googleServiceAccount": '{"type":"service_account","client_email":"x"}' });
    assert.match(problem ?? "", /^thoth:googleServiceAccount: /);
    assert.doesNotMatch(problem ?? "", /client_email":"x/);
    assert.match(secrets({ "thoth:googleServiceAccount": "{" }).join(), /^thoth:googleServiceAccount: /);
  });

  it("a malformed setting is reported by its key", () => {
    assert.match(sesheta({ scrumSpace: "AAAA" }).join(), /bots\.sesheta\.scrumSpace: .*expected spaces\/<id>/);
    assert.match(sesheta({ scrumUrl: "meet" }).join(), /bots\.sesheta\.scrumUrl: .*expected a URL/);
    assert.match(sesheta({ image: "sesheta:latest" }).join(), /bots\.sesheta\.image: .*pinned by tag or digest/);
    assert.match(sesheta({ build: false }).join(), /bots\.sesheta\.image: got nothing; expected an image/);
    assert.match(sesheta({ scrumRoom: "x" }).join(), /bots\.sesheta\.scrumRoom: there is no such setting/);
    const kebechet = { configuration: "http://example.org/config.yaml" };
    const plain = problems(thothConfig({ bots: { ...bots, kebechet } }));
    assert.match(plain.join(), /bots\.kebechet\.configuration: .*http:\/\/ is taken for a path/);
    const bad = problems(thothConfig({ bots: { ...bots, namespace: "Aicoe_Bots" } }));
    assert.match(bad.join(), /bots\.namespace: .*expected a namespace/);
  });

  it("a cluster that the stack does not have is reported", () => {
    const found = problems(thothConfig({ bots: { ...bots, cluster: "psi" } }));
    assert.match(found.join(), /bots\.cluster: got "psi"; expected the name of a cluster/);
  });
});
