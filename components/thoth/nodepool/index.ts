import * as pulumi from "@pulumi/pulumi";
import { BuildConfig } from "../../../blocks/kubernetes/buildConfig.ts";
import type { Cluster } from "../../../blocks/kubernetes/cluster.ts";
import { RoleBinding } from "../../../blocks/kubernetes/roleBinding.ts";
import { ImageStream } from "../../../blocks/kubernetes/imageStream.ts";
import { Namespace } from "../../../blocks/kubernetes/namespace.ts";
import { anywhere, apiServer, dns, NetworkPolicy } from "../../../blocks/kubernetes/networkPolicy.ts";
import type { NamespaceRef } from "../../../blocks/kubernetes/metadata.ts";
import { ServiceAccount } from "../../../blocks/kubernetes/serviceAccount.ts";
import type { NodepoolSettings } from "./settings.ts";
import { kubeconfigYaml, nodepoolAccount, nodepoolYaml } from "./zuulFiles.ts";

export interface NodepoolArgs {
  readonly cluster: Cluster;
  readonly settings: NodepoolSettings;
}

/** Permissions of the driver openshiftpods and of the executor. */
const rules = [
  { apiGroups: [""], resources: ["pods"], verbs: ["create", "delete", "get", "list", "patch", "update", "watch"] },
  { apiGroups: [""], resources: ["pods/exec", "pods/portforward"], verbs: ["create", "get"] },
  { apiGroups: [""], resources: ["pods/log"], verbs: ["get"] },
  { apiGroups: ["image.openshift.io"], resources: ["imagestreams", "imagestreamtags"], verbs: ["get", "list"] },
];

/** The namespace in which an external Zuul runs its jobs. */
export class Nodepool extends pulumi.ComponentResource {
  /** `nodepool/thoth.yaml`, to merge into Zuul's configuration repository. */
  readonly config: string;
  /** For the nodepool launcher and the executor. */
  readonly kubeconfig: pulumi.Output<string>;

  constructor(name: string, args: NodepoolArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:thoth:Nodepool", name, {}, opts);
    const { cluster, settings } = args;
    const retention = { protect: settings.protect };
    const namespace = new Namespace(
      `${name}-namespace`,
      {
        ...{ cluster, name: settings.namespace, retention },
        builds: Object.values(settings.streams).some((tags) =>
          Object.values(tags).some((from) => typeof from !== "string"),
        ),
        podSecurity: { level: "baseline", reason: "nodepool makes the pods itself, without a security context" },
      },
      { parent: this },
    );
    const account = new ServiceAccount(
      `${name}-account`,
      { namespace, name: nodepoolAccount, tokenSecret: `${nodepoolAccount}-token`, retention },
      { parent: this },
    );
    new RoleBinding(
      `${name}-grant`,
      { namespace, name: nodepoolAccount, rules, subjects: [account] },
      { parent: this },
    );
    new NetworkPolicy(
      `${name}-network`,
      { namespace, name: "job-nodes", pods: {}, egress: [dns(), anywhere(22, 80), apiServer()] },
      { parent: this },
    );
    for (const stream of Object.keys(settings.streams)) {
      this.stream(name, namespace, stream, settings);
    }
    this.config = nodepoolYaml(settings);
    this.kubeconfig = pulumi.secret(
      pulumi
        .all([account.token ?? "", account.clusterCa ?? ""])
        .apply(([token, ca]) => kubeconfigYaml(settings, token, ca)),
    );
    this.registerOutputs({ config: this.config, kubeconfig: this.kubeconfig });
  }

  /** One kind of node: its ImageStream and, for tags that the cluster builds, a BuildConfig. */
  private stream(name: string, namespace: NamespaceRef, stream: string, { streams }: NodepoolSettings): void {
    const tags = Object.entries(streams[stream] ?? {});
    new ImageStream(
      `${name}-${stream}`,
      {
        namespace,
        name: stream,
        tags: Object.fromEntries(tags.map(([tag, from]) => [tag, typeof from === "string" ? { from } : {}])),
      },
      { parent: this },
    );
    for (const [tag, from] of tags) {
      if (typeof from === "string") continue;
      new BuildConfig(
        `${name}-${stream}-${tag}`,
        {
          ...{ namespace, name: from.contextDir, output: `${stream}:${tag}` },
          git: { uri: "https://github.com/thoth-station/thoth-ops-infra", ...from },
          strategy: { dockerfile: "Dockerfile" },
          resources: { cpu: "1", memory: "1Gi" },
          triggers: ["ConfigChange"],
        },
        { parent: this },
      );
    }
  }
}
