/** Gives one secret of a stack another text. */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { type Command, text, UsageError, type Values } from "../command.ts";
import { writeSecrets } from "../lib/secrets.ts";
import { stackHelp, stackOptions } from "../lib/stack.ts";
import { type HeldSecret, openHeld } from "./held.ts";
import { warnOfPublished } from "./warning.ts";

/** The new text: drawn, or read from a file or standard input; one line's end is no part of a one-line secret. */
function newText({ key, spec }: HeldSecret, values: Values): string {
  const { format = "text" } = spec;
  if (values.generate === true) {
    if (format !== "token" && format !== "text") {
      throw new UsageError(
        `${key} is a ${format}, which its owner gives out: get a new one there, then give it by --file`,
      );
    }
    return randomBytes(32).toString("base64url");
  }
  const file = text(values, "file");
  if (file === undefined && process.stdin.isTTY) {
    throw new UsageError("give the new text on standard input, by --file F, or ask for a random one by --generate");
  }
  const bytes = readFileSync(file ?? 0);
  if (format === "base64") return bytes.toString("base64");
  const given = bytes.toString("utf8");
  return format === "token" || format === "url" || !given.trimEnd().includes("\n")
    ? given.replace(/\r?\n$/, "")
    : given;
}

export const command: Command = {
  help: `Usage: npm run ops -- secrets rotate KEY --stack S [--file F | --generate] [--dry-run]

Encrypts another text for one secret, e.g. thoth:githubOauthToken, from a file or standard input; its format is checked and it must
differ from the one that was. The next deployment puts it where it is used and restarts what reads it. Where the secret was
given out by somebody else, have the old one revoked after that. Passwords that only a system itself uses are not in the config;
the systems' own commands rotate them (dials rotate, thoth rotate-dgraph-certificates).

${stackHelp}
  --file F           read the text there; binary files are for secrets that are kept as base64
  --generate         draw a random one; both sides that use it must get it from this program
  --dry-run          check it, write nothing`,
  options: {
    ...stackOptions,
    file: { type: "string" },
    generate: { type: "boolean" },
    "dry-run": { type: "boolean" },
  },
  run({ values, words: [key] }) {
    if (key === undefined) throw new UsageError("which secret? npm run ops -- secrets list --stack S names all");
    const held = openHeld(values);
    const secret = held.secrets.find((one) => one.key === key);
    if (secret === undefined) throw new UsageError(`stack ${held.name} has no secret ${key}; secrets list names all`);
    const given = newText(secret, values);
    if (secret.is(given)) throw new Error(`${key} has this very text already; nothing was written`);
    const system = held.systems.find(({ schema }) => schema === secret.schema);
    if (system === undefined) throw new Error(`${key} belongs to no system of the stack`);
    const dryRun = values["dry-run"] === true;
    const name = key.slice(key.indexOf(":") + 1);
    writeSecrets([{ stack: system.stack, schema: system.schema, texts: { [name]: given } }], dryRun);
    console.log(`${dryRun ? "would set" : "set"} ${key}; next: npx pulumi up --stack ${held.name}`);
    warnOfPublished(values, held.crypter);
    return Promise.resolve(0);
  },
};
