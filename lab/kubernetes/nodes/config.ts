/** Configuration files of a node's daemons. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pauseImage } from "../../images/recipes.ts";
import type { LabSettings } from "../../settings.ts";
import type { NodePrograms } from "../../toolchain/nodePrograms.ts";
import { files } from "../files.ts";
import type { NodeCredentials } from "./credentials.ts";
import { podRanges } from "./families.ts";
import { nodeNetwork, type RealNode } from "./plan.ts";

/** Cluster address of the Service "kube-dns". */
export const dnsAddress = "10.96.0.10";

/** Socket of a node's containerd. */
const containerdSocket = (node: RealNode): string => path.join(node.data, "containerd.sock");

/**
 * Writes a node's files as far as they differ, and creates the folders of its data.
 * @param authority - file of the certificates that containers trust
 * @returns the names of those that differed
 */
export function writeNodeFiles(
  lab: LabSettings,
  node: RealNode,
  programs: NodePrograms,
  credentials: NodeCredentials,
  authority: string,
): readonly string[] {
  const registries = path.join(node.etc, "registries", "_default");
  const folders = ["containerd", "kubelet", "addresses", "log", "lib", "lib-work"];
  const made = [...folders.map((name) => path.join(node.data, name)), registries, path.join(node.etc, "network")];
  for (const folder of made) mkdirSync(folder, { recursive: true, mode: 0o755 });
  const written: string[] = [];
  const write = (name: string, text: string): void => {
    const file = path.join(node.etc, name);
    if (existsSync(file) && readFileSync(file, "utf8") === text) return;
    writeFileSync(file, text, { mode: 0o600 });
    written.push(name);
  };
  const { services } = nodeNetwork(lab);
  write("resolv.conf", "# no name server: the node looks up nothing\n");
  write("containerd.toml", containerdConfig(node, programs));
  write("container.json", JSON.stringify(containerSpec(programs, authority)));
  // Every registry's names are asked for here first; what the lab does not have is asked of the registry itself.
  write(
    "registries/_default/hosts.toml",
    `[host."http://${services}:${lab.ports.registry}"]\n  capabilities = ["pull", "resolve"]\n`,
  );
  // JSON is YAML
  write("kubelet.yaml", JSON.stringify(kubeletConfig(node, credentials)));
  write("proxy.yaml", JSON.stringify(proxyConfig(lab, node)));
  const server = `https://${services}:${lab.ports.kubernetes}`;
  write("kubelet.kubeconfig", kubeconfig(lab, server, credentials.nodeTokens.get(node.name) ?? ""));
  write("proxy.kubeconfig", kubeconfig(lab, server, credentials.proxyToken));
  return written;
}

/**
 * The network of pods: routed pairs and no bridge, so that packets between pods of one node pass the hook of NetworkPolicies too.
 * @param ranges - the node's pod ranges (CIDR), one a family
 */
export function writeNetworkConfig(node: RealNode, ranges: readonly string[]): void {
  const ipam = {
    type: "host-local",
    dataDir: path.join(node.data, "addresses"),
    ranges: ranges.map((subnet) => [{ subnet }]),
    routes: ranges.map((subnet) => ({ dst: subnet.includes(":") ? "::/0" : "0.0.0.0/0" })),
  };
  const plugins = [
    { type: pairPlugin, ipMasq: false, mtu: 1500, ipam },
    { type: "portmap", backend: "nftables", capabilities: { portMappings: true } },
  ];
  const text = JSON.stringify({ cniVersion: "1.0.0", name: "pods", plugins });
  writeFileSync(path.join(node.etc, "network", "10-pods.conflist"), text);
  mkdirSync(pluginFolder(node), { recursive: true });
  writeFileSync(path.join(pluginFolder(node), pairPlugin), undoubted, { mode: 0o700 });
}

/**
 * The plugin "ptp", in a namespace whose addresses of IPv6 are at once in use: the kernel else asks for a second or two whether
 * somebody has them, and the plugin waits.
 */
const undoubted = `#!/bin/sh
dad=/proc/sys/net/ipv6/conf/default/accept_dad
[ "$CNI_COMMAND" != ADD ] || nsenter --net="$CNI_NETNS" sh -c "[ ! -e $dad ] || echo 0 >$dad"
exec "\${CNI_PATH##*:}/ptp"
`;
const pairPlugin = "pair";
const pluginFolder = (node: RealNode): string => path.join(node.etc, "plugins");

/**
 * Least oom_score_adj of pods. Where memory runs out the kernel ends them before etcd, MariaDB and all else that is in no node: those
 * have the score of the shell that starts them, 0 or what a desktop gives it, as lowering it takes a capability that root may lack.
 */
const podScore = 500;

function containerdConfig(node: RealNode, { runtime, runc }: NodePrograms): string {
  const snapshotters = ["btrfs", "zfs", "devmapper", "blockfile", "erofs"];
  const unused = snapshotters.map((name) => `io.containerd.snapshotter.v1.${name}`);
  const disabled = [...unused, "io.containerd.tracing.processor.v1.otlp", "io.containerd.nri.v1.nri"];
  return `version = 3
root = ${JSON.stringify(path.join(node.data, "containerd"))}
state = "/run/containerd"
oom_score = ${podScore}
disabled_plugins = ${JSON.stringify(disabled)}
[grpc]
  address = ${JSON.stringify(containerdSocket(node))}
[ttrpc]
  address = ${JSON.stringify(`${containerdSocket(node)}.ttrpc`)}
[plugins."io.containerd.cri.v1.images"]
  snapshotter = "overlayfs"
  [plugins."io.containerd.cri.v1.images".pinned_images]
    sandbox = "${pauseImage}"
  [plugins."io.containerd.cri.v1.images".registry]
    config_path = ${JSON.stringify(path.join(node.etc, "registries"))}
[plugins."io.containerd.cri.v1.runtime"]
  restrict_oom_score_adj = true # no pod below containerd's own
  enable_unprivileged_ports = true
  [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    base_runtime_spec = ${JSON.stringify(path.join(node.etc, "container.json"))}
    runtime_path = ${JSON.stringify(path.join(runtime, "containerd-shim-runc-v2"))}
    [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
      BinaryName = ${JSON.stringify(path.join(runc, "runc"))}
      SystemdCgroup = false
  [plugins."io.containerd.cri.v1.runtime".cni]
    bin_dirs = ${JSON.stringify([pluginFolder(node), runtime])}
    conf_dir = ${JSON.stringify(path.join(node.etc, "network"))}
`;
}

/** Where Debian's and Fedora's programs look for authorities. */
const bundles = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"] as const;

/**
 * What every container has besides what its pod asks for: it trusts the lab's authority, as it would trust the world's, of which it
 * reaches nothing. The variables are for programs that bring authorities of their own: Python's and Node's.
 */
function containerSpec({ runtime }: NodePrograms, authority: string): object {
  const text = execFileSync(path.join(runtime, "ctr"), ["oci", "spec"], { encoding: "utf8" });
  const spec = JSON.parse(text) as { process: object; mounts: object[] };
  const [bundle] = bundles;
  const env = ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"].map((name) => `${name}=${bundle}`);
  const options = ["bind", "ro", "nosuid", "nodev"];
  const trusted = bundles.map((destination) => ({ destination, type: "bind", source: authority, options }));
  return { ...spec, process: { ...spec.process, env }, mounts: [...spec.mounts, ...trusted] };
}

function kubeletConfig(node: RealNode, { authority }: NodeCredentials): object {
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    address: node.address,
    authentication: { anonymous: { enabled: false }, webhook: { enabled: true }, x509: { clientCAFile: authority } },
    authorization: { mode: "Webhook" },
    cgroupDriver: "cgroupfs",
    cgroupRoot: "/",
    clusterDNS: [dnsAddress],
    clusterDomain: "cluster.local",
    containerRuntimeEndpoint: `unix://${containerdSocket(node)}`,
    // What waits for another pod is tried again soon: after lab down all start at once.
    crashLoopBackOff: { maxContainerRestartPeriod: "3s" },
    // Of the machine's disk, which the lab shares with everything else. Not for memory: the kubelet counts files that the kernel
    // keeps in it as taken, and they fill every group with a limit.
    evictionHard: { "nodefs.available": "1%", "imagefs.available": "1%" },
    eventRecordQPS: 0,
    failCgroupV1: false,
    failSwapOn: false,
    healthzPort: 0,
    imageGCHighThresholdPercent: 100,
    kubeAPIBurst: 1000,
    kubeAPIQPS: 500,
    maxPods: 250,
    oomScoreAdj: 0,
    registryPullQPS: 0,
    resolvConf: path.join(node.etc, "resolv.conf"),
    serializeImagePulls: false,
    shutdownGracePeriod: "0s",
  };
}

function proxyConfig(lab: LabSettings, node: RealNode): object {
  return {
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    bindAddress: "0.0.0.0",
    clientConnection: { kubeconfig: path.join(node.etc, "proxy.kubeconfig"), qps: 500, burst: 1000 },
    clusterCIDR: podRanges(lab).join(","),
    // The limits are the whole machine's.
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: "0s", tcpCloseWaitTimeout: "0s" },
    detectLocalMode: "ClusterCIDR",
    healthzBindAddress: "",
    hostnameOverride: node.name,
    metricsBindAddress: "",
    mode: "nftables",
    nftables: { minSyncPeriod: "100ms" },
    oomScoreAdj: 0,
  };
}

function kubeconfig(lab: LabSettings, server: string, token: string): string {
  const context = { cluster: "lab", user: "lab" };
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "lab",
    clusters: [{ name: "lab", cluster: { server, "certificate-authority": files(lab).certificate } }],
    users: [{ name: "lab", user: { token } }],
    contexts: [{ name: "lab", context }],
  });
}
