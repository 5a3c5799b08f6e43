/** The way back from a cut-over, from every step of it. */
import path from "node:path";
import { confirm } from "../prompt.ts";
import type { CutOverJournal, Was } from "./journal.ts";
import { moveBack } from "./move.ts";
import type { CutOverValues, Opened } from "./open.ts";

/** Starts the old cluster again, as it was. @returns the exit code */
export async function undoCutOver(
  { parties }: Opened,
  journal: CutOverJournal,
  values: CutOverValues,
): Promise<number> {
  const { was, begun, old, cluster } = journal.now;
  const print = (undone: boolean): void => {
    if (values.json)
      console.log(JSON.stringify({ undone, from: old.server, to: cluster, restored: was }, undefined, 2));
  };
  if (!values.json) {
    if (was.length === 0) console.log("nothing was stopped in the old cluster");
    else
      console.log([`started again in ${old.server}:`, ...was.map((one) => `  ${one.title}: ${had(one)}`)].join("\n"));
  }
  if (begun.includes("start"))
    console.error(`what was written in ${cluster} since it started stays there: the old databases do not have it`);
  if (values.dryRun) {
    print(false);
    return 0;
  }
  if (!(await confirm(`pause ${cluster}, and start the old cluster?`, values.yes, parties.signal))) {
    console.error("nothing was changed");
    return 1;
  }
  try {
    await moveBack(parties, journal);
  } catch (error) {
    console.error(
      `${path.basename(journal.path)} stays. If ${cluster} is gone for good, these start the old cluster without it:`,
    );
    for (const one of was) console.error(`  ${commandOf(one, old.kubeconfig)}`);
    throw error;
  }
  print(true);
  console.error(
    `the old cluster runs as before; ${cluster} stays paused in the stack's file (clusters:settings.${cluster}.paused)`,
  );
  return 0;
}

const had = ({ replicas, suspend }: Was): string =>
  suspend === undefined ? `${replicas ?? 1} pods` : suspend ? "suspended" : "not suspended";

const commandOf = ({ resource, namespace, name, replicas, suspend }: Was, kubeconfig: string): string =>
  `kubectl --kubeconfig ${kubeconfig} --namespace ${namespace} patch ${resource} ${name} --type merge --patch ` +
  `'${JSON.stringify({ spec: suspend === undefined ? { replicas } : { suspend } })}'`;
