/** What the declared roles let the declared accounts do, as questions to a cluster. */
import type { Manifest } from "../../../policy/manifest.ts";

/** One question: may the account do this? */
export interface Right {
  /** `namespace/name` of a service account. */
  readonly account: string;
  readonly namespace: string;
  readonly verb: string;
  readonly group: string;
  /** With its subresource, if any: `pods/log`. */
  readonly resource: string;
  /** The answer that is right. */
  readonly allowed: boolean;
}

interface Rule {
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly verbs?: readonly string[];
  readonly resourceNames?: readonly string[];
}

/** The least that one may ask of those who have a ClusterRole of the platform. */
const platformRoles: Readonly<Record<string, readonly Rule[]>> = {
  admin: [{ apiGroups: ["rbac.authorization.k8s.io"], resources: ["rolebindings"], verbs: ["create"] }],
  edit: [{ apiGroups: [""], resources: ["configmaps"], verbs: ["create", "delete"] }],
  view: [{ apiGroups: [""], resources: ["configmaps"], verbs: ["get", "list"] }],
  "system:image-puller": [{ apiGroups: ["image.openshift.io"], resources: ["imagestreams/layers"], verbs: ["get"] }],
};

/** Everything that RoleBindings give to service accounts. */
export function rightsOf(declared: readonly Manifest[]): readonly Right[] {
  const roles = new Map(
    declared.flatMap(({ kind, namespace, name, body }) =>
      kind === "Role" ? [[`${namespace}/${name}`, (body.rules ?? []) as readonly Rule[]] as const] : [],
    ),
  );
  const rights = declared.flatMap(({ kind, namespace, body }) => {
    if (kind !== "RoleBinding") return [];
    const { roleRef, subjects } = body as unknown as {
      roleRef: { kind: string; name: string };
      subjects: readonly { kind: string; name: string; namespace?: string }[];
    };
    const rules = roleRef.kind === "Role" ? roles.get(`${namespace}/${roleRef.name}`) : platformRoles[roleRef.name];
    return subjects
      .filter((subject) => subject.kind === "ServiceAccount")
      .flatMap((subject) => {
        const account = `${subject.namespace ?? namespace}/${subject.name}`;
        return (rules ?? []).flatMap((rule) =>
          questions(rule).map((one) => ({ account, namespace, ...one, allowed: true })),
        );
      });
  });
  return [...new Map(rights.map((right) => [JSON.stringify(right), right])).values()];
}

function questions({ apiGroups, resources, verbs, resourceNames }: Rule) {
  if (resourceNames !== undefined) return [];
  return (apiGroups ?? []).flatMap((group) =>
    (resources ?? []).flatMap((resource) => (verbs ?? []).map((verb) => ({ group, resource, verb }))),
  );
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
    return [{ account, namespace, verb: "list", group: "", resource: "secrets", allowed: false }];
  });
  return [...rights, ...denials];
}

/** The question as Kubernetes takes it. */
export function review({ account, namespace, verb, group, resource }: Right): object {
  const [kind = "", subresource] = resource.split("/");
  const [home = "", name = ""] = account.split("/");
  return {
    apiVersion: "authorization.k8s.io/v1",
    kind: "SubjectAccessReview",
    spec: {
      user: `system:serviceaccount:${home}:${name}`,
      groups: ["system:serviceaccounts", `system:serviceaccounts:${home}`, "system:authenticated"],
      resourceAttributes: {
        namespace,
        verb,
        group,
        resource: kind,
        ...(subresource === undefined ? {} : { subresource }),
      },
    },
  };
}
