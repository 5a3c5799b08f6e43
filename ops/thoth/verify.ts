/** Asks the clusters whether what the program declares is there, works and has the rights that it was given. */
import type { Manifest } from "../../policy/manifest.ts";
import { type Command, text, UsageError } from "../command.ts";
import { type Kubectl, kubectlHelp, kubectlOptions } from "../kubectl.ts";
import { stackHelp, stackOptions } from "../stack.ts";
import { type Live, presence, states } from "./checks.ts";
import { objectsByCluster, openProgram, withCluster } from "./program.ts";
import { expectations, type Right, review, rightsOf } from "./rights.ts";

/** One thing that was looked at. */
export interface Finding {
  readonly check: "exists" | "state" | "right";
  readonly object: string;
  readonly ok: boolean;
  /** What is odd. @default nothing */
  readonly detail?: string;
}

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
    const program = await openProgram(values);
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
    const wrong = findings.filter(({ ok }) => !ok);
    if (values.json === true) {
      console.log(JSON.stringify(findings, undefined, 2));
    } else {
      for (const { ok, check, object, detail } of values.all === true ? findings : wrong) {
        console.log(
          `${ok ? "ok   " : "WRONG"}  ${check.padEnd(6)}  ${object}${detail === undefined ? "" : `: ${detail}`}`,
        );
      }
      console.log(`${findings.length} checks, ${wrong.length} wrong`);
    }
    return wrong.length === 0 ? 0 : 1;
  },
};

async function examine(
  kubectl: Kubectl,
  declared: readonly Manifest[],
  withRights: boolean,
): Promise<readonly Finding[]> {
  const wanted = declared.map(({ apiVersion, kind, namespace, name }) => {
    return { apiVersion, kind, metadata: { name, ...(namespace === "" ? {} : { namespace }) } };
  });
  const list = JSON.stringify({ apiVersion: "v1", kind: "List", items: wanted });
  const answer = await kubectl.output(["get", "-f", "-", "--ignore-not-found", "--output", "json"], list);
  const found = (answer === "" ? { items: [] } : JSON.parse(answer)) as { items?: readonly Live[] };
  const live = found.items ?? [found as unknown as Live];
  const rights = withRights ? await askRights(kubectl, expectations(rightsOf(declared), declared)) : [];
  return [...presence(declared, live), ...states(declared, live), ...rights];
}

async function askRights(kubectl: Kubectl, rights: readonly Right[]): Promise<readonly Finding[]> {
  if (rights.length === 0) return [];
  const list = { apiVersion: "v1", kind: "List", items: rights.map(review) };
  const answer = await kubectl.output(["create", "-f", "-", "--output", "json"], JSON.stringify(list));
  // kubectl prints one document an object.
  const documents = JSON.parse(`[${answer.trim().replaceAll(/^\}\n\{/gm, "},\n{")}]`) as {
    status?: { allowed?: boolean };
  }[];
  return rights.map(({ account, namespace, verb, resource, allowed }, index): Finding => {
    const object = `${account} ${verb} ${resource} in ${namespace}`;
    const is = documents[index]?.status?.allowed === true;
    return is === allowed
      ? { check: "right", object, ok: true }
      : { check: "right", object, ok: false, detail: is ? "is allowed and should not be" : "is not allowed" };
  });
}
