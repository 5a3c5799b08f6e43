/** `orrery deployer`. */
import { stringify } from "yaml";
import { stackConfig, rendered, runProgram } from "../../review/evaluate/render.ts";
import { defineCommand } from "../../cli/command.ts";
import { UsageError } from "../../cli/usage.ts";
import { objectsByCluster } from "../lib/program.ts";
import { stackOf, stackOptions } from "../lib/stack.ts";
import { deployerObjects } from "../lib/kube/deployerAccount.ts";

export const command = defineCommand({
  about: `Prints a service account and the least permissions with which it can deploy a stack to a cluster. They are for an administrator to
apply: what the engine does to the kinds that the program creates there, in these namespaces and by these names, and what its own Roles
grant, since no one can grant what they do not have. No cluster is contacted and nothing is changed.

  npm run --silent ops -- deployer --stack prod --cluster ibm | kubectl apply -f -
  kubectl create token deployer --namespace orrery --duration 2160h

docs/secrets.md shows how to bind the token to a Secret, so that it can be revoked, and how to rotate it.`,
  options: {
    ...stackOptions,
    cluster: { type: "string", value: "NAME", help: "one of clusters:settings; needed if the stack has several" },
    account: { type: "string", value: "NAMESPACE/NAME", default: "orrery/deployer", help: "the service account" },
  },
  async run(values) {
    const { name, file } = stackOf(values);
    const [, namespace, account] = /^([a-z0-9-]+)\/([a-z0-9.-]+)$/.exec(values.account) ?? [];
    if (namespace === undefined || account === undefined) {
      throw new UsageError(`--account is "${values.account}"; give NAMESPACE/NAME, e.g. orrery/deployer`);
    }
    const resources = rendered(await runProgram({ stack: name, config: stackConfig(name, file) }));
    const clusters = objectsByCluster({ resources });
    const cluster = chosen(values.cluster, [...clusters.keys()], name);
    for (const one of deployerObjects(clusters.get(cluster) ?? [], { namespace, name: account })) {
      console.log(`---\n${stringify(one, { aliasDuplicateObjects: false, lineWidth: 120 }).trimEnd()}`);
    }
    return 0;
  },
});

/** @throws UsageError if it is not clear which */
function chosen(wanted: string | undefined, there: readonly string[], stack: string): string {
  const [first, ...others] = there;
  if (first === undefined) throw new UsageError(`stack ${stack} creates nothing in a cluster`);
  if (wanted === undefined && others.length === 0) return first;
  if (wanted !== undefined && there.includes(wanted)) return wanted;
  const problem = wanted === undefined ? "is missing" : `is "${wanted}"`;
  throw new UsageError(`--cluster ${problem}: give one of ${there.join(", ")}`);
}
