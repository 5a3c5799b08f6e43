import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { Block, type BlockOptions } from "../block.ts";
import type { ObjectArgs } from "./metadata.ts";
import { metadata, annotationsOf, withManagedBy } from "./metadata.ts";
import { ServiceAccount } from "./serviceAccount.ts";

/** A subject: an account of this program, one by name, or a group. */
type Subject =
  ServiceAccount | { readonly account: string; readonly namespace: pulumi.Input<string> } | { readonly group: string };

/** The role: an existing ClusterRole or Role, or rules of its own. */
type RoleSource =
  | { readonly clusterRole: string }
  | { readonly role: pulumi.Input<string> }
  | { readonly rules: readonly k8s.types.input.rbac.v1.PolicyRule[]; readonly roleName?: string };

/** Arguments of {@link RoleBinding}; `name` is the RoleBinding's and, unless `roleName` differs, the Role's. */
export type RoleBindingArgs = ObjectArgs & RoleSource & { readonly subjects: readonly Subject[] };

/**
 * Permissions in one namespace: a RoleBinding and, for own rules, its Role.
 *
 * @example
 * const account = new ServiceAccount("reader", { namespace, name: "reader", mountsToken: true }, { parent: this });
 * const rules = [{ apiGroups: [""], resources: ["pods"], verbs: ["get", "list"] }];
 * new RoleBinding("reader", { namespace, name: "reader", rules, subjects: [account] }, { parent: this });
 */
export class RoleBinding extends Block {
  constructor(name: string, args: RoleBindingArgs, opts: BlockOptions) {
    super();
    const roleRef =
      "rules" in args
        ? { kind: "Role", name: this.makeRole(name, args, args.rules, args.roleName, opts) }
        : "role" in args
          ? { kind: "Role", name: args.role }
          : { kind: "ClusterRole", name: args.clusterRole };
    this.make(
      new k8s.rbac.v1.RoleBinding(
        `${name}-binding`,
        {
          metadata: metadata(args),
          roleRef: { apiGroup: "rbac.authorization.k8s.io", ...roleRef },
          subjects: args.subjects.map(toSubject),
        },
        { ...opts, deleteBeforeReplace: true },
      ),
    );
    allow(args.subjects, this.resources);
  }

  private makeRole(
    name: string,
    args: ObjectArgs,
    rules: readonly k8s.types.input.rbac.v1.PolicyRule[],
    roleName: string | undefined,
    opts: BlockOptions,
  ): pulumi.Output<string> {
    const role = this.make(
      new k8s.rbac.v1.Role(
        `${name}-role`,
        { metadata: metadata({ ...args, name: roleName ?? args.name }), rules: [...rules] },
        opts,
      ),
    );
    return role.metadata.name;
  }
}

type ClusterRoleBindingArgs = Omit<ObjectArgs, "namespace"> &
  Exclude<RoleSource, { role: unknown }> & { readonly subjects: readonly Subject[] };

/**
 * Permissions in the whole cluster: a ClusterRoleBinding and, for own rules, its ClusterRole.
 *
 * @example
 * const rules = [{ apiGroups: [""], resources: ["nodes"], verbs: ["get"] }];
 * const args = { name: "node-reader", rules, subjects: [account] };
 * new ClusterRoleBinding("node-reader", args, { parent: this });
 */
export class ClusterRoleBinding extends Block {
  constructor(name: string, args: ClusterRoleBindingArgs, opts: BlockOptions) {
    super();
    const own = "rules" in args ? args : undefined;
    const role =
      own === undefined
        ? undefined
        : this.make(
            new k8s.rbac.v1.ClusterRole(
              `${name}-role`,
              { metadata: clusterMetadata({ ...args, name: own.roleName ?? args.name }), rules: [...own.rules] },
              opts,
            ),
          );
    this.make(
      new k8s.rbac.v1.ClusterRoleBinding(
        `${name}-binding`,
        {
          metadata: clusterMetadata(args),
          roleRef: {
            apiGroup: "rbac.authorization.k8s.io",
            kind: "ClusterRole",
            name: "clusterRole" in args ? args.clusterRole : (role?.metadata.name ?? args.name),
          },
          subjects: args.subjects.map(toSubject),
        },
        { ...opts, deleteBeforeReplace: true },
      ),
    );
    allow(args.subjects, this.resources);
  }
}

function allow(subjects: readonly Subject[], rights: readonly pulumi.Resource[]): void {
  for (const subject of subjects) if (subject instanceof ServiceAccount) subject.allow(rights);
}

function clusterMetadata(args: Omit<ObjectArgs, "namespace">): k8s.types.input.meta.v1.ObjectMeta {
  return {
    name: args.name,
    labels: withManagedBy(args.labels),
    ...annotationsOf(args.annotations),
  };
}

function toSubject(subject: Subject): k8s.types.input.rbac.v1.Subject {
  if ("group" in subject) {
    return { kind: "Group", apiGroup: "rbac.authorization.k8s.io", name: subject.group };
  }
  return "account" in subject
    ? { kind: "ServiceAccount", name: subject.account, namespace: subject.namespace }
    : { kind: "ServiceAccount", name: subject.name, namespace: subject.namespace.name };
}
