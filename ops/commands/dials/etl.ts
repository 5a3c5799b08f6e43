/** `orrery dials etl`. */
import { dialsSchema } from "../../../components/dials/config.ts";
import { defineCommand } from "../../../cli/command.ts";
import { UsageError } from "../../../cli/usage.ts";
import { Kubectl, kubectlOptions } from "../../lib/kube/kubectl.ts";
import { openStack, stackOptions } from "../../lib/stack.ts";

export const command = defineCommand({
  usage: "-- ARGUMENTS...",
  about: `Runs the ETL's cli.py in the indexer's pod. For example:

  -- indexing -s                                  index new datasets now
  -- ingesting -w tracker -a -s COPY_ERROR        queue all files of a status again
  -- ingesting -w tracker -f ID...                queue files by their number
  -- ingesting -w tracker -a -s FINISHED -m ME... read elements that the settings did not name before
  -- clean-parsing-error -w tracker               remove what half-read files left; queue them by -f afterwards
  -- sh                                           a shell instead

"ingesting" requires either -a or -f. With -a it requires -s, one or more of FILE_NOT_AVAILABLE, COPY_ERROR, ROOTFILE_ERROR and
FINISHED, and FINISHED requires -m. Files that are PENDING, STARTED or in PARSING_ERROR can only be named by -f. "clean-parsing-error" ends
with a TypeError of its last line in DIALS 1.12; its deletions are done by then.`,
  options: { ...stackOptions, ...kubectlOptions, "dry-run": { type: "boolean", help: "say what would be run" } },
  async run(values, _, rest) {
    if (rest.length === 0) throw new UsageError("ARGUMENTS are missing, e.g. -- indexing -s");
    const { settings } = openStack(dialsSchema, values);
    const inside = rest[0] === "sh" ? rest : ["python3", "cli.py", ...rest];
    if (values.dryRun) {
      console.log(`would run in common-indexer: ${inside.join(" ")}`);
      return 0;
    }
    const terminal = process.stdin.isTTY ? ["--stdin", "--tty"] : [];
    return new Kubectl(settings.namespace.name, values).foreground([
      "exec",
      ...terminal,
      "deployment/common-indexer",
      "--",
      ...inside,
    ]);
  },
});
