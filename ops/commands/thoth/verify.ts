/** `orrery thoth verify`. */
import { defineCommand } from "../../../cli/command.ts";
import { kubectlOptions } from "../../lib/kube/kubectl.ts";
import { reportFindings } from "../../lib/kube/checks.ts";
import { allOption, jsonOption, stackKubeconfigOption } from "../../lib/options.ts";
import { stackOptions } from "../../lib/stack.ts";
import { verify } from "../../lib/thoth/status.ts";

export const command = defineCommand({
  about: `Compares the clusters with what the stack's program declares. Every object exists, Deployments and StatefulSets have their pods,
Routes are admitted, claims are bound, token Secrets are filled, quotas are counted; and every account may do what its roles say and may
not read Secrets. Exit code 1 if anything is wrong. Changes nothing.`,
  options: {
    ...stackOptions,
    ...kubectlOptions,
    ...stackKubeconfigOption,
    cluster: { type: "string", value: "NAME", help: "only this cluster" },
    "no-rights": {
      type: "boolean",
      help: "do not check permissions, which requires the right to create SubjectAccessReviews",
    },
    ...allOption,
    ...jsonOption,
  },
  run: async (values) => reportFindings(await verify(values), values),
});
