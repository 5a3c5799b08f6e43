import * as pulumi from "@pulumi/pulumi";
import type { Cluster } from "../../../blocks/kubernetes/cluster.ts";
import { RoleBinding } from "../../../blocks/kubernetes/roleBinding.ts";
import { Namespace } from "../../../blocks/kubernetes/namespace.ts";
import type { NamespaceRef } from "../../../blocks/kubernetes/metadata.ts";
import { Quota } from "../../../blocks/kubernetes/quota.ts";
import { ServiceAccount } from "../../../blocks/kubernetes/serviceAccount.ts";
import { namespacesOf, quotas, type Role, roles } from "./roles.ts";
import type { StationSettings } from "./settings.ts";

export interface StationNamespacesArgs {
  readonly cluster: Cluster;
  readonly settings: StationSettings;
}

/** Account by which other environments and CI pull images; its token must stay stable. */
export const opsAccount = "thoth-ops";

/** The station's namespaces with their quotas, who administers them, and the account thoth-ops. */
export class StationNamespaces extends pulumi.ComponentResource {
  readonly names: Readonly<Record<Role, string>>;
  /** By role; roles of one namespace share a reference. */
  readonly refs: Readonly<Record<Role, NamespaceRef>>;
  readonly opsServiceAccount: ServiceAccount;
  /** Token of thoth-ops, secret: the registry's password for other environments and for CI. */
  readonly opsToken: pulumi.Output<string>;

  constructor(name: string, args: StationNamespacesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:thoth:StationNamespaces", name, {}, opts);
    const { cluster, settings } = args;
    this.names = namespacesOf(settings);
    const made = new Map<string, NamespaceRef>();
    for (const namespace of new Set(Object.values(this.names))) {
      made.set(namespace, this.namespace(`${name}-${namespace}`, namespace, cluster, settings));
    }
    this.refs = Object.fromEntries(roles.map((role) => [role, made.get(this.names[role])])) as Record<
      Role,
      NamespaceRef
    >;
    const account = new ServiceAccount(
      `${name}-ops`,
      {
        ...{ namespace: this.refs.infra, name: opsAccount, labels: { app: opsAccount, component: "serviceaccount" } },
        ...{ tokenSecret: `${opsAccount}-token`, retention: { protect: settings.protect } },
      },
      { parent: this },
    );
    new RoleBinding(
      `${name}-ops-admin`,
      {
        ...{ namespace: this.refs.infra, name: opsAccount, clusterRole: "admin", subjects: [account] },
        annotations: { "orrery/exception-wide-role": "the account by which Thoth's people run the namespace" },
      },
      { parent: this },
    );
    this.opsServiceAccount = account;
    this.opsToken = account.token ?? pulumi.secret("");
    this.registerOutputs({ opsToken: this.opsToken });
  }

  private namespace(name: string, namespace: string, cluster: Cluster, settings: StationSettings): NamespaceRef {
    const labels = { app: "thoth" };
    const made = new Namespace(
      `${name}-namespace`,
      {
        ...{ cluster, name: namespace, labels, retention: { protect: settings.protect } },
        builds: true,
        podSecurity: { level: "baseline", reason: "operators and builds make pods that name no security context" },
      },
      { parent: this },
    );
    const [role, ...more] = roles.filter((one) => this.names[one] === namespace);
    const hard = settings.quotas[namespace] ?? quotas[role === undefined || more.length > 0 ? "shared" : role];
    const defaults = { requests: { cpu: "100m", memory: "128Mi" }, limits: { cpu: "500m", memory: "512Mi" } };
    new Quota(
      `${name}-quota`,
      { namespace: made, name: `${namespace}-quota`, labels, hard, defaults },
      { parent: this },
    );
    new RoleBinding(
      `${name}-administrators`,
      {
        ...{
          namespace: made,
          name: "administrators",
          labels,
          clusterRole: "admin",
          subjects: [{ group: settings.administrators }],
        },
        annotations: { "orrery/exception-wide-role": "the people who run the namespace" },
      },
      { parent: this },
    );
    return made;
  }
}
