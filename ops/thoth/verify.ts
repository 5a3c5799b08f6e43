/** Asks the clusters whether what the program declares is there, works and has the rights that it was given. */
import { thothSchema } from "../../components/thoth/config.ts";
import { type Finding, reportFindings } from "../lib/kube/checks.ts";
import { type Command, text, UsageError } from "../command.ts";
import { examine } from "../lib/kube/examine.ts";
import { kubectlHelp, kubectlOptions } from "../kubectl.ts";
import { objectsByCluster, openProgram, withCluster } from "../lib/program.ts";
import { stackHelp, stackOptions } from "../lib/stack.ts";

const help = `Usage: npm run ops -- thoth verify --stack S [--cluster NAME] [--no-rights] [--json]

Compares the clusters with what the stack's program declares: every object is there, Deployments and StatefulSets have
their pods, Routes are admitted, claims are bound, token Secrets are filled, quotas are counted; and every account may do
what its roles say and may not read Secrets. Exit code 1 when anything is wrong. Changes nothing.

${stackHelp}
  --cluster NAME     look at this cluster only
  --no-rights        do not ask about rights, which needs to be allowed to create SubjectAccessReviews
  --all              tell also what is as it should be
  --json             print the findings as JSON
${kubectlHelp.replace("(default: KUBECONFIG, then ~/.kube/config)", "(default: the stack's secret clusters:NAME)")}`;

export const command: Command = {
  help,
  options: {
    ...stackOptions,
    ...kubectlOptions,
    cluster: { type: "string" },
    "no-rights": { type: "boolean" },
    all: { type: "boolean" },
    json: { type: "boolean" },
  },
  async run({ values }) {
    const program = await openProgram(thothSchema, values);
    const only = text(values, "cluster");
    const clusters = [...objectsByCluster(program)].filter(([name]) => only === undefined || name === only);
    if (clusters.length === 0) throw new UsageError(`Thoth of ${program.name} uses no cluster "${only ?? ""}"`);
    if (clusters.length > 1 && text(values, "kubeconfig") !== undefined) {
      const names = clusters.map(([name]) => name).join(", ");
      throw new UsageError(`--kubeconfig is of one cluster: say by --cluster which of ${names}`);
    }
    const findings: Finding[] = [];
    for (const [cluster, declared] of clusters) {
      const withRights = values["no-rights"] !== true;
      findings.push(
        ...(await withCluster(program, cluster, values, (kubectl) => examine(kubectl, declared, withRights))),
      );
    }
    return reportFindings(findings, values);
  },
};
