import { stringify } from "yaml";
import { stackConfig, rendered, runProgram } from "../../review/render.ts";
import { type Command, text, UsageError } from "../command.ts";
import { objectsByCluster } from "../lib/program.ts";
import { stackHelp, stackOf, stackOptions } from "../lib/stack.ts";
import { deployerObjects } from "./rbac.ts";

export const command: Command = {
  help: `Usage: npm run ops -- deployer --stack S [--cluster NAME] [--account NAMESPACE/NAME]

Prints, for an administrator to apply, a service account and the least rights with which it can deploy the stack to a cluster:
what the engine does to the kinds that the program makes there, in these namespaces and by these names, and what its own Roles
give, as nobody can give what he has not. Nothing is asked of the cluster and nothing is changed.

${stackHelp}
  --cluster NAME     one of clusters:settings; needed when the stack has several
  --account ACCOUNT  its namespace and name (default: orrery/deployer)

    npm run --silent ops -- deployer --stack prod --cluster prow | kubectl apply -f -
    kubectl create token deployer --namespace orrery --duration 8760h`,
  options: {
    ...stackOptions,
    cluster: { type: "string" },
    account: { type: "string" },
  },
  async run({ values }) {
    const { name, file } = stackOf(values);
    const [, namespace, account] =
      /^([a-z0-9-]+)\/([a-z0-9.-]+)$/.exec(text(values, "account") ?? "orrery/deployer") ?? [];
    if (namespace === undefined || account === undefined) {
      throw new UsageError(
        `--account is "${text(values, "account") ?? ""}"; give NAMESPACE/NAME, e.g. orrery/deployer`,
      );
    }
    const resources = rendered(await runProgram({ stack: name, config: stackConfig(name, file) }));
    const clusters = objectsByCluster({ resources });
    const cluster = chosen(text(values, "cluster"), [...clusters.keys()], name);
    for (const one of deployerObjects(clusters.get(cluster) ?? [], { namespace, name: account })) {
      console.log(`---\n${stringify(one, { aliasDuplicateObjects: false, lineWidth: 120 }).trimEnd()}`);
    }
    return 0;
  },
};

/** @throws UsageError if it is not clear which */
function chosen(wanted: string | undefined, there: readonly string[], stack: string): string {
  const [first, ...others] = there;
  if (first === undefined) throw new UsageError(`stack ${stack} makes nothing in a cluster`);
  if (wanted === undefined && others.length === 0) return first;
  if (wanted !== undefined && there.includes(wanted)) return wanted;
  throw new UsageError(`which cluster? give --cluster with one of ${there.join(", ")}`);
}
