/**
 * Programs that only tests and the benchmark run: the real readers of what is rendered, and what it is compared with.
 * Made like the toolchain's pieces, once per machine.
 */
import { existsSync, mkdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import path from "node:path";
import { lock } from "../lock.ts";
import type { Log } from "../component.ts";
import { cacheDir } from "../settings.ts";
import { source } from "../toolchain/download.ts";
import { makePiece, pieceFolder } from "../toolchain/make.ts";
import type { Piece } from "../toolchain/pieces.ts";
import { missingFor } from "../toolchain/toolchain.ts";

/** Programs of Prow by their package below cmd; all that a stack starts, and checkconfig. */
const prow = [
  ...["branchprotector", "checkconfig", "crier", "deck", "exporter", "external-plugins/cherrypicker"],
  ...["external-plugins/needs-rebase", "ghproxy", "hook", "horologium", "prow-controller-manager", "sinker"],
  ...["status-reconciler", "tide"],
];
const programOf = (name: string): string => path.basename(name);

/** The tools by name. A new one is a row here and, if it is built, a folder with its go.mod beside this file. */
const tools = {
  /** Kubernetes' Prow. Its newest version with a module; golang.org/x/tools is raised so that Go 1.26 compiles it. */
  prow: {
    name: "prow",
    minutes: 6,
    files: [...prow.map(programOf), "prowjob_customresourcedefinition.yaml", "template/index.html"],
    releases: [],
    sources: ["prow"],
    steps: [
      ...prow.map((name) => ({
        do: "build" as const,
        package: `sigs.k8s.io/prow/cmd/${name}`,
        in: "prow",
        to: programOf(name),
      })),
      {
        do: "take",
        path: "config/prow/cluster/prowjob-crd/prowjob_customresourcedefinition.yaml",
        module: "sigs.k8s.io/prow",
        in: "prow",
        to: "prowjob_customresourcedefinition.yaml",
      },
      { do: "take", path: "cmd/deck/template", module: "sigs.k8s.io/prow", in: "prow", to: "template" },
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
  /** Reads workflow files as GitHub does. */
  actionlint: {
    name: "actionlint",
    minutes: 1,
    files: ["actionlint"],
    releases: [],
    sources: ["actionlint"],
    steps: [{ do: "build", package: "github.com/rhysd/actionlint/cmd/actionlint", in: "actionlint", to: "actionlint" }],
  },
  /** Two judges of Kubernetes manifests. */
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
  /** The password store that Thoth's owners keep their secrets in. */
  gopass: {
    name: "gopass",
    minutes: 1,
    files: ["gopass"],
    releases: [],
    sources: ["gopass"],
    steps: [{ do: "build", package: "github.com/gopasspw/gopass", in: "gopass", to: "gopass" }],
  },
  /** What Callysto's owners deploy with, and the provider that Pulumi's plugin is made of: the benchmark compares with them. */
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
} satisfies Readonly<Record<string, Piece>>;

/** Name of a tool. */
export type ToolName = keyof typeof tools;

/** GB that building needs: modules, Go's build cache and the binaries. */
const roomNeeded = 6;

const folderOf = (name: ToolName): string => pieceFolder(cacheDir, tools[name], import.meta.dirname);

/** Folder of a tool, made first where it is missing. @throws naming what the machine lacks, or what failed */
export async function ensureTool(name: ToolName, log: Log): Promise<string> {
  await ensureTools(log, [name]);
  return folderOf(name);
}

/** All but what only the benchmark runs. */
const ofTests: readonly ToolName[] = (Object.keys(tools) as ToolName[]).filter((name) => name !== "tofu");

/** Makes the tools that are missing, one checkout at a time. */
export async function ensureTools(log: Log, names = ofTests): Promise<void> {
  const missing = (): readonly ToolName[] => names.filter((name) => !existsSync(folderOf(name)));
  if (missing().length === 0) return;
  const shop = { cache: cacheDir, source: source(), log, sources: import.meta.dirname };
  const [problem] = missingFor("a tool of the tests", roomNeeded);
  if (problem !== undefined) throw new Error(problem);
  mkdirSync(path.join(cacheDir, "log"), { recursive: true });
  // The toolchain's lock: building both at once would double what the machine needs, and they share folders.
  const release = await lock(
    path.join(cacheDir, "toolchain.lock"),
    log,
    "another checkout makes the toolchain or a tool of the tests",
  );
  try {
    const todo = missing(); // another checkout may have made some meanwhile
    for (const [index, name] of todo.entries()) {
      await makePiece(tools[name], `tools of the tests [${index + 1}/${todo.length}] ${name}`, shop);
    }
    if (process.env.GOCACHE === undefined) await rm(path.join(cacheDir, "go-build"), { recursive: true, force: true });
  } finally {
    await release();
  }
}
