/** Who may do what: no right is wider than what somebody needs, unless it says why. */
import { list, type Manifest, object, text, texts } from "./manifest.ts";
import type { Rule } from "./podRules.ts";

/** Roles of every cluster that change nearly everything in a namespace. */
const wideRoles = new Set(["edit", "admin", "cluster-admin"]);

const excepted = ({ body }: Manifest): boolean =>
  texts(object(body.metadata).annotations)["orrery/exception-wide-role"] !== undefined;

export const accessRules: readonly Rule[] = [
  {
    name: "no-wildcards",
    description: "A Role names the verbs, resources and groups that it gives.",
    check(manifest) {
      if (!["Role", "ClusterRole"].includes(manifest.kind) || excepted(manifest)) return [];
      return list(manifest.body.rules).flatMap((rule) =>
        ["apiGroups", "resources", "verbs"]
          .filter((field) => Array.isArray(rule[field]) && rule[field].includes("*"))
          .map((field) => `gives ${JSON.stringify(rule.verbs)} with a wildcard in ${field}`),
      );
    },
  },
  {
    name: "no-wide-binding",
    description: "Nobody gets edit, admin or cluster-admin without a reason.",
    check(manifest) {
      const role = text(object(manifest.body.roleRef).name);
      const wide = manifest.kind.endsWith("RoleBinding") && wideRoles.has(role) && !excepted(manifest);
      return wide ? [`binds the wide role "${role}" and gives no reason`] : [];
    },
  },
];
