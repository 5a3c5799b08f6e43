import * as pulumi from "@pulumi/pulumi";
import { RoleBinding } from "../../../blocks/kubernetes/roleBinding.ts";
import { ServiceAccount } from "../../../blocks/kubernetes/serviceAccount.ts";
import type { StationNamespaces } from "./namespaces.ts";
import { groups, type Rights } from "./rightsTable.ts";

/** What {@link StationRights} need. */
export interface StationRightsArgs {
  readonly namespaces: StationNamespaces;
  readonly rights: readonly Rights[];
}

const labels = { app: "thoth", component: "serviceaccount" };

/** Accounts of the station and what each may do, in its own and in other namespaces. */
export class StationRights extends pulumi.ComponentResource {
  private readonly accounts: ReadonlyMap<string, ServiceAccount>;

  constructor(name: string, args: StationRightsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:thoth:StationRights", name, {}, opts);
    const { namespaces, rights } = args;
    const accounts = new Map<string, ServiceAccount>();
    for (const one of rights) {
      const account = new ServiceAccount(
        `${name}-${one.account}`,
        { namespace: namespaces.refs[one.home], name: one.account, labels, mountsToken: one.callsApi ?? true },
        { parent: this },
      );
      accounts.set(one.account, account);
      this.grant(name, namespaces, one, account);
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
  private grant(
    name: string,
    { names, refs }: StationNamespaces,
    { account, rules, platform }: Rights,
    to: ServiceAccount,
  ): void {
    for (const namespace of new Set((rules ?? []).map(([role]) => names[role]))) {
      const here = (rules ?? []).filter(([role]) => names[role] === namespace);
      const [role] = here[0] ?? [];
      if (role === undefined) continue;
      const grant = {
        namespace: refs[role],
        name: account,
        labels,
        rules: merged(here.map(([, verbs]) => verbs)),
        to: [to],
      };
      new RoleBinding(`${name}-${account}-in-${namespace}`, grant, { parent: this });
    }
    for (const namespace of new Set((platform?.on ?? []).map((role) => names[role]))) {
      const role = platform?.on.find((one) => names[one] === namespace);
      if (platform === undefined || role === undefined) continue;
      const grant = {
        namespace: refs[role],
        name: platform.binding,
        labels,
        clusterRole: platform.clusterRole,
        annotations: { "orrery/exception-wide-role": platform.reason },
        to: [to],
      };
      new RoleBinding(`${name}-${account}-${platform.clusterRole}-in-${namespace}`, grant, { parent: this });
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
