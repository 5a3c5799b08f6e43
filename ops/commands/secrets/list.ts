/** `orrery secrets list`. */
import { defineCommand } from "../../../cli/command.ts";
import { jsonOption, systemOption } from "../../lib/options.ts";
import { groupOptions } from "../../lib/stack.ts";
import { openStackSecrets } from "../../lib/secrets/stackSecrets.ts";
import { publishedProblem } from "../../lib/secrets/samplePassphrase.ts";

export const command = defineCommand({
  about: `Lists the secrets of a stack and which of them are set. Their states: set, sample (the published one), lab (the lab's),
missing, unreadable (encrypted with another passphrase), and unknown (no system uses the key); and where each was stored before. No
secret is printed. Exit code 1 if a required secret is missing or unreadable, or if real secrets are encrypted with a published
passphrase.

--json prints [{"key", "state", "required", "legacySource"}].`,
  groups: { without: ["config-file"] },
  options: { ...groupOptions, ...systemOption, ...jsonOption },
  run(values) {
    const stackSecrets = openStackSecrets(values);
    const rows = [
      ...stackSecrets.secrets.map(({ key, state, required, legacySource }) => ({
        ...{ key, state, required },
        legacySource: legacySource?.description ?? "",
      })),
      ...stackSecrets.unknown.map((key) => ({ key, state: "unknown", required: false, legacySource: "" })),
    ];
    if (values.json) {
      console.log(JSON.stringify(rows, undefined, 2));
    } else {
      const width = Math.max(...rows.map(({ key }) => key.length));
      for (const { key, state, required, legacySource } of rows) {
        if (state === "missing" && !required) continue;
        console.log(`${state.padEnd(10)}  ${key.padEnd(width)}  ${legacySource}`.trimEnd());
      }
    }
    const problem = publishedProblem(stackSecrets);
    if (problem !== undefined) console.error(`warning: ${problem}`);
    const bad = stackSecrets.secrets.some(
      ({ state, required }) => state === "unreadable" || (state === "missing" && required),
    );
    return bad || problem !== undefined ? 1 : 0;
  },
});
