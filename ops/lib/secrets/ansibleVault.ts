/** Ansible's vault format 1.1 and 1.2 (ansible/parsing/vault), read without Ansible and without a file in clear. */
import { UsageError } from "../../../cli/usage.ts";
import { createDecipheriv, createHmac, pbkdf2Sync, timingSafeEqual } from "node:crypto";
import { parseDocument, visit } from "yaml";

const header = /^\$ANSIBLE_VAULT;1\.[12];AES256(;[^\n]*)?$/;

/** Whether a text is a vault, as a whole file or as one value. */
export const isVault = (text: string): boolean => header.test(text.trimStart().split(/\r?\n/)[0] ?? "");

/** What a vault holds. @throws UsageError if the password is wrong @throws if the vault is damaged */
export function openVault(vault: string, password: string): string {
  const [, ...lines] = vault.trim().split(/\s+/);
  const parts = Buffer.from(lines.join(""), "hex").toString("latin1").split("\n");
  const [salt, hmac, sealed] = parts.map((hex) => Buffer.from(hex, "hex"));
  if (!isVault(vault) || parts.length !== 3 || salt === undefined || hmac === undefined || sealed === undefined) {
    throw new Error("the vault is damaged: expected $ANSIBLE_VAULT;1.1;AES256 and lines of hexadecimal digits");
  }
  const keys = pbkdf2Sync(password, salt, 10_000, 80, "sha256");
  const proof = createHmac("sha256", keys.subarray(32, 64)).update(sealed).digest();
  if (proof.length !== hmac.length || !timingSafeEqual(proof, hmac)) {
    throw new UsageError("the vault's password is another one, or the vault was changed");
  }
  const cipher = createDecipheriv("aes-256-ctr", keys.subarray(0, 32), keys.subarray(64));
  const padded = Buffer.concat([cipher.update(sealed), cipher.final()]);
  return padded.subarray(0, padded.length - (padded.at(-1) ?? 0)).toString("utf8");
}

/**
 * Variables of a YAML file that is a vault, has values that are (`!vault`), or is plain; of nested maps by `outer.inner`.
 * @throws UsageError if a password is needed and wrong or not there, or the text is no YAML
 */
export function variablesOf(text: string, password: () => string): ReadonlyMap<string, string> {
  const clear = isVault(text) ? openVault(text, password()) : text;
  const resolve = (value: string): string => (isVault(value) ? openVault(value, password()) : value);
  const vaultTag = { tag: "!vault", resolve };
  const document = parseDocument(clear, { customTags: [vaultTag] });
  const [problem] = document.errors;
  // The parser's own words would quote the text, which is a secret.
  if (problem !== undefined) {
    const { line, col } = problem.linePos?.[0] ?? { line: 1, col: 1 };
    throw new UsageError(`the variables are no YAML: ${problem.code} in line ${line}, column ${col}`);
  }
  visit(document, {
    Alias(_key, alias) {
      if (alias.resolve(document) === undefined)
        throw new UsageError("the variables are no YAML: a value begins with * and is no alias; put it in quotes");
    },
  });
  return new Map(flat(document.toJS(), ""));
}

function flat(value: unknown, at: string): readonly (readonly [string, string])[] {
  if (typeof value !== "object" || value === null) return at === "" ? [] : [[at, String(value)]];
  return Object.entries(value).flatMap(([key, member]) => flat(member, at === "" ? key : `${at}.${key}`));
}
