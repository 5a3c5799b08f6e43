/** The toolchain's artifacts: where each can be downloaded, and how it is built. Data only: it is hashed. */
/** A file of an official release. A `.tar.gz` is unpacked; any other file is an executable, saved as `to`. */
export interface Release {
  readonly url: string;
  readonly to?: string;
  /** Members of the archive to take. @default all */
  readonly members?: readonly string[];
  /** Leading folders to cut from the members' names. @default 0 */
  readonly strip?: number;
}

/** One build step. `in`, `on` and `source` are relative to the artifact's sources, `to` to the finished artifact. */
export type Step =
  /** Compiles a Go package (or, with `test`, its tests; with `cgo`, its C parts by gcc) with the requirements of the module in `in`. */
  | {
      do: "build";
      package: string;
      in: string;
      to: string;
      variables?: Record<string, string>;
      test?: true;
      tags?: string;
      cgo?: true;
    }
  /** Runs a Go program that writes files into a folder of the sources. */
  | { do: "run"; package: string; in: string; on: string }
  /** Copies a file or folder of a required module to the sources or into the artifact. */
  | { do: "take"; path: string; module: string; in: string; source?: string; to?: string }
  /** Copies a generated file from the sources into the artifact. */
  | { do: "keep"; source: string; to: string }
  /** Copies one file of a Debian package into the artifact, without installing the package. */
  | { do: "debian"; package: string; source: string; to: string }
  /** Unpacks a package of npm, whose archive has this checksum, into `node_modules` of the sources. */
  | { do: "npm"; package: string; version: string; sha256: string }
  /** Bundles a script of the sources for browsers, by the package `@esbuild/linux-x64`. */
  | { do: "bundle"; source: string; to: string }
  /** Creates a symbolic link to a file. */
  | { do: "link"; to: string; file: string };

/** A part of the toolchain that is downloaded or built as one unit. */
export interface Artifact {
  readonly name: string;
  /** Minutes of a build on two cores with empty caches. */
  readonly minutes: number;
  /** Files that a complete artifact has. */
  readonly files: readonly string[];
  readonly releases: readonly Release[];
  /** Scripts to add to the downloaded files: name to text. */
  readonly scripts?: Record<string, string>;
  /** Our own sources of the build, relative to this directory (of a tool: to lab/tools). */
  readonly sources: readonly string[];
  readonly steps: readonly Step[];
}

/** Version of the lab's CLI; package.json and the workflows (.pulumi.version) may be ahead of it. */
export const cliVersion = "3.274.1";
/** Versions of the lab's plugins; package.json may be ahead of them. */
export const plugins = {
  command: "1.2.1",
  kubernetes: "4.25.0",
  openstack: "3.15.2",
  random: "4.21.2",
  tls: "5.6.1",
} as const;
const bridged = ["openstack", "random", "tls"] as const;
const kubernetes = "1.36.1";
const etcd = "3.6.8";
const kwok = "0.8.0";

const pulumi = "https://get.pulumi.com/releases";
const plugin = (name: keyof typeof plugins): Release => ({
  url: `${pulumi}/plugins/pulumi-resource-${name}-v${plugins[name]}-linux-amd64.tar.gz`,
  members: [`pulumi-resource-${name}`],
});
const component = (name: string): Release => ({
  url: `https://dl.k8s.io/v${kubernetes}/bin/linux/amd64/${name}`,
  to: name,
});

/** Runs the official binaries by the commands of our multi-call program. */
const kubeScript = `#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
name=$1
shift
case $name in
apiserver | scheduler) exec "$here/kube-$name" "$@" ;;
controllers) exec "$here/kube-controller-manager" "$@" ;;
etcd | kubectl) exec "$here/$name" "$@" ;;
*) echo "usage: kube etcd|apiserver|controllers|scheduler|kubectl ..." >&2; exit 2 ;;
esac
`;

export const artifacts: readonly Artifact[] = [
  {
    name: "cli",
    minutes: 4,
    files: ["pulumi", "pulumi-language-nodejs"],
    releases: [{ url: `${pulumi}/sdk/pulumi-v${cliVersion}-linux-x64.tar.gz`, strip: 1 }],
    sources: ["cli"],
    steps: [
      {
        do: "build",
        package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
        in: "cli",
        to: "pulumi",
        variables: { "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": `v${cliVersion}` },
      },
      {
        do: "build",
        package: "./host",
        in: "cli",
        to: "pulumi-language-nodejs",
        variables: { "main.version": cliVersion },
      },
    ],
  },
  {
    name: "kubernetes-plugin",
    minutes: 7,
    files: ["pulumi-resource-kubernetes"],
    releases: [plugin("kubernetes")],
    sources: ["plugins/go.mod", "plugins/go.sum", "plugins/kubernetes"],
    steps: [
      ...["schema.json", "terraform-mapping.json"].map((file) => ({
        do: "take" as const,
        path: `cmd/pulumi-resource-kubernetes/${file}`,
        module: "github.com/pulumi/pulumi-kubernetes/provider/v4",
        in: "plugins",
        source: `plugins/kubernetes/${file}`,
      })),
      { do: "build", package: "./kubernetes", in: "plugins", to: "pulumi-resource-kubernetes" },
    ],
  },
  {
    name: "bridged-plugins",
    minutes: 2,
    files: bridged.map((name) => `pulumi-resource-${name}`),
    releases: bridged.map(plugin),
    sources: ["bridge"],
    steps: [
      { do: "run", package: "./schema", in: "bridge", on: "bridge/plugin" },
      { do: "build", package: "./plugin", in: "bridge", to: "bridge" },
      ...bridged.map((name) => ({ do: "link" as const, to: `pulumi-resource-${name}`, file: "bridge" })),
      ...bridged.map((name) => ({
        do: "keep" as const,
        source: `bridge/plugin/${name}.json`,
        to: `schema/${name}.json`,
      })),
    ],
  },
  {
    name: "command-plugin",
    minutes: 1,
    files: ["pulumi-resource-command"],
    releases: [plugin("command")],
    sources: ["plugins/go.mod", "plugins/go.sum", "plugins/command"],
    steps: [
      { do: "build", package: "./command", in: "plugins", to: "pulumi-resource-command" },
      { do: "build", package: "./command", in: "plugins", to: "command.test", test: true },
    ],
  },
  {
    name: "control-plane",
    minutes: 4,
    files: ["kube"],
    releases: [
      ...["kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl"].map(component),
      {
        url: `https://github.com/etcd-io/etcd/releases/download/v${etcd}/etcd-v${etcd}-linux-amd64.tar.gz`,
        members: [`etcd-v${etcd}-linux-amd64/etcd`],
        strip: 1,
      },
    ],
    scripts: { kube: kubeScript },
    sources: ["control"],
    steps: [
      {
        do: "build",
        package: ".",
        in: "control",
        to: "kube",
        variables: {
          "k8s.io/component-base/version.gitVersion": `v${kubernetes}`,
          "k8s.io/component-base/version.gitMajor": "1",
          "k8s.io/component-base/version.gitMinor": kubernetes.split(".")[1] ?? "",
        },
      },
    ],
  },
  {
    name: "kwok",
    minutes: 1,
    files: ["kwok", "stage/pod/fast/pod-ready.yaml"],
    releases: [
      { url: `https://github.com/kubernetes-sigs/kwok/releases/download/v${kwok}/kwok-linux-amd64`, to: "kwok" },
      {
        url: `https://github.com/kubernetes-sigs/kwok/archive/refs/tags/v${kwok}.tar.gz`,
        members: [`kwok-${kwok}/kustomize/stage`],
        strip: 2,
      },
    ],
    sources: ["control"],
    steps: [
      { do: "build", package: "sigs.k8s.io/kwok/cmd/kwok", in: "control", to: "kwok" },
      { do: "take", path: "kustomize/stage", module: "sigs.k8s.io/kwok", in: "control", to: "stage" },
    ],
  },
];
