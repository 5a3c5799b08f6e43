/** `orrery state recover`. */
import { defineCommand } from "../../../cli/command.ts";
import type { OptionSpecs, ValuesOf } from "../../../cli/options.ts";
import { UsageError } from "../../../cli/usage.ts";
import { jsonOption, unlockOption } from "../../lib/options.ts";
import { stackOptions } from "../../lib/stack.ts";
import { checkPassphrase } from "../../lib/state/export.ts";
import { whileHeld } from "../../lib/state/heldState.ts";
import { assertUnlocked, locksOf } from "../../lib/state/lock.ts";
import { openStore } from "../../lib/state/store.ts";
import { planOnly, recover } from "../../lib/state/recovery/recover.ts";
import type { Answers } from "../../lib/state/recovery/resolution.ts";

const recoverOptions = {
  ...stackOptions,
  "dry-run": {
    type: "boolean",
    help: "only say what would be done; plugins keep running, so check again before you continue",
  },
  unlock: unlockOption,
  take: {
    type: "string",
    value: "URN=ID",
    multiple: true,
    help: "this creation made that resource, e.g. one of several candidates",
  },
  clear: { type: "string", value: "URN", multiple: true, help: "this creation made nothing" },
  ...jsonOption,
} as const satisfies OptionSpecs;

export const command = defineCommand({
  about: `Prepares a stack for its next update after one was killed or failed while it created something. It refuses while the lock's
holder is running, and locks the stack until it is done; ends plugins that still work for a dead engine; searches the clouds for what
interrupted and failed creations made, and imports it into the state; saves the state as it was (state backups), removes the lock that
remained, and refreshes. It creates and deletes no resources: the next pulumi up does the rest.

--json prints {"lock", "plugins", "pending": [{"urn", "does", "id", "why"}], "backup", "lost": [as pending]}.`,
  options: recoverOptions,
  async run(values) {
    const say = (line: string): void => {
      if (!values.json) console.log(line);
    };
    const request = { answers: answersOf(values), values, say };
    const store = await openStore(values);
    checkPassphrase(store);
    if (values.dryRun) {
      const locks = await locksOf(store);
      assertUnlocked(store, locks, values.unlock);
      return planOnly(store, locks, request);
    }
    return whileHeld(store, values.unlock, (held) => recover(store, held, request));
  },
});

function answersOf(values: Pick<ValuesOf<typeof recoverOptions>, "take" | "clear">): Answers {
  const take = values.take.map((given): [string, string] => {
    const [, urn = "", id] = /^(urn:pulumi:[^]*)=([^\s=]+)$/.exec(given) ?? [];
    if (id === undefined) throw new UsageError(`--take is "${given}"; give URN=ID`);
    return [urn, id];
  });
  return { take: new Map(take), clear: new Set(values.clear) };
}
