/** The ETL's own command line, in the indexer's pod. */
import { dialsSchema } from "../../components/dials/config.ts";
import { type Command, UsageError } from "../command.ts";
import { Kubectl, kubectlHelp, kubectlOptions } from "../kubectl.ts";
import { openStack, stackHelp, stackOptions } from "../stack.ts";

export const command: Command = {
  help: `Usage: npm run ops -- dials etl --stack S -- ARGUMENTS...

Runs the ETL's cli.py in the indexer's pod, for example:
  -- indexing -s                        look for new datasets now
  -- ingesting -w tracker -s PENDING    queue files again by status; -f ID... by file, -a all
  -- clean-parsing-error -w tracker     remove what half-read files left
  -- sh                                 a shell instead

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
