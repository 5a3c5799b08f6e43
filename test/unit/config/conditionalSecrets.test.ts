import assert from "node:assert/strict";
import type * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { allOf, type ConfigOf, defineSystem } from "../../../config/define.ts";
import { loadConfig } from "../../../config/load.ts";
import type { RawConfig } from "../../../config/secrets.ts";
import { record } from "../../../review/evaluate/record.ts";
import { buildPackit, development } from "../packit/fixture.ts";
import { bots, buildThoth } from "../thoth/fixture.ts";

const demo = defineSystem({
  namespace: "demo",
  settings: z.strictObject({ webhook: z.boolean(), hosts: z.array(z.string()) }),
  secrets: {
    token: { description: "Always required." },
    webhookKey: { description: "Required with the webhook.", when: ({ webhook }) => webhook },
  },
  keyedSecrets: { password: { description: "Of a host.", members: ({ hosts }) => hosts } },
});
type DemoConfig = ConfigOf<typeof demo>;

type Equal<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;

/** Compiled by tsc; another type of a secret is a compile error. */
const types: {
  readonly token: Equal<DemoConfig["secrets"]["token"], pulumi.Output<string>>;
  readonly webhookKey: Equal<DemoConfig["secrets"]["webhookKey"], pulumi.Output<string> | undefined>;
  readonly names: Equal<keyof DemoConfig["secrets"], "token" | "webhookKey">;
  readonly keyed: Equal<DemoConfig["keyedSecrets"]["password"], Readonly<Record<string, pulumi.Output<string>>>>;
} = { token: true, webhookKey: true, names: true, keyed: true };

function misuse({ secrets }: DemoConfig): readonly pulumi.Output<string>[] {
  // @ts-expect-error a conditional secret must be checked before it is used
  return [secrets.token, secrets.webhookKey];
}

/** The config of a stack that has both secrets, whatever the settings. */
function load(webhook: boolean): Promise<DemoConfig> {
  const config: RawConfig = new Map([
    ["demo:settings", { value: JSON.stringify({ webhook, hosts: ["a"] }), secret: false }],
    ["demo:token", { value: "one", secret: true }],
    ["demo:webhookKey", { value: "two", secret: true }],
    ["demo:password-a", { value: "three", secret: true }],
  ]);
  return new Promise((resolve, reject) => {
    record({ stack: "test", config }, () => {
      const loaded = loadConfig({ demo }).demo;
      if (loaded !== undefined) resolve(loaded);
      return Promise.resolve({});
    }).catch(reject);
  });
}

describe("a secret declared with `when`", () => {
  it("a secret declared with `when` has the type Output<string> | undefined, and any other secret Output<string>", () => {
    assert.ok(Object.values(types).every(Boolean));
    assert.equal(typeof misuse, "function");
  });

  it("a secret is undefined when its settings do not hold, even if the stack has a text for it", async () => {
    const { secrets, keyedSecrets } = await load(false);
    assert.equal(secrets.webhookKey, undefined);
    assert.notEqual(secrets.token, undefined);
    assert.deepEqual(Object.keys(keyedSecrets.password), ["a"]);
    assert.notEqual((await load(true)).secrets.webhookKey, undefined);
  });

  it("an unused secret does not reach Packit's Secrets when a key is generated or errors are not reported", async () => {
    const sentryDsn = "https://unused@sentry.invalid/1";
    const usual = (await buildPackit(development)).resources;
    const { resources } = await buildPackit(development, "packit", {
      sentryDsn,
    });
    assert.deepEqual(resources, usual);
    assert.ok(!JSON.stringify(resources).includes(sentryDsn));
  });

  it("an unused secret does not reach Thoth's Secrets when the bot that reads it is disabled", async () => {
    const settings = { bots: { ...bots, kebechet: { enabled: true, sentry: false } } };
    const dsn = "https://unused@sentry.invalid/1";
    const [usual, set] = [
      await buildThoth(settings),
      await buildThoth(settings, "openshift", { "thoth:sentryDsn": dsn }),
    ];
    assert.deepEqual(set.resources, usual.resources);
  });
});

describe("allOf", () => {
  it("allOf returns the values if all are defined, otherwise undefined", () => {
    assert.deepEqual(allOf({ a: 1, b: "" }), { a: 1, b: "" });
    assert.equal(allOf({ a: 1, b: undefined }), undefined);
  });
});
