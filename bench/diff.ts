/** How long it takes to show what a change does: offline by two renders, or by asking the cluster with kubectl. */
import path from "node:path";
import { stackNames, stackPath } from "../config/stackFile.ts";
import { root } from "../lab/settings.ts";
import { type Json, asObject, asText } from "../policy/manifest.ts";
import { api } from "../lab/harness/kube.ts";
import { writeList } from "./contestants/kubectl.ts";
import { declared, kubernetesObjects } from "./declared.ts";
import { median } from "./figures.ts";
import { type Cost, timed } from "./measure.ts";
import type { DiffFigures } from "./results.ts";

/** Exit code of `kubectl diff` when there are differences. */
const differs = 1;

/** Measures each stack. kubectl's objects are those of the same stack, in a cluster that has them all. */
export async function measureDiffs(rounds: number, log: (line: string) => void): Promise<readonly DiffFigures[]> {
  const figures: DiffFigures[] = [];
  for (const stack of stackNames()) {
    const { manifests } = kubernetesObjects(await declared(stack, stackPath(stack)));
    const files = writeList(path.join(root, ".lab", "bench", `diff-${stack}`), { manifests, nodes: new Map() });
    const named = (one: Json, key: string): string => asText(asObject(one.metadata)[key]);
    const made = manifests.filter(({ kind }) => kind === "Namespace").map((one) => named(one, "name"));
    const needed = new Set(manifests.map((one) => named(one, "namespace")));
    const absent = [...needed].filter((name) => name !== "" && !made.includes(name));
    for (const name of absent) await api.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
    try {
      await timed("kubectl", ["apply", ...files]);
      const [render, offline, kubectl]: [number[], number[], number[]] = [[], [], []];
      for (let round = 0; round < rounds; round++) {
        render.push((await node("review/cli.ts", "--stack", stack)).seconds);
        offline.push((await node("bench/offlineDiff.ts", stack)).seconds);
        kubectl.push((await timed("kubectl", ["diff", ...files], { accept: [differs] })).seconds);
      }
      figures.push({ stack, objects: manifests.length, render, offline, kubectl });
      log(`${stack}: render ${said(render)}, offline diff ${said(offline)}, kubectl diff ${said(kubectl)}`);
    } finally {
      await timed("kubectl", ["delete", ...files, "--ignore-not-found", "--wait"]);
      for (const name of absent) await api.delete(`/api/v1/namespaces/${name}`);
    }
  }
  return figures;
}

function node(...args: readonly string[]): Promise<Cost> {
  return timed(process.execPath, args, { cwd: root });
}

const said = (seconds: readonly number[]): string => `${median(seconds).toFixed(2)} s`;
