/** Names of a stack's secrets, and which of them are set. */
import type { Command } from "../command.ts";
import { stackHelp, stackOptions } from "../lib/stack.ts";
import { openHeld } from "./held.ts";
import { publishedProblem } from "./warning.ts";

export const command: Command = {
  help: `Usage: npm run ops -- secrets list --stack S [--system NAME] [--json]

Lists every secret that the stack's systems ask for: set, sample (the published one), lab (the lab's), missing, unreadable (encrypted
under another passphrase), and keys that no system knows; and where it used to lie. No text is told. Exit code 1 when a needed
secret is missing or unreadable, or when a published passphrase guards real ones.

${stackHelp}
  --system NAME      only this system's secrets
  --json             [{"key", "state", "required", "formerly"}]`,
  options: { ...stackOptions, system: { type: "string" }, json: { type: "boolean" } },
  run({ values }) {
    const held = openHeld(values);
    const rows = [
      ...held.secrets.map(({ key, state, required, spec }) => ({ key, state, required, formerly: spec.formerly })),
      ...held.unknown.map((key) => ({ key, state: "unknown", required: false, formerly: "" })),
    ];
    if (values.json === true) {
      console.log(JSON.stringify(rows, undefined, 2));
    } else {
      const width = Math.max(...rows.map(({ key }) => key.length));
      for (const { key, state, required, formerly } of rows) {
        if (state === "missing" && !required) continue;
        console.log(`${state.padEnd(10)}  ${key.padEnd(width)}  ${formerly}`.trimEnd());
      }
    }
    const problem = publishedProblem(held);
    if (problem !== undefined) console.error(`warning: ${problem}`);
    const bad = held.secrets.some(({ state, required }) => state === "unreadable" || (state === "missing" && required));
    return Promise.resolve(bad || problem !== undefined ? 1 : 0);
  },
};
