/** Deploys DIALS of stack `test` to the demonstrations' cluster, next to the database server that its operator runs. */
import { dialsSchema, type DialsSettings } from "../../../components/dials/config.ts";
import { keepSystems } from "../../../config/stackEdit.ts";
import { readStackFile, stackPath } from "../../../config/stackFile.ts";
import { createPrerequisites } from "../../prerequisites.ts";
import type { Run } from "../../pulumi.ts";
import { upDemo, writeDemoStack } from "../stack.ts";

/** The stack, and the one that it is made of. */
export const stack = { name: "demo-dials", source: "test" } as const;

/** DIALS at work: where it is. */
export interface DialsAtWork {
  readonly namespace: string;
  readonly apiHost: string;
  readonly settings: DialsSettings;
}

/**
 * Deploys what is missing or changed.
 * @param edit what differs from the stack's file, whose text it is given
 * @throws with Pulumi's output if it cannot
 */
export async function deployDials(run: Run, edit = (whole: string): string => whole): Promise<DialsAtWork> {
  const { lab, log } = run;
  const { text, entries } = readStackFile(stackPath(stack.source));
  const prerequisites = writeDemoStack(run, stack, edit(keepSystems(text, ["clusters", "dials"])));
  await createPrerequisites(prerequisites, lab, log);
  await upDemo(run, { ...stack, system: "DIALS" });
  const settings = dialsSchema.settings.parse(JSON.parse(entries.get("dials:settings")?.value ?? "{}"));
  return { namespace: settings.namespace.name, apiHost: settings.apiHost, settings };
}
