import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { z } from "zod";
import { refuseAmbientLogins } from "../../../config/ambient.ts";
import { defineSystem } from "../../../config/define.ts";
import { isLabs, isPublished, publishedWarning, realSecrets } from "../../../config/guard.ts";
import { loadConfig } from "../../../config/load.ts";
import { kubeconfig, sample, samplePassphrase } from "../../../config/samples.ts";
import type { ParsedSystem, RawConfig } from "../../../config/secrets.ts";
import { cloudsSchema, clustersSchema } from "../../../config/targetSchemas.ts";
import { underEngine } from "./underEngine.ts";

const demo = defineSystem({
  namespace: "demo",
  settings: z.strictObject({ hosts: z.array(z.string()) }),
  secrets: {
    token: { description: "Token.", format: "token", formerly: "x" },
    certificate: { description: "Certificate.", format: "pem-certificate", formerly: "x" },
    publicKey: { description: "Key.", format: "ssh-public-key", formerly: "x" },
  },
  families: { password: { description: "Password.", formerly: "x", members: ({ hosts }) => hosts } },
});

const samples = { token: sample("token", "demo:token"), certificate: "any", publicKey: "any" };
const members = { a: sample("text", "demo:password-a"), b: sample("text", "demo:password-b") };

/** Keys of the real ones among these. */
function real(secrets: Readonly<Record<string, string>>, password: Readonly<Record<string, string>>) {
  const parsed: ParsedSystem = { settings: { hosts: ["a", "b"] }, secrets, families: { password } };
  return realSecrets([clustersSchema, demo], new Map([["demo", parsed]]));
}

describe("published passphrases", () => {
  it("are those of the committed stacks and of the stack's own name", () => {
    assert.equal(samplePassphrase("test"), "orrery-lab");
    assert.equal(samplePassphrase("mine"), "orrery-sample-mine");
    for (const known of ["orrery-lab", "orrery-sample-stage", "orrery-sample-prod", "orrery-sample-mine"]) {
      assert.ok(isPublished(known, "mine"), known);
    }
    for (const other of ["", "orrery-sample-other", "our own"]) assert.ok(!isPublished(other, "mine"), other);
  });

  it("may guard samples, what is public and what is the lab's", () => {
    assert.deepEqual(real(samples, members), []);
    assert.deepEqual(real({ ...samples, token: "orrery-lab" }, { a: "" }), []);
    assert.ok(isLabs(kubeconfig("https://127.0.0.1:6443", "x")));
    for (const text of [
      kubeconfig("https://cluster.test:6443", "x"),
      `# ${kubeconfig("https://127.0.0.1:6443", "x")}`,
      "https://127.0.0.1:6443",
      "orrery-lab ",
    ]) {
      assert.ok(!isLabs(text), text);
    }
  });

  it("should not guard anything else", () => {
    assert.deepEqual(real({ ...samples, token: "own" }, members), ["demo:token"]);
    assert.deepEqual(real(samples, { ...members, b: members.a }), ["demo:password-b"]);
    assert.deepEqual(real({ ...samples, token: "x" }, { a: "y", b: "z" }), [
      "demo:token",
      "demo:password-a",
      "demo:password-b",
    ]);
  });

  it("are told with the names of the first five secrets", () => {
    const said = (names: string): string =>
      `the passphrase of stack mine is published with its samples, but it guards secrets that are none: ${names}. ` +
      "Everybody can read them in Pulumi.mine.yaml; change it: npm run ops -- secrets passphrase --stack mine, " +
      "and replace the secrets if the file was ever shared";
    assert.equal(publishedWarning("mine", ["a", "b", "c", "d", "e"]), said("a, b, c, d, e"));
    assert.equal(publishedWarning("mine", ["a", "b", "c", "d", "e", "f", "g"]), said("a, b, c, d, e, 2 more"));
  });
});

describe("a program's config", () => {
  const plain = (value: object) => ({ value: JSON.stringify(value), secret: false });
  const config = (token: string): RawConfig =>
    new Map([
      ["demo:settings", plain({ hosts: [] })],
      ["demo:token", { value: token, secret: true }],
      ["demo:certificate", { value: sample("pem-certificate", "x"), secret: true }],
      ["demo:publicKey", { value: sample("ssh-public-key", "x"), secret: true }],
    ]);
  const load = (token: string, env: Readonly<Record<string, string>>): Promise<readonly string[]> =>
    underEngine(() => loadConfig({ demo, clusters: clustersSchema }), { config: config(token), env });

  it("is warned of when real secrets lie under a published passphrase", async () => {
    const passphrase = (text: string) => ({ PULUMI_CONFIG_PASSPHRASE: text });
    assert.deepEqual(await load("own", passphrase("orrery-sample-mine")), [publishedWarning("mine", ["demo:token"])]);
    assert.deepEqual(await load("own", passphrase("our own")), []);
    assert.deepEqual(await load(samples.token, passphrase("orrery-sample-mine")), []);
  });

  it("is refused with the stack's name", async () => {
    const broken = new Map([...config("own")].filter(([key]) => key !== "demo:token"));
    await underEngine(
      () => {
        assert.throws(() => loadConfig({ demo }), {
          message:
            "Pulumi.mine.yaml has 1 problem:\n  demo:token: the secret is missing; Token. Formerly: x.\n" +
            "      npx pulumi config set --stack mine --secret demo:token",
        });
      },
      { config: broken },
    );
  });

  it("is refused when the environment has a login of its own for its clouds", async () => {
    const cloud = { authUrl: "https://k.test/v3", region: "R", externalNetwork: "p", network: "d" };
    const settings = cloudsSchema.settings.parse({ rac: { ...cloud, userName: "u", tenantName: "t" } });
    const message =
      "the environment has OS_CLOUD, OS_TOKEN, which the openstack plugin would use besides clouds:settings\n" +
      "  unset OS_CLOUD OS_TOKEN";
    const env = { OS_CLOUD: "c", OS_TOKEN: "t" };
    await underEngine(
      () => {
        assert.throws(
          () => {
            refuseAmbientLogins({ settings });
          },
          { message },
        );
        refuseAmbientLogins(undefined);
        refuseAmbientLogins({ settings: {} });
      },
      { env },
    );
    await underEngine(() => {
      refuseAmbientLogins({ settings });
    });
    Object.assign(process.env, env);
    try {
      refuseAmbientLogins({ settings }); // on mocks nobody reads it
    } finally {
      for (const name of Object.keys(env)) Reflect.deleteProperty(process.env, name);
    }
  });
});
