/** All manifests of an environment in one file. */
import { writeFileSync } from "node:fs";
import { stringify } from "yaml";
import { prowSchema } from "../../components/prow/config.ts";
import type { Manifest } from "../../policy/manifest.ts";
import { type Command, text } from "../command.ts";
import { objectsByCluster, openProgram } from "../lib/program.ts";
import { stackHelp, stackOptions } from "../lib/stack.ts";

const help = `Usage: npm run ops -- prow render --stack S [--out FILE]

Writes every Kubernetes object of the environment as one YAML stream, in an order in which kubectl can apply it. Asks no cloud
and needs no passphrase. Secrets are left out: what they hold is in the stack's config or drawn by pulumi up, which is what
deploys; the file is for reading, comparing and checking, e.g. kubectl apply --server-side --dry-run=server -f FILE.

${stackHelp}
  --out FILE         where to write, or - for standard output (default: prow-deploy.yaml)`;

/** Kinds that others need first. */
const first = ["Namespace", "CustomResourceDefinition", "PersistentVolume", "ServiceAccount", "ConfigMap"];

/** Text of the file. */
export function manifestFile(manifests: readonly Manifest[]): string {
  const rank = ({ kind }: Manifest): number => (first.includes(kind) ? first.indexOf(kind) : first.length);
  // Labels of nodes are patches: applied as whole objects they would make nodes.
  const kept = manifests.filter(({ kind, body }) => kind !== "Secret" && kind !== "Node" && "metadata" in body);
  return kept
    .toSorted((a, b) => rank(a) - rank(b))
    .map(({ body }) => stringify(body, { lineWidth: 0, aliasDuplicateObjects: false }))
    .join("---\n");
}

export const command: Command = {
  help,
  options: { ...stackOptions, out: { type: "string" } },
  async run({ values }) {
    const program = await openProgram(prowSchema, values);
    const manifests = [...objectsByCluster(program).values()].flat();
    const out = text(values, "out") ?? "prow-deploy.yaml";
    const content = manifestFile(manifests);
    if (out === "-") {
      process.stdout.write(content);
    } else {
      writeFileSync(out, content);
      console.log(`wrote ${content.split("\n---\n").length} objects to ${out}; Secrets are not in it`);
    }
    return 0;
  },
};
