/** Keys that both sides of a demonstration know. */
import { generateKeyPairSync } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
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
