/** Policies for RBAC: no permission is wider than necessary, unless the object states a reason. */
import { asList, type Manifest, asObject, asText, asTexts } from "./manifest.ts";
import type { Rule } from "./podRules.ts";

/** Built-in roles that can change nearly everything in a namespace. */
const wideRoles = new Set(["edit", "admin", "cluster-admin"]);

const exempted = ({ body }: Manifest): boolean =>
  asTexts(asObject(body.metadata).annotations)["orrery/exception-wide-role"] !== undefined;

export const accessRules: readonly Rule[] = [
  {
    name: "no-wildcards",
    description: "A Role names the verbs, resources and groups that it grants.",
    check(manifest) {
      if (!["Role", "ClusterRole"].includes(manifest.kind) || exempted(manifest)) return [];
      return asList(manifest.body.rules).flatMap((rule) =>
        ["apiGroups", "resources", "verbs"]
          .filter((field) => Array.isArray(rule[field]) && rule[field].includes("*"))
          .map((field) => `grants ${JSON.stringify(rule.verbs)} with a wildcard in ${field}`),
      );
    },
  },
  {
    name: "no-wide-binding",
    description: "Bindings to edit, admin or cluster-admin state a reason.",
    check(manifest) {
      const role = asText(asObject(manifest.body.roleRef).name);
      const wide = manifest.kind.endsWith("RoleBinding") && wideRoles.has(role) && !exempted(manifest);
      return wide ? [`binds the wide role "${role}" without a reason`] : [];
    },
  },
];
