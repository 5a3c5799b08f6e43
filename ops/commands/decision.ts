/** `orrery decision`. */
import { defineCommand } from "../../cli/command.ts";
import { UsageError } from "../../cli/usage.ts";
import { stateOf } from "../lib/decision/holder.ts";
import { openJournal } from "../lib/decision/journal.ts";
import { busyWith, openText, settleJournal } from "../lib/decision/open.ts";
import { dryRunOption } from "../lib/options.ts";
import { stackOf, stackOptions } from "../lib/stack.ts";

export const command = defineCommand({
  about: `Settles what an interrupted command left open. Commands that change a stack's file or protections and deploy write a journal,
Pulumi.S.yaml.journal, until all is done. If one was killed, the next command settles it: where its update succeeded it keeps the new
settings, else the file and the protections become what they were. This does the same and nothing else. --undo and --finish do not ask
how the update ended, e.g. for a command on another machine that no longer runs. Exit code 1 if it cannot be settled now.`,
  options: {
    ...stackOptions,
    undo: { type: "boolean", help: "make file and protections what they were, whatever was deployed" },
    finish: { type: "boolean", help: "keep the new settings; the next update carries them out" },
    ...dryRunOption,
  },
  async run(values) {
    const { name, file } = stackOf(values);
    if (values.undo && values.finish) throw new UsageError("either --undo or --finish");
    const journal = openJournal(file);
    if (journal === undefined) {
      console.log(`nothing is open in stack ${name}`);
      return 0;
    }
    const wish = values.undo ? "undo" : values.finish ? "finish" : undefined;
    const busy = await busyWith(journal);
    if (busy !== undefined && (wish === undefined || stateOf(journal.holder) !== "elsewhere")) throw new Error(busy);
    if (values.dryRun) console.log(`${openText(journal)} was interrupted; would settle it`);
    else console.log(`${openText(journal)} was interrupted: ${await settleJournal(journal, wish)}`);
    return 0;
  },
});
