import assert from "node:assert/strict";
import { z } from "zod";
import { defineSystem } from "../../config/define.ts";
import { parseConfig } from "../../config/parse.ts";
import { report } from "../../config/problems.ts";
import { sample } from "../../config/samples.ts";
import type { RawConfig, RawEntry } from "../../config/secrets.ts";
import { cloudsSchema, clustersSchema } from "../../config/targets.ts";
import { record } from "../../review/evaluate/record.ts";
import { runProgram, stackConfig } from "../../review/evaluate/render.ts";

/** A separate system, so that these tests depend on the parser only. */
const demo = defineSystem({
  namespace: "demo",
  settings: z.strictObject({
    cluster: z.string(),
    replicas: z.int().min(1).max(5),
    mode: z.enum(["fast", "safe"]).default("safe"),
    name: z.string().regex(/^[a-z]+$/, "expected lower-case letters"),
    hosts: z.record(z.string(), z.strictObject({ port: z.int() })).default({}),
    webhook: z.boolean().default(false),
    store: z
      .discriminatedUnion("kind", [
        z.strictObject({ kind: z.literal("new"), size: z.int() }),
        z.strictObject({ kind: z.literal("existing"), id: z.string() }),
      ])
      .optional(),
  }),
  secrets: {
    token: { description: "Token of the demo.", format: "token", legacySource: { description: "gopass demo/token" } },
    webhookKey: {
      description: "Key of the webhook.",
      format: "pem-private-key",
      legacySource: { description: "vault demo_key" },
      when: ({ webhook }) => webhook,
    },
  },
  keyedSecrets: {
    hostPassword: {
      description: "Password of a host.",
      legacySource: { description: "vault" },
      members: ({ hosts }) => Object.keys(hosts),
    },
  },
  references: ({ cluster }) => [{ path: "cluster", kind: "cluster", name: cluster }],
  rules: ({ replicas, mode }) =>
    mode === "safe" && replicas < 2 ? [{ path: "replicas", problem: "got 1; safe mode needs at least 2" }] : [],
});

const plain = (value: unknown): RawEntry => ({ value: JSON.stringify(value), secret: false });
const secret = (value: string): RawEntry => ({ value, secret: true });

const settings = { cluster: "lab", replicas: 2, name: "demo" };
const valid: Readonly<Record<string, RawEntry>> = {
  "clusters:settings": plain({ lab: { platform: "kubernetes", appsDomain: "apps.lab.test" } }),
  "clusters:lab": secret(sample("kubeconfig", "lab")),
  "demo:settings": plain(settings),
  "demo:token": secret("hunter2-hunter2"),
};

/** The complete message for a config that differs from the valid one; undefined removes a key. */
function message(changes: Readonly<Record<string, RawEntry | undefined>>): string {
  const raw = new Map(
    Object.entries({ ...valid, ...changes }).filter((entry): entry is [string, RawEntry] => !!entry[1]),
  );
  const { problems } = parseConfig(raw, [clustersSchema, cloudsSchema, demo]);
  return problems.length === 0 ? "" : report("stage", problems);
}

/** The same for changed settings of the demo. */
const withSettings = (changed: object): string => message({ "demo:settings": plain({ ...settings, ...changed }) });

/** Message of one problem. */
const problem = (path: string, text: string, fix: string): string =>
  `Pulumi.stage.yaml has 1 problem:\n  ${path}: ${text}\n      ${fix}`;

const set = (path: string): string => `npx pulumi config set --stack stage --path ${path} <value>`;
const rm = (path: string): string => `npx pulumi config rm --stack stage --path ${path}`;

describe("config errors", () => {
  it("a valid config has no errors", () => {
    assert.equal(message({}), "");
    assert.equal(withSettings({ mode: "fast", replicas: 1, store: { kind: "new", size: 1 } }), "");
  });

  const cases: readonly (readonly [title: string, actual: () => string, path: string, text: string, fix: string])[] = [
    [
      "a missing setting",
      () => withSettings({ replicas: undefined }),
      "demo:settings.replicas",
      "got nothing; expected a whole number",
      set("demo:settings.replicas"),
    ],
    [
      "a wrong type",
      () => withSettings({ name: 5 }),
      "demo:settings.name",
      "got 5; expected text",
      set("demo:settings.name"),
    ],
    [
      "a fraction",
      () => withSettings({ replicas: 2.5 }),
      "demo:settings.replicas",
      "got 2.5; expected a whole number",
      set("demo:settings.replicas"),
    ],
    [
      "too much",
      () => withSettings({ replicas: 9 }),
      "demo:settings.replicas",
      "got 9; expected at most 5",
      set("demo:settings.replicas"),
    ],
    [
      "too little",
      () => withSettings({ replicas: 0, mode: "fast" }),
      "demo:settings.replicas",
      "got 0; expected at least 1",
      set("demo:settings.replicas"),
    ],
    [
      "none of a choice",
      () => withSettings({ mode: "slow" }),
      "demo:settings.mode",
      'got "slow"; expected "fast" or "safe"',
      set("demo:settings.mode"),
    ],
    [
      "a pattern, in the schema's own words",
      () => withSettings({ name: "Demo" }),
      "demo:settings.name",
      'got "Demo"; expected lower-case letters',
      set("demo:settings.name"),
    ],
    [
      "a path with a key that needs quotes",
      () => withSettings({ hosts: { "a.b": { port: "x" } } }),
      'demo:settings.hosts["a.b"].port',
      'got "x"; expected a whole number',
      set(`'demo:settings.hosts["a.b"].port'`),
    ],
    [
      "a misspelt setting",
      () => withSettings({ replica: 3 }),
      "demo:settings.replica",
      'there is no such setting; did you mean "replicas"?',
      rm("demo:settings.replica"),
    ],
    [
      "an unknown setting, without its value",
      () => withSettings({ password: "hunter2" }),
      "demo:settings.password",
      "there is no such setting",
      rm("demo:settings.password"),
    ],
    [
      "an unknown setting far down",
      () => withSettings({ hosts: { a: { port: 1, prot: 2 } } }),
      "demo:settings.hosts.a.prot",
      'there is no such setting; did you mean "port"?',
      rm("demo:settings.hosts.a.prot"),
    ],
    [
      "a map that is text",
      () => withSettings({ hosts: "a" }),
      "demo:settings.hosts",
      'got "a"; expected a map',
      "edit Pulumi.stage.yaml: set it under demo:settings",
    ],
    [
      "a wrong variant",
      () => withSettings({ store: { kind: "old" } }),
      "demo:settings.store.kind",
      'got "old"; expected "new" or "existing"',
      set("demo:settings.store.kind"),
    ],
    [
      "a variant's missing setting",
      () => withSettings({ store: { kind: "existing" } }),
      "demo:settings.store.id",
      "got nothing; expected text",
      set("demo:settings.store.id"),
    ],
    [
      "a rule across settings",
      () => withSettings({ replicas: 1 }),
      "demo:settings.replicas",
      "got 1; safe mode needs at least 2",
      set("demo:settings.replicas"),
    ],
    [
      "a cluster that the stack does not have",
      () => withSettings({ cluster: "labb" }),
      "demo:settings.cluster",
      'got "labb"; expected the name of a cluster: clusters:settings has lab; did you mean "lab"?',
      set("demo:settings.cluster"),
    ],
    [
      "a cluster where there is none",
      () => message({ "clusters:settings": undefined, "clusters:lab": undefined }),
      "demo:settings.cluster",
      'got "lab"; expected the name of a cluster: clusters:settings names none',
      set("demo:settings.cluster"),
    ],
    [
      "settings that are text",
      () => message({ "demo:settings": { value: "on", secret: false } }),
      "demo:settings",
      'got "on"; expected a map',
      "edit Pulumi.stage.yaml: demo:settings is a map, see docs/configuration.md",
    ],
    [
      "secrets without settings",
      () => message({ "demo:settings": undefined }),
      "demo:settings",
      "got nothing, though secrets of the system are set; expected a map",
      "edit Pulumi.stage.yaml: demo:settings is a map, see docs/configuration.md",
    ],
    [
      "encrypted settings",
      () => message({ "demo:settings": { ...plain(settings), secret: true } }),
      "demo:settings",
      "holds an encrypted value; settings are plain, a secret has a config key of its own",
      "edit Pulumi.stage.yaml: demo:settings is a map, see docs/configuration.md",
    ],
    [
      "an unknown namespace",
      () => message({ "demos:settings": plain({}) }),
      "demos:settings",
      'no system has the namespace "demos"; did you mean "demo"?',
      rm("demos:settings"),
    ],
    [
      "a missing secret",
      () => message({ "demo:token": undefined }),
      "demo:token",
      "the secret is missing; Token of the demo. Formerly: gopass demo/token.",
      "npx pulumi config set --stack stage --secret demo:token",
    ],
    [
      "a missing secret that the settings ask for, of several lines",
      () => withSettings({ webhook: true }),
      "demo:webhookKey",
      "the secret is missing; Key of the webhook. Formerly: vault demo_key.",
      "npx pulumi config set --stack stage --secret demo:webhookKey < FILE",
    ],
    [
      "a missing member of keyed secrets",
      () => withSettings({ hosts: { a: { port: 1 } } }),
      "demo:hostPassword-a",
      "the secret is missing; Password of a host. Formerly: vault.",
      "npx pulumi config set --stack stage --secret demo:hostPassword-a",
    ],
    [
      "a secret in clear, without its text",
      () => message({ "demo:token": { value: "hunter2-hunter2", secret: false } }),
      "demo:token",
      "the secret is in plain text; encrypt it, and rotate it where it is used",
      "npx pulumi config set --stack stage --secret demo:token",
    ],
    [
      "a malformed secret, without its text",
      () => message({ "demo:token": secret("hunter2 hunter2") }),
      "demo:token",
      "the secret's text is not as it must be: expected a token: printable characters without blanks or line breaks",
      "npx pulumi config set --stack stage --secret demo:token",
    ],
    [
      "an empty secret",
      () => message({ "demo:token": secret(" \n") }),
      "demo:token",
      "the secret's text is not as it must be: is empty",
      "npx pulumi config set --stack stage --secret demo:token",
    ],
    [
      "an unknown secret",
      () => message({ "demo:tokem": secret("hunter2") }),
      "demo:tokem",
      'there is no such secret; did you mean "demo:token"?',
      rm("demo:tokem"),
    ],
    [
      "a cloud with neither user nor application credential",
      () =>
        message({
          "clouds:settings": plain({
            rac: { authUrl: "https://k/v3", region: "R", tenantName: "t", externalNetwork: "p", network: "d" },
          }),
          "clouds:rac": secret("x"),
        }),
      "clouds:settings.rac.userName",
      "got nothing; expected it, or an applicationCredentialId",
      set("clouds:settings.rac.userName"),
    ],
  ];
  for (const [title, actual, path, text, fix] of cases) {
    it(`an error reports ${title}`, () => {
      assert.equal(actual(), problem(path, text, fix));
    });
  }

  it("all errors are reported at once, missing secrets last", () => {
    const broken = {
      "demo:settings": plain({ ...settings, replicas: 7, modus: "safe" }),
      "demo:token": { value: "x", secret: false },
      "clusters:lab": undefined,
      "what:ever": plain(1),
    };
    assert.deepEqual(
      message(broken)
        .split("\n")
        .filter((line) => /^ {2}\S/.test(line))
        .map((line) => line.split(/: /)[0]?.trim()),
      ["what:ever", "demo:settings.replicas", "demo:settings.modus", "demo:token", "clusters:lab"],
    );
    assert.match(message(broken), /^Pulumi\.stage\.yaml has 5 problems:\n/);
  });

  it("errors never show a secret", () => {
    const clear = { value: "hunter2-hunter2", secret: false };
    const text = message({ "demo:token": clear, "demo:settings": plain({ ...settings, oops: "hunter2-hunter2" }) });
    assert.ok(!text.includes("hunter2"), text);
  });
});

describe("a program with an invalid config", () => {
  it("the program ends with one RunError before anything is registered", async () => {
    const config = new Map<string, RawEntry>([...stackConfig("test"), ["thoth:settings", plain({ bot: {} })]]);
    const registered: string[] = [];
    const delay = (): Promise<void> => {
      registered.push("something");
      return Promise.resolve();
    };
    await assert.rejects(
      runProgram({ stack: "test", config, delay }),
      (error: Error & { __pulumiRunError?: boolean }) => {
        assert.equal(error.__pulumiRunError, true);
        assert.match(error.message, /^Pulumi\.test\.yaml has \d+ problems?:\n {2}thoth:settings\.bot: /);
        return true;
      },
    );
    assert.deepEqual(registered, []);
  });

  it("a stack that names no system is refused and registers nothing, because deploying it would remove everything", async () => {
    const config = new Map() satisfies RawConfig;
    await assert.rejects(
      record({ stack: "empty", config }, async () => await import("../../index.ts")),
      /Pulumi\.empty\.yaml has 1 problem:\n {2}config: is empty: deploying it would remove everything/,
    );
  });
});
