import { existingNamespace } from "../../../../blocks/kubernetes/metadata.ts";
import { decorated, type Section } from "./section.ts";

const rules = [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }];
const resources = { cpu: ["100m", "1"], memory: "1Gi" } as const;
const git = { uri: "https://git.example.org/one.git", ref: "main" };

/** Namespaces, permissions, accounts, and OpenShift's own kinds. */
export const platformBlocks: Section = async (cluster, opts) => {
  const { Namespace } = await import("../../../../blocks/kubernetes/namespace.ts");
  const { Quota } = await import("../../../../blocks/kubernetes/quota.ts");
  const { ServiceAccount } = await import("../../../../blocks/kubernetes/serviceAccount.ts");
  const { ClusterRoleBinding, RoleBinding } = await import("../../../../blocks/kubernetes/roleBinding.ts");
  const { ImageStream } = await import("../../../../blocks/kubernetes/imageStream.ts");
  const { PodMonitor } = await import("../../../../blocks/kubernetes/podMonitor.ts");
  const { ServiceMonitor } = await import("../../../../blocks/kubernetes/serviceMonitor.ts");
  const { PrometheusRule } = await import("../../../../blocks/kubernetes/prometheusRule.ts");
  const { ExternalService } = await import("../../../../blocks/kubernetes/externalService.ts");
  const { workloadAlerts } = await import("../../../../blocks/kubernetes/alerts.ts");
  const { BuildConfig } = await import("../../../../blocks/kubernetes/buildConfig.ts");

  const namespace = new Namespace("namespace-least", { cluster, name: "least" }, opts);
  const podSecurity = { level: "baseline", reason: "host ports" } as const;
  const kept = { retention: { protect: true, retainOnDelete: true } };
  new Namespace("namespace-full", { cluster, name: "full", ...decorated, podSecurity, ...kept }, opts);

  new Quota("quota-least", { namespace, name: "quota", hard: { pods: "10" } }, opts);
  const defaults = { requests: { cpu: "10m" }, limits: { cpu: "1" } };
  new Quota("quota-full", { namespace, name: "quota-full", ...decorated, hard: { pods: "10" }, defaults }, opts);

  const account = new ServiceAccount("account-least", { namespace, name: "account" }, opts);
  const full = new ServiceAccount(
    "account-full",
    { namespace, name: "account-full", ...decorated, mountsToken: true, tokenSecret: "account-token", ...kept },
    opts,
  );
  new ServiceAccount("account-token", { namespace, name: "account-token", tokenSecret: "plain-token" }, opts);

  const elsewhere = existingNamespace(cluster, "elsewhere");
  const subjects = [account, { account: "other", namespace: "elsewhere" }, { group: "everybody" }];
  new RoleBinding("grant-cluster-role", { namespace, name: "may-edit", clusterRole: "edit", subjects }, opts);
  new RoleBinding("grant-role", { namespace: elsewhere, name: "may-read", role: "reader", subjects: [full] }, opts);
  new RoleBinding("grant-rules", { namespace, name: "may-look", ...decorated, rules, subjects: [account] }, opts);
  new RoleBinding(
    "grant-named",
    { namespace, name: "may-look-too", rules, roleName: "lookers", subjects: [account] },
    opts,
  );
  new ClusterRoleBinding("grants-role", { name: "may-view", clusterRole: "view", subjects }, opts);
  new ClusterRoleBinding("grants-rules", { name: "may-look", ...decorated, rules, subjects: [account] }, opts);
  new ClusterRoleBinding(
    "grants-named",
    { name: "may-look-too", rules, roleName: "lookers", subjects: [account] },
    opts,
  );

  const stream = new ImageStream("stream-least", { namespace, name: "stream", tags: { latest: {} } }, opts);
  const tag = { from: "example/one:1", scheduled: true, reference: "Source", annotations: { note: "one" } } as const;
  const tags = { "1": tag, "2": { from: "example/one:2", scheduled: false, reference: "Local" } } as const;
  new ImageStream("stream-full", { namespace, name: "stream-full", ...decorated, tags, localLookup: false }, opts);

  const build = { namespace, git, output: "stream:latest", resources };
  new BuildConfig("build-least", { ...build, name: "build", strategy: { dockerfile: "Dockerfile" } }, opts);
  const from = { stream: "base", tag: "9" };
  new BuildConfig(
    "build-docker",
    {
      ...{ ...build, name: "build-docker", ...decorated, git: { ...git, contextDir: "images" } },
      ...{ strategy: { dockerfile: "Containerfile", noCache: true, from }, env: { A: "1", B: "2" } },
      ...{ webhookSecret: "hook", triggers: ["ImageChange", "ConfigChange"], history: [2, 3] },
    },
    opts,
  );
  new BuildConfig("build-stream", { ...build, name: "build-stream", strategy: { builder: from } }, opts);
  const builder = { image: "example/builder:1" };
  new BuildConfig(
    "build-image",
    { ...build, name: "build-image", strategy: { builder }, env: { A: "1" }, webhookSecret: "hook" },
    opts,
  );

  const watched = existingNamespace(
    { ...cluster, monitoring: { namespace: "m", labels: { release: "p" } } },
    "watched",
  );
  const one = { namespace: watched, name: "one" };
  new PodMonitor("pods-least", { ...one, pods: { app: "one" }, port: "metrics" }, opts);
  const several = { app: ["one", "two"], tier: "web" };
  new PodMonitor("pods-full", { ...one, ...decorated, pods: several, port: "metrics", path: "/figures" }, opts);
  new ServiceMonitor("services-least", { ...one, services: { app: "one" }, port: "metrics" }, opts);
  const monitor = { ...one, ...decorated, services: { app: "one" }, port: "metrics", path: "/figures" };
  new ServiceMonitor("services-full", { ...monitor, targetLabels: ["hub"], jobLabel: "app" }, opts);
  new PrometheusRule("alerts", { ...one, ...decorated, alerts: workloadAlerts(watched) }, opts);
  new ExternalService("outside", { ...one, ...decorated, address: "192.0.2.1", ports: { metrics: 9999 } }, opts);

  return {
    namespace: [namespace.plainName, namespace.cluster.name],
    mountsToken: [account.mountsToken, full.mountsToken],
    tokens: [account.token === undefined, full.token === undefined, account.clusterCa === undefined],
    image: [stream.image("latest"), stream.image("1", "registry.example.org")],
  };
};
