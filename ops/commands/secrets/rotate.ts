/** `orrery secrets rotate`. */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { defineCommand } from "../../../cli/command.ts";
import type { OptionSpecs, ValuesOf } from "../../../cli/options.ts";
import { UsageError } from "../../../cli/usage.ts";
import { writeSecrets } from "../../lib/secrets.ts";
import { stackOptions } from "../../lib/stack.ts";
import { type StackSecret, openStackSecrets } from "../../lib/secrets/stackSecrets.ts";
import { warnOfPublished } from "../../lib/secrets/samplePassphrase.ts";

const rotateOptions = {
  ...stackOptions,
  file: {
    type: "string",
    value: "FILE",
    help: "read the new value there; binary files are for secrets that are stored as base64",
  },
  generate: { type: "boolean", help: "generate a random one; both sides that use it must get it from this program" },
  "dry-run": { type: "boolean", help: "check it, write nothing" },
} as const satisfies OptionSpecs;

/** The new value: generated, or read from a file or standard input; a one-line secret loses its line break. */
function newText(
  { key, spec }: StackSecret,
  values: Pick<ValuesOf<typeof rotateOptions>, "file" | "generate">,
): string {
  const { format = "text" } = spec;
  if (values.generate) {
    if (format !== "token" && format !== "text") {
      throw new UsageError(
        `${key} is a ${format}, which another party issues: get a new one there, then pass it by --file`,
      );
    }
    return randomBytes(32).toString("base64url");
  }
  const { file } = values;
  if (file === undefined && process.stdin.isTTY) {
    throw new UsageError("pass the new value on standard input or by --file, or generate one by --generate");
  }
  const bytes = readFileSync(file ?? 0);
  if (bytes.toString("latin1").trim() === "")
    throw new UsageError(
      `${file ?? "standard input"} is empty: pass the new value on standard input or by --file, or generate one by --generate; nothing was written`,
    );
  if (format === "base64") return bytes.toString("base64");
  const given = bytes.toString("utf8");
  return format === "token" || format === "url" || !given.trimEnd().includes("\n")
    ? given.replace(/\r?\n$/, "")
    : given;
}

export const command = defineCommand({
  usage: "KEY",
  about: `Replaces one secret of a stack, e.g. thoth:githubOauthToken. The new value comes from a file or standard input; its format is
checked and it must differ from the old one. The next deployment puts it where it is used and restarts what reads it. If another
party issued the secret, have the old one revoked after that. Passwords that only a system itself uses are not in the config; the
systems' own commands rotate them (dials rotate, thoth rotate-dgraph-certificates).`,
  options: rotateOptions,
  run(values, [key]) {
    const stackSecrets = openStackSecrets(values);
    const secret = stackSecrets.secrets.find((one) => one.key === key);
    if (secret === undefined)
      throw new UsageError(
        `stack ${stackSecrets.name} has no secret ${key}; npx orrery secrets list --stack ${stackSecrets.name} lists them`,
      );
    const given = newText(secret, values);
    if (secret.is(given)) throw new Error(`${key} has that value already; nothing was written`);
    const system = stackSecrets.systems.find(({ schema }) => schema === secret.schema);
    if (system === undefined) throw new Error(`${key} belongs to no system of the stack`);
    const { dryRun } = values;
    const name = key.slice(key.indexOf(":") + 1);
    writeSecrets([{ stack: system.stack, schema: system.schema, texts: { [name]: given } }], dryRun);
    console.log(`${dryRun ? "would set" : "set"} ${key}; next: npx pulumi up --stack ${stackSecrets.name}`);
    warnOfPublished(values, stackSecrets.crypter);
    return 0;
  },
});
