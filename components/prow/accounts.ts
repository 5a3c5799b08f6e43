import * as pulumi from "@pulumi/pulumi";
import { ClusterRoleBinding, RoleBinding } from "../../blocks/kubernetes/roleBinding.ts";
import type { NamespaceRef } from "../../blocks/kubernetes/metadata.ts";
import { ServiceAccount } from "../../blocks/kubernetes/serviceAccount.ts";
import type { ProwSettings } from "./settings.ts";
import { named } from "./names.ts";
import { type AccountName, permissions, permissionsOf } from "./rbac.ts";

export interface AccountsArgs {
  readonly settings: ProwSettings;
  readonly namespace: NamespaceRef;
  readonly jobs: NamespaceRef;
}

/** Accounts of the programs that call the API server, with their permissions in both namespaces. */
export class Accounts extends pulumi.ComponentResource {
  private readonly byName: ReadonlyMap<AccountName, ServiceAccount>;

  constructor(name: string, args: AccountsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:prow:Accounts", name, {}, opts);
    const { settings, namespace, jobs } = args;
    const byName = new Map<AccountName, ServiceAccount>();
    for (const account of Object.keys(permissions) as AccountName[]) {
      const physical = named(settings, account);
      const labels = { app: account };
      const made = new ServiceAccount(
        `${name}-${account}`,
        { namespace, name: physical, labels, mountsToken: true },
        { parent: this },
      );
      byName.set(account, made);
      const own = permissionsOf(account, settings);
      for (const [role, where] of [["prow", namespace] as const, ["jobs", jobs] as const]) {
        const rules = own[role] ?? [];
        if (rules.length === 0) continue;
        new RoleBinding(
          `${name}-${account}-${role}`,
          { namespace: where, name: physical, labels, rules, subjects: [made] },
          { parent: this },
        );
      }
      if (own.cluster === undefined) continue;
      // Named by the namespace, too: environments with the same prefix may share a cluster.
      const clusterWide = `${settings.namespaces.prow}-${account}`;
      new ClusterRoleBinding(
        `${name}-${account}-cluster`,
        { name: clusterWide, labels, rules: own.cluster, subjects: [made] },
        { parent: this },
      );
    }
    this.byName = byName;
    this.registerOutputs({});
  }

  /** @throws if the permission table has no such account */
  of(account: AccountName): ServiceAccount {
    const found = this.byName.get(account);
    if (found === undefined) throw new Error(`there is no account "${account}"`);
    return found;
  }
}
