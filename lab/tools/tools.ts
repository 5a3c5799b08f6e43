/**
 * Programs that only tests and the benchmark run: the consumers of rendered files, and the tools we compare with.
 * Built like the toolchain's artifacts, once per machine.
 */
import path from "node:path";
import type { Log } from "../component.ts";
import { cacheDir } from "../settings.ts";
import type { Artifact } from "../toolchain/artifacts.ts";
import { artifactFolder } from "../toolchain/build.ts";
import { ensureArtifacts } from "../toolchain/ensure.ts";

/** Programs of Prow by their package below cmd; all that a stack starts, those of decorated jobs' pods, and checkconfig. */
const prow = [
  ...["branchprotector", "checkconfig", "clonerefs", "crier", "deck", "entrypoint", "exporter"],
  ...["external-plugins/cherrypicker", "external-plugins/needs-rebase", "ghproxy", "hook", "horologium"],
  ...["initupload", "prow-controller-manager", "sidecar", "sinker", "status-reconciler", "tide"],
];

/** What their build reads; the lab's own programs below it have an artifact of their own. */
const prowModule = ["prow/go.mod", "prow/go.sum", "prow/tools.go"];
/** Programs of the lab's own on Prow's packages, in the place of some that are in no module. */
const prowOwn = ["connect", "labelsync", "rehearse", "releaseblocker"];

/** Scripts of Deck's pages and of its views of a job, as cmd/deck/.ts-packages of the module lists them: source to bundle. */
const deckPages = ["command-help", "job-history", "plugin-help", "pr", "prow", "spyglass", "tide", "tide-history"];
/** Without `coverage`, whose script takes seven more packages. */
const deckLenses = ["buildlog", "junit", "metadata", "podinfo"];
const deckScripts: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    deckPages.map((name) => [`static/${name}/${name}.ts`, `static/${name.replaceAll("-", "_")}_bundle.min.js`]),
  ),
  "static/spyglass/lens.ts": "static/spyglass_lens_bundle.min.js",
  ...Object.fromEntries(
    deckLenses.map((name) => [
      `lenses/${name}/${name === "junit" ? "lens" : name}.ts`,
      `lenses/${name}/script_bundle.min.js`,
    ]),
  ),
};
const take = (path: string, to: string, source?: string) => ({
  do: "take" as const,
  ...{ path, module: "sigs.k8s.io/prow", in: "prow" },
  ...(source === undefined ? { to } : { source }),
});
/** A package that Deck's scripts import, or their bundler. */
const npm = (name: string, version: string, sha256: string) => ({ do: "npm" as const, package: name, version, sha256 });

const programOf = (name: string): string => path.basename(name);

/** Definitions of the Prometheus operator's kinds that the building blocks make. */
const monitoringKinds = ["podmonitors", "prometheusrules", "servicemonitors"].map(
  (kind) => `monitoring.coreos.com_${kind}.yaml`,
);

/** The tools by name. A new tool is a row here and, if it is built, a folder with its go.mod next to this file. */
const tools = {
  /** Kubernetes' Prow, the newest version that is a Go module; golang.org/x/tools is raised so that Go 1.26 compiles it. */
  prow: {
    name: "prow",
    minutes: 6,
    files: [...prow.map(programOf), "prowjob_customresourcedefinition.yaml", "template/index.html"],
    releases: [],
    sources: prowModule,
    steps: [
      ...prow.map((name) => ({
        do: "build" as const,
        package: `sigs.k8s.io/prow/cmd/${name}`,
        in: "prow",
        to: programOf(name),
      })),
      take(
        "config/prow/cluster/prowjob-crd/prowjob_customresourcedefinition.yaml",
        "prowjob_customresourcedefinition.yaml",
      ),
      take("cmd/deck/template", "template"),
    ],
  },
  prowOwn: {
    name: "prow-own",
    minutes: 3,
    files: prowOwn,
    releases: [],
    sources: [...prowModule, "prow/own"],
    steps: prowOwn.map((name) => ({ do: "build", package: `./own/${name}`, in: "prow", to: name })),
  },
  /** Deck's files besides its templates: styles, pictures, bundled scripts. */
  deckPages: {
    name: "deck-pages",
    minutes: 1,
    files: [...Object.values(deckScripts), "static/style.css", "lenses/buildlog/template.html"],
    releases: [],
    sources: prowModule,
    steps: [
      npm("@esbuild/linux-x64", "0.25.12", "f7efc127658a108dcda9d4210b01804ee8f5d6b3acbd6d63f20aa51d3b50bd5f"),
      npm("code-prettify", "0.1.0", "3ac54e21c335aa892eee0e1905c4531d9c147d6befdde4d098666f88437b3a8c"),
      npm("dialog-polyfill", "0.5.6", "26988a554ea2ba154395a783a8cb42b446303383e9877f4cf6e094cfd6af1fef"),
      npm("moment", "2.30.1", "52219a9fee5e1faade4c72536c173c54cedd5e2619272dd0c251a30aeafcde8c"),
      ...(["static", "lenses"] as const).flatMap((folder) => {
        const at = folder === "static" ? "cmd/deck/static" : "pkg/spyglass/lenses";
        return [take(at, folder), take(at, folder, folder)];
      }),
      ...Object.entries(deckScripts).map(([source, to]) => ({ do: "bundle" as const, source, to })),
    ],
  },
  /** Let's Encrypt's own small ACME server. */
  pebble: {
    name: "pebble",
    minutes: 1,
    files: ["pebble"],
    releases: [],
    sources: ["pebble"],
    steps: [{ do: "build", package: "github.com/letsencrypt/pebble/v2/cmd/pebble", in: "pebble", to: "pebble" }],
  },
  /** Lints GitHub workflow files. */
  actionlint: {
    name: "actionlint",
    minutes: 1,
    files: ["actionlint"],
    releases: [],
    sources: ["actionlint"],
    steps: [{ do: "build", package: "github.com/rhysd/actionlint/cmd/actionlint", in: "actionlint", to: "actionlint" }],
  },
  /** Two linters for Kubernetes manifests. */
  manifests: {
    name: "manifests",
    minutes: 2,
    files: ["kubeconform", "kube-score"],
    releases: [],
    sources: ["manifests"],
    steps: [
      { do: "build", package: "github.com/yannh/kubeconform/cmd/kubeconform", in: "manifests", to: "kubeconform" },
      { do: "build", package: "github.com/zegl/kube-score/cmd/kube-score", in: "manifests", to: "kube-score" },
    ],
  },
  /** Judges of alerts and the programs that they are about: Prometheus and node_exporter of Debian, kube-state-metrics, the operator's kinds. */
  monitoring: {
    name: "monitoring",
    minutes: 2,
    files: ["promtool", "prometheus", "prometheus-node-exporter", "kube-state-metrics", ...monitoringKinds],
    releases: [],
    sources: ["monitoring", "prometheus-operator"],
    steps: [
      { do: "debian", package: "prometheus", source: "usr/bin/promtool", to: "promtool" },
      { do: "debian", package: "prometheus", source: "usr/bin/prometheus", to: "prometheus" },
      {
        do: "debian",
        package: "prometheus-node-exporter",
        source: "usr/bin/prometheus-node-exporter",
        to: "prometheus-node-exporter",
      },
      { do: "build", package: "k8s.io/kube-state-metrics/v2", in: "monitoring", to: "kube-state-metrics" },
      ...monitoringKinds.map((file) => ({
        do: "take" as const,
        path: `example/prometheus-operator-crd/${file}`,
        module: "github.com/prometheus-operator/prometheus-operator",
        in: "prometheus-operator",
        to: file,
      })),
    ],
  },
  /** Kubernetes' own end-to-end tests, and programs that they run in containers. */
  conformance: {
    name: "conformance",
    minutes: 10,
    files: ["e2e.test", "agnhost", "nnp", "sample-apiserver"],
    releases: [],
    sources: ["conformance"],
    steps: [
      { do: "build", package: "k8s.io/kubernetes/test/e2e", in: "conformance", to: "e2e.test", test: true },
      { do: "build", package: "k8s.io/kubernetes/test/images/agnhost", in: "conformance", to: "agnhost" },
      { do: "build", package: "k8s.io/kubernetes/test/images/nonewprivs", in: "conformance", to: "nnp" },
      { do: "build", package: "k8s.io/sample-apiserver", in: "conformance", to: "sample-apiserver" },
    ],
  },
  /** Files of the programs above. */
  conformanceFiles: {
    name: "conformance-files",
    minutes: 1,
    files: ["localhost.crt", "localhost.key"],
    releases: [],
    sources: ["conformance"],
    steps: ["localhost.crt", "localhost.key"].map((file) => ({
      do: "take",
      path: `test/images/agnhost/porter/${file}`,
      module: "k8s.io/kubernetes",
      in: "conformance",
      to: file,
    })),
  },
  /** The password store that Thoth's owners keep their secrets in. */
  gopass: {
    name: "gopass",
    minutes: 1,
    files: ["gopass"],
    releases: [],
    sources: ["gopass"],
    steps: [{ do: "build", package: "github.com/gopasspw/gopass", in: "gopass", to: "gopass" }],
  },
  /** Dgraph: 1.2.8 is the closest to the station's 1.0.15 that is a Go module. */
  dgraph: {
    name: "dgraph",
    minutes: 3,
    files: ["dgraph"],
    releases: [],
    sources: ["dgraph"],
    steps: [{ do: "build", package: "github.com/dgraph-io/dgraph/dgraph", in: "dgraph", to: "dgraph", cgo: true }],
  },
  /** OpenTofu, which Callysto is deployed with today, and the provider inside Pulumi's plugin; for the benchmark. */
  tofu: {
    name: "tofu",
    minutes: 8,
    files: ["tofu", "terraform-provider-openstack"],
    releases: [],
    sources: ["tofu", "terraform-provider-openstack"],
    steps: [
      { do: "build", package: "github.com/opentofu/opentofu/cmd/tofu", in: "tofu", to: "tofu" },
      {
        do: "build",
        package: "github.com/terraform-provider-openstack/terraform-provider-openstack",
        in: "terraform-provider-openstack",
        to: "terraform-provider-openstack",
      },
    ],
  },
} satisfies Readonly<Record<string, Artifact>>;

/** Name of a tool. */
export type ToolName = keyof typeof tools;

/** Disk space for a build, in GB: modules, Go's build cache and the binaries. */
const requiredSpace = 6;

/** Folder of a tool, whether it exists or not. */
export function toolFolder(name: ToolName): string {
  return artifactFolder(cacheDir, tools[name], import.meta.dirname);
}

/** Folder of a tool, built if it is missing. @throws if a requirement is missing or the build fails */
export async function ensureTool(name: ToolName, log: Log): Promise<string> {
  await ensureTools(log, [name]);
  return toolFolder(name);
}

/** Tools that are built when they are asked for by name. */
const others: readonly ToolName[] = ["tofu", "conformance", "conformanceFiles", "dgraph"];
const ofTests = (Object.keys(tools) as ToolName[]).filter((name) => !others.includes(name));

/** Builds the missing tools, one checkout at a time. */
export async function ensureTools(log: Log, names: readonly ToolName[] = ofTests): Promise<void> {
  const collection = { title: "test tools", gigabytes: requiredSpace, sources: import.meta.dirname };
  await ensureArtifacts(
    names.map((name) => tools[name]),
    collection,
    log,
  );
}
