/** What no snapshot of the databases may hold, as every lab has its own: passwords, and the keys of Keystone's tokens. */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { LabSettings } from "../settings.ts";
import { dataDir } from "./config/shared.ts";

/** Creates the keys with which Keystone encrypts tokens and credentials: 0 is the next one, 1 the current one. */
export function createKeys(lab: LabSettings): void {
  for (const name of ["fernet", "credential"]) {
    const folder = path.join(dataDir(lab), "keystone", name);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const number of ["0", "1"]) {
      const file = path.join(folder, number);
      const key = randomBytes(32).toString("base64").replaceAll("+", "-").replaceAll("/", "_");
      if (!existsSync(file)) writeFileSync(file, key, { mode: 0o600 });
    }
  }
}
