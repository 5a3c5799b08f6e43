/** What the declared roles let the declared accounts do, as questions to a cluster. */
import { grantedBy, type RoleRule } from "../../../blocks/kubernetes/requiredPermissions.ts";
import { type Permission, resourceAttributes } from "../../../config/preflight/permissions.ts";
import type { Manifest } from "../../../policy/manifest.ts";

/** One question: may the account do this? */
export interface Right extends Permission {
  /** `namespace/name` of a service account. */
  readonly account: string;
  /** The answer that is right. */
  readonly allowed: boolean;
}

/** The least that one may ask of those who have a ClusterRole of the platform. */
const platformRoles: Readonly<Record<string, readonly RoleRule[]>> = {
  admin: [{ apiGroups: ["rbac.authorization.k8s.io"], resources: ["rolebindings"], verbs: ["create"] }],
  edit: [{ apiGroups: [""], resources: ["configmaps"], verbs: ["create", "delete"] }],
  view: [{ apiGroups: [""], resources: ["configmaps"], verbs: ["get", "list"] }],
  "system:image-puller": [{ apiGroups: ["image.openshift.io"], resources: ["imagestreams/layers"], verbs: ["get"] }],
};

/** Everything that RoleBindings give to service accounts. */
export function rightsOf(declared: readonly Manifest[]): readonly Right[] {
  const roles = new Map(
    declared.flatMap(({ kind, namespace, name, body }) =>
      kind === "Role" ? [[`${namespace}/${name}`, (body.rules ?? []) as readonly RoleRule[]] as const] : [],
    ),
  );
  const rights = declared.flatMap(({ kind, namespace, body }) => {
    if (kind !== "RoleBinding") return [];
    const { roleRef, subjects } = body as unknown as {
      roleRef: { kind: string; name: string };
      subjects: readonly { kind: string; name: string; namespace?: string }[];
    };
    const rules = roleRef.kind === "Role" ? roles.get(`${namespace}/${roleRef.name}`) : platformRoles[roleRef.name];
    const granted = grantedBy(rules ?? [], namespace).filter(({ name }) => name === undefined);
    return subjects
      .filter((subject) => subject.kind === "ServiceAccount")
      .flatMap((subject) => {
        const account = `${subject.namespace ?? namespace}/${subject.name}`;
        return granted.map((one) => ({ account, ...one, allowed: true }));
      });
  });
  return [...new Map(rights.map((right) => [JSON.stringify(right), right])).values()];
}

/** The rights, and that no account without a platform role reads Secrets where nobody lets it. */
export function expectations(rights: readonly Right[], declared: readonly Manifest[]): readonly Right[] {
  const powerful = new Set(
    declared.flatMap(({ kind, namespace, body }) => {
      const { roleRef, subjects } = body as {
        roleRef?: { kind: string };
        subjects?: readonly { name: string; namespace?: string }[];
      };
      if (kind !== "RoleBinding" || roleRef?.kind !== "ClusterRole") return [];
      return (subjects ?? []).map((subject) => `${subject.namespace ?? namespace}/${subject.name}`);
    }),
  );
  const accounts = declared.filter(({ kind }) => kind === "ServiceAccount");
  const denials = accounts.flatMap(({ namespace, name }): readonly Right[] => {
    const account = `${namespace}/${name}`;
    if (powerful.has(account) || rights.some((right) => right.account === account && right.resource === "secrets"))
      return [];
    return [{ account, namespace, verb: "list", resource: "secrets", allowed: false }];
  });
  return [...rights, ...denials];
}

/** The question as Kubernetes takes it. */
export function review(right: Right): object {
  const [home = "", name = ""] = right.account.split("/");
  return {
    apiVersion: "authorization.k8s.io/v1",
    kind: "SubjectAccessReview",
    spec: {
      user: `system:serviceaccount:${home}:${name}`,
      groups: ["system:serviceaccounts", `system:serviceaccounts:${home}`, "system:authenticated"],
      resourceAttributes: resourceAttributes(right),
    },
  };
}
