/** Keys of demonstrations: those that both sides know, and public halves. */
import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

/** PEM of an RSA key, which stays the same, so that a second deployment restarts nothing. */
export function rsaKey(folder: string, name: string): string {
  const file = path.join(folder, `${name}.pem`);
  if (!existsSync(file)) {
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    writeFileSync(file, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  }
  return readFileSync(file, "utf8");
}

/** The public half of an OpenSSH key, as its owner registers it at GitHub. */
export function publicLine(folder: string, key: string): string {
  const file = path.join(folder, "public-half-of");
  writeFileSync(file, `${key.trimEnd()}\n`, { mode: 0o600 });
  try {
    return execFileSync("ssh-keygen", ["-y", "-f", file], { encoding: "utf8" }).trim();
  } finally {
    rmSync(file);
  }
}
