import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { isFromLab, realSecrets, sampleProblems, samplesAtRisk } from "../../config/preflight/samplePassphrase.ts";
import { parseConfig } from "../../config/parse.ts";
import { newSalt, openSalt } from "../../config/passphrase.ts";
import { publishedSamples } from "../../config/published.ts";
import { samplePassphrase } from "../../config/samples.ts";
import { clearConfig, readStackFile, secretsOf, stackPath } from "../../config/stackFile.ts";
import { schemas } from "../../components/registry.ts";
import { committed, stacks } from "./harness.ts";

const all = Object.values(schemas);

describe("committed stack files", () => {
  const files = new Map(stacks.map((stack) => [stack, readStackFile(stackPath(stack))]));

  it("each committed stack has its own salt", () => {
    const salts = [...files.values()].map(({ encryptionSalt }) => encryptionSalt?.split(":")[1]);
    assert.ok(!salts.includes(undefined));
    assert.equal(new Set(salts).size, salts.length);
  });

  it("committed stacks share no ciphertext", () => {
    const texts = [...files.values()].flatMap(({ entries }) =>
      [...entries.values()].filter(({ secret }) => secret).map(({ value }) => value),
    );
    assert.equal(new Set(texts).size, texts.length);
  });

  for (const [stack, file] of files) {
    it(`in ${stack} every key but the settings is encrypted, opens with the passphrase and passes its check`, () => {
      const crypter = committed(stack, file.encryptionSalt);
      const config = new Map(
        [...file.entries].map(([key, { value, secret }]) => {
          assert.equal(secret, !key.endsWith(":settings") && !key.startsWith("pulumi:"), key);
          return [key, { value: secret ? crypter.decrypt(value) : value, secret }];
        }),
      );
      assert.deepEqual(parseConfig(config, all).problems, []);
    });
  }
});

describe("secrets in the committed stacks", () => {
  const clear = (stack: string) => {
    const file = readStackFile(stackPath(stack));
    return clearConfig(file, committed(stack, file.encryptionSalt));
  };

  for (const stack of stacks) {
    it(`every secret of ${stack} is recognised as a sample or as the lab's`, () => {
      const config = clear(stack);
      const samples = publishedSamples(secretsOf(readStackFile(stackPath(stack)), all).values());
      const own = [...config].filter(([, { value, secret }]) => secret && !samples.isIn(value) && !isFromLab(value));
      assert.deepEqual(
        own.map(([key]) => key),
        [],
      );
      assert.deepEqual(realSecrets(all, parseConfig(config, all).systems), []);
    });
  }

  for (const stack of ["prod", "stage"]) {
    it(`${stack} cannot be deployed as committed: each secret in use, each public key and each address that nothing has is refused`, () => {
      const config = clear(stack);
      const { systems } = parseConfig(config, all);
      const risks = samplesAtRisk(all, systems).map(({ path: key }) => key);
      const keys = [...config].filter(([, { secret }]) => secret).map(([key]) => key);
      assert.deepEqual(risks.filter((key) => !key.includes(":settings")).sort(), keys.sort());
      const placeholders = readFileSync(stackPath(stack), "utf8").match(/\bsample\.invalid\b/g) ?? [];
      const addresses = samplesAtRisk(all, systems).filter(({ text }) => text.includes("sample.invalid"));
      assert.equal(addresses.length, placeholders.length);
      const said = sampleProblems(stack, all, systems, samplePassphrase(stack)) ?? "";
      for (const key of keys) assert.match(said, new RegExp(`config set --stack ${stack} --secret ${key}( < FILE)?\n`));
    });

    it(`no public key of ${stack} has a private half, so nobody could log in even without the refusal`, () => {
      const text = readFileSync(stackPath(stack), "utf8");
      const keys = [...text.matchAll(/ssh-ed25519 (\S+)/g)].map(([, key = ""]) => Buffer.from(key, "base64"));
      assert.equal(keys.length, stack === "prod" ? 5 : 4);
      for (const key of keys) assert.match(key.subarray(-32).toString(), /^nobody has its other half [a-z.]{6}$/);
    });
  }

  it("the lab accepts the committed secrets", () => {
    const { systems } = parseConfig(clear("test"), all);
    assert.equal(sampleProblems("test", all, systems, samplePassphrase("test")), undefined);
  });
});

describe("Pulumi's passphrase encryption", () => {
  it("a wrong passphrase, a changed value and a malformed salt are refused", () => {
    const salt = newSalt("right");
    const crypter = openSalt(salt, "right");
    const value = crypter.encrypt("häher\n");
    assert.equal(crypter.decrypt(value), "häher\n");
    assert.notEqual(crypter.encrypt("häher\n"), value, "another nonce each time");
    assert.match(salt, /^v1:[A-Za-z0-9+/]{11}=:v1:[A-Za-z0-9+/]{16}:[A-Za-z0-9+/]+=*$/);
    assert.throws(() => openSalt(salt, "wrong"), /incorrect passphrase; set PULUMI_CONFIG_PASSPHRASE/);
    assert.throws(() => openSalt("v1:x", "right"), /encryptionsalt is malformed/);
    assert.throws(() => crypter.decrypt(value.slice(0, -6) + "AAAA=="), /authenticate/);
    assert.throws(() => crypter.decrypt("plain"), /malformed/);
  });
});
