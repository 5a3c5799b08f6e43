/** What is done to the secrets of a whole stack. */
import type { Entry } from "../command.ts";

export const commands: Readonly<Record<string, Entry>> = {
  list: { summary: "names of all secrets, and which are set", load: () => import("./listSecrets.ts") },
  readers: { summary: "where each secret comes to lie, and who reads it there", load: () => import("./readers.ts") },
  import: { summary: "take secrets from where they lay before", load: () => import("./importSecrets.ts") },
  rotate: { summary: "give one secret another text", load: () => import("./rotateSecret.ts") },
  passphrase: { summary: "encrypt the stack under another passphrase", load: () => import("./passphrase.ts") },
  provider: { summary: "encrypt the stack by a key service", load: () => import("./provider.ts") },
};
