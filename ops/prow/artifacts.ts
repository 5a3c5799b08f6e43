/** Collects what tells why something does not work; whatever cannot be had is noted and left out. */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { type Command, text, type Values } from "../command.ts";
import type { Kubectl } from "../kubectl.ts";
import { type Environment, environmentHelp, environmentOptions, inCluster, openEnvironment } from "./environment.ts";

/** Option of every command that collects. */
export const artifactsOptions = { artifacts: { type: "string" } } as const;

/** The line of `--help` about it. */
export const artifactsHelp = `  --artifacts DIR    where to; emptied first (default: ARTIFACTS, then a new folder in ${tmpdir()})`;

/** Folder that the options name, empty. */
function folderOf({ settings }: Environment, values: Values): string {
  const named = text(values, "artifacts") ?? process.env.ARTIFACTS;
  if (named === undefined || named === "") return mkdtempSync(path.join(tmpdir(), `${settings.namespaces.prow}-logs-`));
  rmSync(named, { recursive: true, force: true });
  mkdirSync(named, { recursive: true });
  return named;
}

/** Collects everything. @returns the folder */
export async function collect(environment: Environment, values: Values): Promise<string> {
  const folder = folderOf(environment, values);
  const failures: string[] = [];
  /** Writes a file, or notes why it could not be had. */
  const save = async (name: string, get: () => Promise<string | Buffer>): Promise<void> => {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    try {
      writeFileSync(file, await get());
    } catch (error) {
      failures.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  await save("host-netstat.txt", async () => (await promisify(execFile)("ss", ["-ntpa"])).stdout);
  try {
    await inCluster(environment, values, (kubectl, inside) => collectCluster(kubectl, inside, environment, save));
  } catch (error) {
    failures.push(`the cluster: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (failures.length > 0) writeFileSync(path.join(folder, "not-collected.txt"), `${failures.join("\n")}\n`);
  return folder;
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
      const content = await kubectl.output(words).catch((error: unknown) => `not to be had: ${String(error)}`);
      return `==== ${title}\n${content.trimEnd()}\n`;
    }),
  );
  return sections.join("\n");
}

export const command: Command = {
  help: `Usage: npm run ops -- prow artifacts --stack S [--artifacts DIR]

Collects all objects of Prow's namespace (compressed), addresses and ports, events, roles and bindings of both namespaces,
ProwJobs, each pod's description, logs and connections, and this machine's connections. No Secret is collected. What
cannot be had is listed in not-collected.txt.

${artifactsHelp}
${environmentHelp}`,
  options: { ...environmentOptions, ...artifactsOptions },
  async run({ values }) {
    console.log(`artifacts are in ${await collect(await openEnvironment(values), values)}`);
    return 0;
  },
};
