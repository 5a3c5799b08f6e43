import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, it } from "mocha";
import { z } from "zod";
import { assertNoEnvironmentCredentials } from "../../../config/preflight/environmentCredentials.ts";
import { defineSystem } from "../../../config/define.ts";
import {
  isFromLab,
  publishedWarning,
  realSecrets,
  sampleProblems,
  samplesAtRisk,
} from "../../../config/preflight/samplePassphrase.ts";
import { loadConfig } from "../../../config/load.ts";
import { parseConfig } from "../../../config/parse.ts";
import { isPublished } from "../../../config/published.ts";
import { kubeconfig, unusableKey, publicKeyLine, sample, samplePassphrase } from "../../../config/samples.ts";
import type { ParsedSystem, RawConfig } from "../../../config/secrets.ts";
import { cloudsSchema, clustersSchema } from "../../../config/targets.ts";
import { underEngine } from "./underEngine.ts";

const demo = defineSystem({
  namespace: "demo",
  settings: z.strictObject({
    cluster: z.string().optional(),
    hosts: z.array(z.string()),
    people: z.record(z.string(), z.object({ publicKey: z.string() })).optional(),
  }),
  references: ({ cluster }) => (cluster === undefined ? [] : [{ path: "cluster", kind: "cluster", name: cluster }]),
  secrets: {
    token: { description: "Token.", format: "token", legacySource: { description: "x" } },
    certificate: { description: "Certificate.", format: "pem-certificate", legacySource: { description: "x" } },
    publicKey: { description: "Key.", format: "ssh-public-key", legacySource: { description: "x" } },
  },
  keyedSecrets: {
    password: { description: "Password.", legacySource: { description: "x" }, members: ({ hosts }) => hosts },
  },
});

const samples = { token: sample("token", "demo:token"), certificate: "any", publicKey: "any" };
const members = { a: sample("text", "demo:password-a"), b: sample("text", "demo:password-b") };

/** Keys of the real secrets among these. */
function real(secrets: Readonly<Record<string, string>>, password: Readonly<Record<string, string>>) {
  const parsed: ParsedSystem = { settings: { hosts: ["a", "b"] }, secrets, keyedSecrets: { password } };
  return realSecrets([clustersSchema, demo], new Map([["demo", parsed]]));
}

describe("published passphrases", () => {
  it("the published passphrases are those of the committed stacks and of every other stack's name", () => {
    assert.equal(samplePassphrase("test"), "orrery-lab");
    assert.equal(samplePassphrase("mine"), "orrery-sample-mine");
    for (const known of ["orrery-lab", "orrery-sample-stage", "orrery-sample-prod", "orrery-sample-mine"]) {
      assert.ok(isPublished(known), known);
    }
    for (const other of ["", "orrery-lab-2", "our own", "our orrery-lab"]) assert.ok(!isPublished(other), other);
  });

  it("a published passphrase may encrypt samples, public values and the lab's secrets", () => {
    assert.deepEqual(real(samples, members), []);
    assert.deepEqual(real({ ...samples, token: "orrery-lab" }, {}), []);
    assert.ok(isFromLab(kubeconfig("https://127.0.0.1:6443", "x")));
    for (const text of [
      kubeconfig("https://cluster.test:6443", "x"),
      `# ${kubeconfig("https://127.0.0.1:6443", "x")}`,
      "https://127.0.0.1:6443",
      "orrery-lab ",
    ]) {
      assert.ok(!isFromLab(text), text);
    }
  });

  it("a published passphrase may not encrypt anything else", () => {
    assert.deepEqual(real({ ...samples, token: "own" }, members), ["demo:token"]);
    assert.deepEqual(real(samples, { ...members, b: `${members.a} and more` }), ["demo:password-b"]);
    assert.deepEqual(real(samples, { ...members, b: members.a }), [], "a sample of another key is one, too");
    assert.deepEqual(real({ ...samples, token: "x" }, { a: "y", b: "z" }), [
      "demo:token",
      "demo:password-a",
      "demo:password-b",
    ]);
  });

  it("a warning about a published passphrase names the first five secrets", () => {
    const said = (names: string): string =>
      `the passphrase of stack mine is published with its samples, but it guards secrets that are none: ${names}. ` +
      "Everybody can read them in Pulumi.mine.yaml; change it: npm run ops -- secrets passphrase --stack mine, " +
      "and replace the secrets if the file was ever shared";
    assert.equal(publishedWarning("mine", ["a", "b", "c", "d", "e"]), said("a, b, c, d, e"));
    assert.equal(publishedWarning("mine", ["a", "b", "c", "d", "e", "f", "g"]), said("a, b, c, d, e, 2 more"));
  });
});

describe("samples", () => {
  const schemas = [clustersSchema, demo];
  const own = { token: "own", certificate: "own", publicKey: "own" };
  interface Stack {
    readonly target?: { readonly lab?: boolean; readonly allowSamples?: boolean };
    readonly login?: string;
    readonly secrets?: Partial<typeof own>;
    readonly people?: Readonly<Record<string, { readonly publicKey: string }>>;
  }
  /** A stack whose system is in cluster `psi`; all its secrets are real unless given. */
  function stack({ target = {}, login = "kubeconfig", secrets = {}, people = {} }: Stack): Map<string, ParsedSystem> {
    const settings = { psi: { platform: "openshift", appsDomain: "apps.test", ...target } };
    const password = { a: "own a" };
    return new Map([
      ["clusters", { settings, secrets: {}, keyedSecrets: { kubeconfigs: { psi: login } } }],
      [
        "demo",
        {
          settings: { cluster: "psi", hosts: ["a"], people },
          secrets: { ...own, ...secrets },
          keyedSecrets: { password },
        },
      ],
    ]);
  }
  const atRisk = (one: Stack): readonly string[] => samplesAtRisk(schemas, stack(one)).map(({ path: key }) => key);

  it("samples are refused for a cluster other than the lab's, each with its command and the setting that allows them", () => {
    const sampled = {
      login: sample("kubeconfig", "clusters:psi"),
      secrets: { token: samples.token, certificate: sample("pem-certificate", "demo:certificate") },
      people: { andrew: { publicKey: unusableKey("andrew") }, james: { publicKey: "ssh-ed25519 AAAA james" } },
    };
    const said = sampleProblems("mine", schemas, stack(sampled), "orrery-sample-mine");
    assert.equal(
      said,
      `Pulumi.mine.yaml is for clusters and clouds that are not the lab's, and everybody knows 5 of its texts; nothing was changed:
  clusters:psi is a published sample
      npx pulumi config set --stack mine --secret clusters:psi < FILE
  demo:settings.people.andrew.publicKey is the public half of a published sample
      npx pulumi config set --stack mine --path demo:settings.people.andrew.publicKey 'ssh-...'
  demo:token is a published sample
      npx pulumi config set --stack mine --secret demo:token
  demo:certificate is a published sample
      npx pulumi config set --stack mine --secret demo:certificate < FILE
  the stack's passphrase is published
      ORRERY_NEW_PASSPHRASE=... npm run ops -- secrets passphrase --stack mine
what lives in a cluster, a password store or a folder is taken over: npm run ops -- secrets import --help
where samples may go nevertheless:
      npx pulumi config set --stack mine --path clusters:settings.psi.allowSamples true`,
    );
    for (const target of [{ lab: true }, { allowSamples: true }]) {
      assert.equal(sampleProblems("mine", schemas, stack({ ...sampled, target }), "orrery-lab"), undefined);
    }
    assert.equal(sampleProblems("mine", schemas, stack({}), "our own"), undefined);
    assert.match(
      sampleProblems("mine", schemas, stack({}), "orrery-lab") ?? "",
      /knows 1 of its texts.*\n {2}the stack's/,
    );
  });

  it("samples are recognised under another key, within other texts, in base64, and by either half of their keys", () => {
    const key = sample("pem-private-key", "demo:token");
    const base64 = (text: string): string => Buffer.from(text).toString("base64");
    for (const token of [
      ` ${samples.token}\n`,
      sample("token", "of another program's"),
      sample("text", "demo:password-a"),
      `postgres://user:${samples.token}@db.test/x`,
      JSON.stringify({ auths: { "quay.io": { auth: base64(`me:${samples.token}`), password: samples.token } } }),
      base64(`password = ${samples.token}`),
      key,
      JSON.stringify({ type: "service_account", private_key: key }),
      publicKeyLine("demo:token").replace(" orrery-sample", " me"),
      sample("ssh-private-key", "callysto:deployPrivateKey"),
      sample("google-service-account", "x"),
      sample("htpasswd", "x"),
      sample("url", "x"),
      sample("json", "x"),
      sample("kubeconfig", "x"),
    ]) {
      assert.deepEqual(atRisk({ secrets: { token } }), ["demo:token"], token);
    }
  });

  it("owners' texts are not mistaken for samples", () => {
    const pem = generateKeyPairSync("ed25519").privateKey.export({ format: "pem", type: "pkcs8" }).toString();
    for (const token of ["a sample", "sample-1", "https://sample.invalid/", "0".repeat(24), pem, "x@sample.invalid"]) {
      assert.deepEqual(atRisk({ secrets: { token } }), [], token);
    }
    assert.deepEqual(atRisk({ people: { me: { publicKey: "ssh-ed25519 AAAA me" } } }), []);
  });

  it("the lab's own secrets are refused elsewhere, too", () => {
    assert.deepEqual(atRisk({ login: kubeconfig("https://127.0.0.1:16030", "orrery-lab") }), ["clusters:psi"]);
    const said = sampleProblems("mine", schemas, stack({ login: kubeconfig("https://10.0.0.1", "orrery-lab") }), "own");
    assert.match(said ?? "", /^ {2}clusters:psi is the lab's$/m);
  });

  it("samples of systems that run only in the lab are not reported", () => {
    const systems = stack({ target: { lab: true }, secrets: { token: samples.token } });
    const clusters = systems.get("clusters");
    assert.ok(clusters);
    const settings = { ...(clusters.settings as object), other: { platform: "openshift", appsDomain: "x.test" } };
    systems.set("clusters", { ...clusters, settings });
    assert.deepEqual(samplesAtRisk(schemas, systems), []);
  });
});

describe("the lab's mark", () => {
  const raw = (settings: object, secret: readonly [string, string]): RawConfig =>
    new Map([
      [`${secret[0].split(":")[0] ?? ""}:settings`, { value: JSON.stringify(settings), secret: false }],
      [secret[0], { value: secret[1], secret: true }],
    ]);
  const said = (config: RawConfig) =>
    parseConfig(config, [clustersSchema, cloudsSchema]).problems.map(({ path: at, text }) => `${at}: ${text}`);

  it("a cluster marked as the lab is refused unless its server is on this machine", () => {
    const cluster = { psi: { platform: "openshift", appsDomain: "apps.test", lab: true } };
    const at = (server: string): readonly string[] => said(raw(cluster, ["clusters:psi", kubeconfig(server, "t")]));
    for (const here of ["https://127.0.0.1:16030", "https://localhost:6443", "https://[::1]:1"]) {
      assert.deepEqual(at(here), []);
    }
    assert.deepEqual(at("https://sample.invalid:6443"), [], "the sample stands for it in offline work");
    for (const server of ["https://api.psi.test:6443", "https://127.0.0.1.example.org", "https://127.0.0.1@api.test"]) {
      assert.deepEqual(at(server), [
        "clusters:psi: the secret's text is not as it must be: the cluster is marked as the lab (`lab: true`), " +
          "but the server is not on this machine",
      ]);
    }
    const cloud = { region: "R", userName: "u", tenantName: "t", externalNetwork: "p", network: "d", lab: true };
    const cloudAt = (authUrl: string) => said(raw({ rac: { ...cloud, authUrl } }, ["clouds:rac", "x"]));
    assert.deepEqual(cloudAt("http://127.0.0.1:15000/v3"), []);
    assert.deepEqual(cloudAt("https://keystone.test/v3"), [
      "clouds:settings.rac.lab: got true; expected false: authUrl is not on this machine",
    ]);
  });
});

describe("a cluster's kubeconfig", () => {
  it("a kubeconfig that kubectl would read differently is refused by its setting's name, and not quoted", () => {
    const settings = { psi: { platform: "openshift", appsDomain: "apps.test" } };
    const text = kubeconfig("https://api.psi.test:6443", "s3cret").replace("cluster: lab", "cluster: other");
    const config: RawConfig = new Map([
      ["clusters:settings", { value: JSON.stringify(settings), secret: false }],
      ["clusters:psi", { value: text, secret: true }],
    ]);
    assert.deepEqual(
      parseConfig(config, [clustersSchema]).problems.map(({ path: at, text: said }) => `${at}: ${said}`),
      [
        "clusters:psi: the secret's text is not as it must be: expected a kubeconfig; its current-context names no server or no user",
      ],
    );
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

  it("a warning appears when real secrets are under a published passphrase, given by a variable or a file", async () => {
    const passphrase = (text: string) => ({ PULUMI_CONFIG_PASSPHRASE: text });
    const file = path.join(mkdtempSync(path.join(tmpdir(), "guard-")), "passphrase");
    const inFile = { PULUMI_CONFIG_PASSPHRASE_FILE: file };
    writeFileSync(file, "orrery-sample-mine\n");
    for (const known of [passphrase("orrery-sample-mine"), inFile]) {
      assert.deepEqual(await load("own", known), [publishedWarning("mine", ["demo:token"])]);
      assert.deepEqual(await load(samples.token, known), []);
    }
    assert.deepEqual(await load("own", { ...passphrase("our own"), ...inFile }), [], "the variable goes first");
    writeFileSync(file, "our own\n");
    assert.deepEqual(await load("own", inFile), []);
    rmSync(path.dirname(file), { recursive: true });
    await assert.rejects(load("own", inFile), {
      message: `PULUMI_CONFIG_PASSPHRASE_FILE names ${file}, which cannot be read`,
    });
  });

  it("under an engine, samples are refused outside the lab; on mocks they are accepted", async () => {
    const target = (more: object) => plain({ psi: { platform: "openshift", appsDomain: "apps.test", ...more } });
    const sampled = (more: object): RawConfig =>
      new Map([
        ...config(samples.token),
        ["demo:settings", plain({ cluster: "psi", hosts: [] })],
        ["clusters:settings", target(more)],
        ["clusters:psi", { value: kubeconfig("https://127.0.0.1:1", "own"), secret: true }],
      ]);
    const start = () => loadConfig({ demo, clusters: clustersSchema });
    for (const preview of [true, false]) {
      await underEngine(
        () => {
          assert.throws(start, { message: /^Pulumi\.mine\.yaml is for .* knows 3 of its texts/ });
        },
        { config: sampled({}), preview },
      );
      assert.deepEqual(await underEngine(start, { config: sampled({ lab: true }), preview }), []);
      assert.deepEqual(await underEngine(start, { config: sampled({ allowSamples: true }), preview }), []);
    }
    const env = { PULUMI_CONFIG_PASSPHRASE: "orrery-sample-mine" };
    await underEngine(
      () => {
        assert.throws(start, /knows 4 of its texts/);
      },
      { config: sampled({}), env },
    );
  });

  it("a config is refused with the stack's name", async () => {
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

  it("a config is refused when the environment has its own login for the stack's clouds", async () => {
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
            assertNoEnvironmentCredentials({ settings });
          },
          { message },
        );
        assertNoEnvironmentCredentials(undefined);
        assertNoEnvironmentCredentials({ settings: {} });
      },
      { env },
    );
    await underEngine(() => {
      assertNoEnvironmentCredentials({ settings });
    });
    Object.assign(process.env, env);
    try {
      assertNoEnvironmentCredentials({ settings }); // on mocks nobody reads it
    } finally {
      for (const name of Object.keys(env)) Reflect.deleteProperty(process.env, name);
    }
  });
});
