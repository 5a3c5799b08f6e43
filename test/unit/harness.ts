import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type Crypter, openSalt } from "../../config/passphrase.ts";
import { sample, samplePassphrase } from "../../config/samples.ts";
import type { RawConfig } from "../../config/secrets.ts";
import { offlineConfig, readStackFile, secretsOf, stackPath } from "../../config/stackFile.ts";
import { schemas } from "../../components/registry.ts";

/** The committed stacks, without a developer's own ones. */
export const stacks = ["prod", "stage", "test"];

/** Config of a committed stack in which every secret is unique, derived from its key and `mark`. */
export function canaryConfig(stack: string, mark = "canary"): RawConfig {
  const file = readStackFile(stackPath(stack));
  const wanted = secretsOf(file, Object.values(schemas));
  return offlineConfig(file, (key) => {
    return wanted.get(key)?.sample(mark) ?? sample("text", `${mark} ${key}`);
  });
}

/** A sample of another seed without the marks of a sample, also within PEM: what an owner's text may look like. */
export function owned(sample: string): string {
  const plain = sample.replaceAll("sample", "owners");
  return plain.replaceAll(/(-----BEGIN [A-Z ]+-----\n)([^-]+)(-----END)/g, (_, begin: string, body: string, end) => {
    const bytes = Buffer.from(body, "base64").toString("latin1").replaceAll("sample", "owners");
    const lines =
      Buffer.from(bytes, "latin1")
        .toString("base64")
        .match(/.{1,64}/g) ?? [];
    return `${begin}${lines.join("\n")}\n${String(end)}`;
  });
}

/** Text of a golden file; with UPDATE_GOLDEN=1 it is written first. */
export function golden(name: string, actual: string): string {
  const file = path.join(import.meta.dirname, "golden", name);
  if (process.env.UPDATE_GOLDEN === "1") writeFileSync(file, actual);
  try {
    return readFileSync(file, "utf8");
  } catch {
    throw new Error(`test/unit/golden/${name} is missing; UPDATE_GOLDEN=1 npm run test:unit writes it`);
  }
}

const crypters = new Map<string, Crypter>();

/** Opens a salt of a committed stack's file; each is opened once, as that takes a quarter of a second. */
export function committed(stack: string, salt = ""): Crypter {
  const crypter = crypters.get(salt) ?? openSalt(salt, samplePassphrase(stack));
  crypters.set(salt, crypter);
  return crypter;
}
