import * as pulumi from "@pulumi/pulumi";
import { RoleBinding } from "../../../blocks/kubernetes/roleBinding.ts";
import { ServiceAccount } from "../../../blocks/kubernetes/serviceAccount.ts";
import type { StationNamespaces } from "./namespaces.ts";
import { type AccountPermissions, groups } from "./permissionTable.ts";

export interface StationAccountsArgs {
  readonly namespaces: StationNamespaces;
  readonly permissions: readonly AccountPermissions[];
}

const labels = { app: "thoth", component: "serviceaccount" };

/** Accounts of the station and what each may do, in its own and in other namespaces. */
export class StationAccounts extends pulumi.ComponentResource {
  private readonly accounts: ReadonlyMap<string, ServiceAccount>;

  constructor(name: string, args: StationAccountsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:thoth:StationRights", name, {}, opts);
    const { namespaces, permissions } = args;
    const accounts = new Map<string, ServiceAccount>();
    for (const one of permissions) {
      const account = new ServiceAccount(
        `${name}-${one.account}`,
        { namespace: namespaces.refs[one.home], name: one.account, labels, mountsToken: one.callsApi ?? true },
        { parent: this },
      );
      accounts.set(one.account, account);
      this.bind(name, namespaces, one, account);
    }
    this.accounts = accounts;
    this.registerOutputs({});
  }

  /** @throws if the table has no such account */
  account(name: string): ServiceAccount {
    const found = this.accounts.get(name);
    if (found === undefined) throw new Error(`the station has no account "${name}"`);
    return found;
  }

  /** One Role a namespace, also where several of the table's namespaces are one. */
  private bind(
    name: string,
    { names, refs }: StationNamespaces,
    { account, rules, platform }: AccountPermissions,
    subject: ServiceAccount,
  ): void {
    for (const namespace of new Set((rules ?? []).map(([role]) => names[role]))) {
      const here = (rules ?? []).filter(([role]) => names[role] === namespace);
      const [role] = here[0] ?? [];
      if (role === undefined) continue;
      const binding = {
        namespace: refs[role],
        name: account,
        labels,
        rules: merged(here.map(([, verbs]) => verbs)),
        subjects: [subject],
      };
      new RoleBinding(`${name}-${account}-in-${namespace}`, binding, { parent: this });
    }
    for (const namespace of new Set((platform?.on ?? []).map((role) => names[role]))) {
      const role = platform?.on.find((one) => names[one] === namespace);
      if (platform === undefined || role === undefined) continue;
      const binding = {
        namespace: refs[role],
        name: platform.binding,
        labels,
        clusterRole: platform.clusterRole,
        annotations: { "orrery/exception-wide-role": platform.reason },
        subjects: [subject],
      };
      new RoleBinding(`${name}-${account}-${platform.clusterRole}-in-${namespace}`, binding, { parent: this });
    }
  }
}

/** One rule a resource with the verbs of all. */
function merged(all: readonly Readonly<Record<string, string>>[]) {
  const verbs = new Map<string, Set<string>>();
  for (const [resource, words] of all.flatMap((one) => Object.entries(one))) {
    verbs.set(resource, new Set([...(verbs.get(resource) ?? []), ...words.split(" ")]));
  }
  return [...verbs].map(([resource, words]) => {
    return { apiGroups: [groups[resource] ?? ""], resources: [resource], verbs: [...words] };
  });
}
