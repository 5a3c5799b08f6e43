/** What a real node runs: containerd with its shim, runc, network plugins, kubelet, kube-proxy and CoreDNS. Built once per machine. */
import { readFileSync } from "node:fs";
import path from "node:path";
import type { Log } from "../component.ts";
import { cacheDir } from "../settings.ts";
import { artifactFolder } from "./build.ts";
import { ensureArtifacts } from "./ensure.ts";
import type { Artifact } from "./artifacts.ts";

const kubernetes = version("node", "k8s.io/kubernetes");
const containerd = version("runtime", "github.com/containerd/containerd/v2");
const cni = version("runtime", "github.com/containernetworking/plugins");
const coredns = version("names", "github.com/coredns/coredns");
const runc = "1.4.3";

/** The network plugins of {@link Artifact} "runtime", by their folder in the module. */
const networkPlugins = ["ipam/host-local", "main/loopback", "main/ptp", "meta/portmap"];
const daemons = ["containerd", "containerd-shim-runc-v2", "ctr"];

const github = "https://github.com";

const artifacts = {
  runtime: {
    name: "runtime",
    minutes: 2,
    files: [...daemons, ...networkPlugins.map((plugin) => path.basename(plugin))],
    releases: [
      {
        url: `${github}/containerd/containerd/releases/download/v${containerd}/containerd-static-${containerd}-linux-amd64.tar.gz`,
        members: daemons.map((name) => `bin/${name}`),
        strip: 1,
      },
      {
        url: `${github}/containernetworking/plugins/releases/download/v${cni}/cni-plugins-linux-amd64-v${cni}.tgz`,
        members: networkPlugins.map((plugin) => `./${path.basename(plugin)}`),
      },
    ],
    sources: ["runtime"],
    steps: [
      ...daemons.map((name) => ({
        do: "build" as const,
        package: `github.com/containerd/containerd/v2/cmd/${name}`,
        in: "runtime",
        to: name,
        variables: { "github.com/containerd/containerd/v2/version.Version": `v${containerd}` },
      })),
      ...networkPlugins.map((plugin) => ({
        do: "build" as const,
        package: `github.com/containernetworking/plugins/plugins/${plugin}`,
        in: "runtime",
        to: path.basename(plugin),
      })),
    ],
  },
  runc: {
    name: "runc",
    minutes: 1,
    files: ["runc"],
    releases: [{ url: `${github}/opencontainers/runc/releases/download/v${runc}/runc.amd64`, to: "runc" }],
    sources: [],
    // A build would take a C compiler and libseccomp's headers.
    steps: [{ do: "debian", package: "runc", source: "usr/sbin/runc", to: "runc" }],
  },
  /** Always built: the official kubelet cannot offer more processors than the machine has. */
  node: {
    name: "node",
    minutes: 5,
    files: ["node"],
    releases: [],
    sources: ["node"],
    steps: [
      {
        do: "build",
        package: ".",
        in: "node",
        to: "node",
        variables: {
          "k8s.io/component-base/version.gitVersion": `v${kubernetes}`,
          "k8s.io/component-base/version.gitMajor": "1",
          "k8s.io/component-base/version.gitMinor": kubernetes.split(".")[1] ?? "",
        },
      },
    ],
  },
  names: {
    name: "names",
    minutes: 1,
    files: ["coredns"],
    releases: [
      {
        url: `${github}/coredns/coredns/releases/download/v${coredns}/coredns_${coredns}_linux_amd64.tgz`,
        members: ["coredns"],
      },
    ],
    sources: ["names"],
    steps: [{ do: "build", package: ".", in: "names", to: "coredns" }],
  },
  /** Our own program in the images of programs that no package has. */
  standin: {
    name: "standin",
    minutes: 1,
    files: ["standin"],
    releases: [],
    sources: ["standin"],
    steps: [{ do: "build", package: ".", in: "standin", to: "standin" }],
  },
} satisfies Readonly<Record<string, Artifact>>;

/** Folders of the finished programs. */
export type NodePrograms = Readonly<Record<keyof typeof artifacts, string>>;

/** Disk space for a build, in GB: modules, Go's build cache and the binaries. */
const requiredSpace = 8;

/** The folders, whether they exist or not, for commands that install nothing. */
export function nodePrograms(): NodePrograms {
  const folders = Object.entries(artifacts).map(([name, artifact]) => [name, artifactFolder(cacheDir, artifact)]);
  return Object.fromEntries(folders) as NodePrograms;
}

/** The folders, built or downloaded if they are missing. @throws if a requirement is missing or a build fails */
export async function ensureNodePrograms(log: Log): Promise<NodePrograms> {
  await ensureArtifacts(Object.values(artifacts), { title: "programs of a node", gigabytes: requiredSpace }, log);
  return nodePrograms();
}

/** The version, without its v, that a module of this folder requires. */
function version(module: string, requirement: string): string {
  const text = readFileSync(path.join(import.meta.dirname, module, "go.mod"), "utf8");
  const [, found] = new RegExp(`^\\s*(?:require )?${requirement} v(\\S+)`, "m").exec(text) ?? [];
  if (found === undefined) throw new Error(`${module}/go.mod does not require ${requirement}`);
  return found;
}
