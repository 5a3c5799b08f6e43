/** Collects what shows why something does not work; what cannot be collected is listed and left out. */
import { execFile } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { childEnvironment } from "../../../config/childEnvironment.ts";
import type { OptionSpecs, ValuesOf } from "../../../cli/options.ts";
import type { Kubectl } from "../kube/kubectl.ts";
import { ArtifactsFolder, namedFolder } from "./artifactsFolder.ts";
import { type Environment, type EnvironmentValues, inCluster } from "./environment.ts";

/** Option of every command that collects. */
export const artifactsOptions = {
  artifacts: {
    type: "string",
    value: "FOLDER",
    help: `target folder; files of an earlier run are removed first, and a folder with other files is refused (default: ARTIFACTS, then a new folder in ${tmpdir()})`,
  },
} as const satisfies OptionSpecs;

type CollectValues = EnvironmentValues & Partial<ValuesOf<typeof artifactsOptions>>;

/** What was collected. */
interface Collected {
  readonly folder: string;
  /** What could not be collected, and why; also in its not-collected.txt. */
  readonly failures: readonly string[];
  /** Whether the cluster answered. */
  readonly reached: boolean;
}

/** Collects everything. @throws if the folder has files that no earlier run wrote */
export async function collect(environment: Environment, values: CollectValues): Promise<Collected> {
  const prefix = path.join(tmpdir(), `${environment.settings.namespaces.prow}-logs-`);
  const folder = new ArtifactsFolder(namedFolder(values) ?? mkdtempSync(prefix));
  const failures: string[] = [];
  /** Writes a file, or records why that is not possible. */
  const save = async (name: string, get: () => Promise<string | Buffer>): Promise<void> => {
    try {
      folder.write(name, await get());
    } catch (error) {
      failures.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  await save(
    "host-netstat.txt",
    async () => (await promisify(execFile)("ss", ["-ntpa"], { env: childEnvironment("ss"), timeout: 60_000 })).stdout,
  );
  let reached = true;
  try {
    await inCluster(environment, values, (kubectl, inside) => collectCluster(kubectl, inside, environment, save));
  } catch (error) {
    reached = false;
    failures.push(`the cluster: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (failures.length > 0) folder.write("not-collected.txt", `${failures.join("\n")}\n`);
  return { folder: folder.path, failures, reached };
}

type Save = (name: string, get: () => Promise<string | Buffer>) => Promise<void>;

async function collectCluster(
  kubectl: Kubectl,
  inside: readonly string[],
  { settings }: Environment,
  save: Save,
): Promise<void> {
  await save("get_all.yaml.gz", async () =>
    gzipSync(await kubectl.output(["get", "all", ...inside, "--output", "yaml"])),
  );
  await save("port-map.txt", () => kubectl.output(["get", "services,ingresses", ...inside, "--output", "wide"]));
  await save("events.txt", () => kubectl.output(["get", "events", ...inside, "--sort-by=.lastTimestamp"]));
  for (const [namespace, under] of [
    [settings.namespaces.prow, ""],
    [settings.namespaces.jobs, "jobs/"],
  ] as const) {
    for (const kind of ["roles", "rolebindings"]) {
      for (const name of await names(kubectl, kind, ["--namespace", namespace])) {
        await save(`${under}${kind}/${name}`, () => kubectl.output(["describe", kind, name, "--namespace", namespace]));
      }
    }
  }
  await save("prowjobs.yaml", () =>
    kubectl.output(["get", "prowjobs", "--namespace", settings.namespaces.jobs, "--output", "yaml"]),
  );
  for (const name of await names(kubectl, "pods", inside)) {
    await save(`pods/${name}`, () => podReport(kubectl, inside, name));
  }
}

async function names(kubectl: Kubectl, kind: string, inside: readonly string[]): Promise<readonly string[]> {
  const { items } = await kubectl.get<{ items: { metadata: { name: string } }[] }>(kind, ...inside);
  return items.map(({ metadata }) => metadata.name);
}

/** Description, logs and connections of a pod, under headings; images without a shell have no connections to show. */
async function podReport(kubectl: Kubectl, inside: readonly string[], name: string): Promise<string> {
  const parts = {
    description: ["describe", "pod", name, ...inside],
    logs: ["logs", name, ...inside, "--all-containers", "--prefix", "--tail=5000"],
    connections: ["exec", name, ...inside, "--", "netstat", "-ntupa"],
  };
  const sections = await Promise.all(
    Object.entries(parts).map(async ([title, words]) => {
      const content = await kubectl.output(words).catch((error: unknown) => `not available: ${String(error)}`);
      return `==== ${title}\n${content.trimEnd()}\n`;
    }),
  );
  return sections.join("\n");
}
