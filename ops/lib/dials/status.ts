/** Compares the Deployments of DIALS with the settings. */
import { dialsSchema, type DialsSettings } from "../../../components/dials/config.ts";
import type { Kubectl } from "../kube/kubectl.ts";
import type { Finding } from "../kube/checks.ts";
import { withCluster } from "../program.ts";
import { openStack } from "../stack.ts";
import type { StatusHook } from "../status.ts";
import { targets } from "./selection.ts";

/** A Deployment of a list. */
export interface Row {
  readonly name: string;
  readonly group: string;
  /** Undefined when there is no such Deployment. */
  readonly wanted: number | undefined;
  readonly ready: number;
  readonly updated: number;
  readonly images: readonly string[];
  /** `ok`, or what is wrong. */
  readonly note: string;
}

/** As much of a Deployment as is read. */
interface Deployment {
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec: {
    readonly replicas?: number;
    readonly template: { readonly spec: { readonly containers: readonly { readonly image: string }[] } };
  };
  readonly status: { readonly readyReplicas?: number; readonly updatedReplicas?: number };
}

/** One row a Deployment that is there or should be, sorted by group. */
export function rows(
  expected: readonly { name: string; group: string; paused: boolean }[],
  found: readonly Deployment[],
): readonly Row[] {
  const there = new Map(found.map((one) => [one.metadata.name, one]));
  const unknown = found.filter(({ metadata }) => !expected.some(({ name }) => name === metadata.name));
  const all = [
    ...expected.map((one) => ({ ...one, note: undefined })),
    ...unknown.map(({ metadata }) => ({
      name: metadata.name,
      group: metadata.labels?.["app.kubernetes.io/part-of"] ?? "-",
      paused: false,
      note: "not in the settings",
    })),
  ];
  return all
    .map(({ name, group, paused, note }): Row => {
      const deployment = there.get(name);
      const wanted = deployment === undefined ? undefined : (deployment.spec.replicas ?? 1);
      const ready = deployment?.status.readyReplicas ?? 0;
      const updated = deployment?.status.updatedReplicas ?? 0;
      const images = deployment?.spec.template.spec.containers.map(({ image }) => image) ?? [];
      return { name, group, wanted, ready, updated, images, note: note ?? noteOf(wanted, ready, updated, paused) };
    })
    .sort((a, b) => (`${a.group} ${a.name}` < `${b.group} ${b.name}` ? -1 : 1));
}

function noteOf(wanted: number | undefined, ready: number, updated: number, paused: boolean): string {
  if (wanted === undefined) return "missing";
  if (wanted === 0) return paused ? "paused" : "scaled to 0, but not paused in the settings";
  if (paused) return "runs, but is paused in the settings";
  if (updated < wanted) return "rolling out";
  return ready < wanted ? "not ready" : "ok";
}

/** Rows of all Deployments in the namespace. */
export async function listRows(settings: DialsSettings, kubectl: Kubectl): Promise<readonly Row[]> {
  const { items } = await kubectl.get<{ items: Deployment[] }>("deployments");
  const expected = targets(settings).map(({ name, group, etl }) => ({
    name,
    group,
    paused: etl && settings.etl.paused,
  }));
  return rows(expected, items);
}

export const isFine = ({ note }: Row): boolean => ["ok", "paused", "not in the settings"].includes(note);

export const status: StatusHook = (values) => {
  const stack = openStack(dialsSchema, values);
  const { cluster, namespace } = stack.settings;
  return withCluster(
    stack,
    cluster,
    values,
    async (kubectl) =>
      (await listRows(stack.settings, kubectl)).map((row): Finding => {
        const object = `Deployment ${namespace.name}/${row.name}`;
        return isFine(row)
          ? { check: "state", object, ok: true }
          : { check: "state", object, ok: false, detail: row.note };
      }),
    namespace.name,
  );
};
