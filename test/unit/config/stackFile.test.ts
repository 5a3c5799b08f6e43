import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, describe, it } from "mocha";
import { z } from "zod";
import { defineSystem } from "../../../config/define.ts";
import { sample } from "../../../config/samples.ts";
import {
  offlineConfig,
  projectDir,
  projectName,
  readStackFile,
  sampleConfig,
  secretsOf,
  stackNames,
  stackPath,
} from "../../../config/stackFile.ts";

const dir = mkdtempSync(path.join(tmpdir(), "stackFile-"));

/** A stack file of this text. */
function write(text: string, name = "Pulumi.one.yaml"): string {
  writeFileSync(path.join(dir, name), text);
  return path.join(dir, name);
}
const read = (text: string): ReturnType<typeof readStackFile> => readStackFile(write(text));

/** A system whose certificate and key belong together. */
const demo = defineSystem({
  namespace: "demo",
  settings: z.strictObject({ tls: z.boolean().default(true), hosts: z.array(z.string()).default([]) }),
  secrets: {
    token: { description: "Token.", format: "token", legacySource: { description: "x" } },
    certificate: {
      description: "Certificate.",
      format: "pem-certificate",
      legacySource: { description: "x" },
      sampleSeed: "pair",
    },
    key: { description: "Its key.", format: "pem-private-key", legacySource: { description: "x" }, sampleSeed: "pair" },
  },
  keyedSecrets: {
    password: { description: "Password.", legacySource: { description: "x" }, members: ({ hosts }) => hosts },
  },
});

describe("stack files", () => {
  after(() => {
    rmSync(dir, { recursive: true });
  });

  it("a stack file is found by the stack's name", () => {
    const own = mkdtempSync(path.join(dir, "stacks-"));
    const names = ["Pulumi.yaml", "Pulumi.prod-2.yaml", "Pulumi.a_b.yaml", "Pulumi.x.yaml.bak", "My.Pulumi.y.yaml"];
    for (const name of [...names, "Pulumi.a b.yaml", "Pulumi.Z.yml"]) writeFileSync(path.join(own, name), "");
    writeFileSync(path.join(own, "Pulumi.b.yaml"), "");
    assert.deepEqual(stackNames(own), ["a_b", "b", "prod-2"]);
    assert.equal(stackPath("prod-2", own), path.join(own, "Pulumi.prod-2.yaml"));
    assert.throws(() => stackPath("prod2", own), { message: /; did you mean "prod-2"\?$/ });
    for (const wrong of ["none", "a b", "../x", "b.yaml/../Pulumi.b", ""]) {
      const message = `there is no stack "${wrong}": no file Pulumi.${wrong}.yaml; there are a_b, b, prod-2`;
      assert.throws(() => stackPath(wrong, own), {
        message: wrong === "a b" ? `${message}; did you mean "a_b"?` : message,
      });
    }
  });

  it("the project's name is read from its own file", () => {
    // Somebody may have stacks of their own.
    assert.deepEqual(
      stackNames().filter((name) => /^(prod|stage|test)$/.test(name)),
      ["prod", "stage", "test"],
    );
    assert.equal(stackPath("test"), path.join(projectDir, "Pulumi.test.yaml"));
    assert.equal(projectName(), "orrery");
  });

  it("a stack file holds plain values, maps and secrets", () => {
    const text = `encryptionsalt: v1:a:v1:b:c
config:
  a:text: t
  a:number: 5
  a:null:
  a:map: {x: [1, {y: z}], n: null}
  a:list: [1, 2]
  a:secret:
    secure: v1:b
  a:inside: {x: [{secure: v1:c}, 1]}
`;
    const { entries, ...rest } = read(text);
    assert.deepEqual(rest, { text, encryptionSalt: "v1:a:v1:b:c", provider: undefined });
    assert.deepEqual(Object.fromEntries(entries), {
      "a:text": { value: "t", secret: false },
      "a:number": { value: "5", secret: false },
      "a:null": { value: "null", secret: false },
      "a:map": { value: '{"x":[1,{"y":"z"}],"n":null}', secret: false },
      "a:list": { value: "[1,2]", secret: false },
      "a:secret": { value: "v1:b", secret: true },
      "a:inside": { value: '{"x":[{"secure":"v1:c"},1]}', secret: true },
    });
  });

  it("a stack file may name a secrets provider other than the passphrase", () => {
    assert.equal(read("secretsprovider: hashivault://orrery\nconfig: {}\n").provider, "hashivault://orrery");
    assert.equal(read("secretsprovider: passphrase\nconfig: {}\n").provider, undefined);
    assert.equal(read("secretsprovider: [1]\nconfig: {}\n").provider, undefined);
  });

  it("a stack file without a config map is refused by name, because deploying it would remove everything", () => {
    for (const text of [
      "",
      "# nothing\n",
      "config:\n",
      "- a\n",
      "5\n",
      "config: text\n",
      "config: [a]\n",
      "config: 5\n",
    ]) {
      assert.throws(() => read(text), /^Error: Pulumi\.one\.yaml has no map `config`: it describes nothing/, text);
    }
  });

  it("a stack file that is not YAML is refused by name, line and column", () => {
    assert.throws(() => read("config: [\n"), {
      message:
        "Pulumi.one.yaml: Flow sequence in block collection must be sufficiently indented and end with a ] at line 2, column 1",
    });
  });

  describe("stack files without their passphrase", () => {
    const stack = read(`encryptionsalt: v1:a:v1:b:c
config:
  demo:settings: {hosts: [a]}
  demo:token: {secure: v1:a}
  demo:certificate: {secure: v1:b}
  demo:key: {secure: v1:c}
  demo:password-a: {secure: v1:d}
  demo:other: {secure: v1:e}
  demo:clear: text
`);

    it("each secret can be replaced by a given text", () => {
      const config = offlineConfig(stack, (key) => `for ${key}`);
      assert.deepEqual(config.get("demo:token"), { value: "for demo:token", secret: true });
      assert.deepEqual(config.get("demo:clear"), { value: "text", secret: false });
      assert.deepEqual([...config.keys()], [...stack.entries.keys()]);
    });

    it("a secret gets a sample of its format, and plain text where no schema knows the key", () => {
      const config = sampleConfig(stack, [demo]);
      assert.equal(config.get("demo:token")?.value, sample("token", "demo:token"));
      assert.equal(config.get("demo:key")?.value, sample("pem-private-key", "pair"));
      assert.equal(config.get("demo:certificate")?.value, sample("pem-certificate", "pair"));
      assert.equal(config.get("demo:password-a")?.value, sample("text", "demo:password-a"));
      assert.equal(config.get("demo:other")?.value, sample("text", "demo:other"));
    });

    it("renewed secrets get another sample, and so do those that belong together with them", () => {
      const config = sampleConfig(stack, [demo], new Set(["demo:certificate", "demo:other"]));
      assert.equal(config.get("demo:token")?.value, sample("token", "demo:token"));
      assert.equal(config.get("demo:key")?.value, sample("pem-private-key", "renewed pair"));
      assert.equal(config.get("demo:certificate")?.value, sample("pem-certificate", "renewed pair"));
      assert.equal(config.get("demo:other")?.value, sample("text", "renewed demo:other"));
    });

    it("secrets are listed for systems whose settings are valid, with defaults filled in", () => {
      assert.deepEqual(
        [...secretsOf(stack, [demo]).keys()],
        ["demo:token", "demo:certificate", "demo:key", "demo:password-a"],
      );
      for (const text of [
        "demo:token: {secure: v1:a}",
        "demo:settings: {secure: v1:a}",
        "demo:settings: {hosts: 5}",
        "demo:settings: {tls: true, x: 1}",
      ]) {
        assert.equal(secretsOf(read(`encryptionsalt: v1:a:v1:b:c\nconfig:\n  ${text}\n`), [demo]).size, 0, text);
      }
    });
  });
});
