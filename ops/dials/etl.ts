/** The ETL's own command line, in the indexer's pod. */
import { dialsSchema } from "../../components/dials/config.ts";
import { type Command, UsageError } from "../command.ts";
import { Kubectl, kubectlHelp, kubectlOptions } from "../kubectl.ts";
import { openStack, stackHelp, stackOptions } from "../lib/stack.ts";

export const command: Command = {
  help: `Usage: npm run ops -- dials etl --stack S -- ARGUMENTS...

Runs the ETL's cli.py in the indexer's pod, for example:
  -- indexing -s                                  look for new datasets now
  -- ingesting -w tracker -a -s COPY_ERROR        queue all files of a status again
  -- ingesting -w tracker -f ID...                queue files by their number
  -- ingesting -w tracker -a -s FINISHED -m ME... read elements that the settings did not name before
  -- clean-parsing-error -w tracker               remove what half-read files left; queue them by -f afterwards
  -- sh                                           a shell instead

"ingesting" wants either -a or -f. With -a it wants -s, one or more of FILE_NOT_AVAILABLE, COPY_ERROR, ROOTFILE_ERROR and
FINISHED, and FINISHED wants -m. Files that are PENDING, STARTED or in PARSING_ERROR can be named by -f only.
"clean-parsing-error" ends with a TypeError of its last line in DIALS 1.12; what it removes is removed by then.

${stackHelp}
${kubectlHelp}
  --dry-run          say what would be run`,
  options: { ...stackOptions, ...kubectlOptions, "dry-run": { type: "boolean" } },
  async run({ values, rest }) {
    if (rest.length === 0) throw new UsageError("what? e.g. -- indexing -s");
    const { settings } = openStack(dialsSchema, values);
    const inside = rest[0] === "sh" ? rest : ["python3", "cli.py", ...rest];
    if (values["dry-run"] === true) {
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
};
