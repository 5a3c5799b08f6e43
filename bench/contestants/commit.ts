/** This program as it was at an older commit, aimed at the lab by that commit's own code. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { samplePassphrase } from "../../config/samples.ts";
import { lab } from "../../lab/harness/cloud.ts";
import { initStack, type Target } from "../../lab/harness/engine.ts";
import { changed, withOnly } from "../../lab/harness/system.ts";
import { createPrerequisites } from "../../lab/prerequisites.ts";
import type { retarget } from "../../lab/retarget.ts";
import { checkOut } from "../../review/checkout.ts";
import { rows } from "../systems.ts";
import type { Contestant, Task } from "./contestant.ts";
import { countedInState, orreryContestant } from "./orrery.ts";

/** Where a commit has what aims a stack file at the lab, and how it calls it; the newest first. */
const retargeting = [
  ["lab/retarget.ts", "retarget"],
  ["lab/retarget.ts", "aim"],
  ["config/aim.ts", "aim"],
] as const;

/** The same systems at a commit, with the packages of this checkout. @throws if git knows no such commit */
export async function commitContestant(
  commit: string,
  { stack, folder }: Pick<Task, "stack" | "folder">,
  systems: readonly string[],
): Promise<Contestant> {
  const checkout = await checkOut(commit);
  const aim = await retargetOf(checkout.folder);
  const own = path.join(folder, "commit");
  mkdirSync(own, { recursive: true });
  const [source, file, changedFile] = [
    path.join(own, "source.yaml"),
    path.join(own, "before.yaml"),
    path.join(own, "after.yaml"),
  ];
  const committed = readFileSync(path.join(checkout.folder, `Pulumi.${stack}.yaml`), "utf8");
  const beforehand = systems.flatMap((name) => rows[name]?.beforehand ?? []);
  writeFileSync(source, withOnly(systems, committed, beforehand));
  await createPrerequisites(aim(source, file, lab, samplePassphrase(stack), true).prerequisites, lab, () => undefined);
  writeFileSync(changedFile, changed(readFileSync(file, "utf8"), rows[systems[0] ?? ""]?.change ?? []));
  const target: Target = {
    stack: `${stack}-${checkout.name}`,
    file: path.join(own, "stack.yaml"),
    project: checkout.folder,
    env: { PULUMI_CONFIG_PASSPHRASE: samplePassphrase(stack) },
  };
  await initStack(target);
  const life = orreryContestant({ file, changedFile }, target, 0, `orrery@${checkout.name}`);
  const counted = countedInState(life, target);
  return {
    ...counted,
    get resources() {
      return counted.resources;
    },
    async close() {
      await counted.close();
      await checkout.close();
    },
  };
}

/** A commit's own function: only it knows what its settings must say. */
async function retargetOf(folder: string): Promise<typeof retarget> {
  for (const [file, name] of retargeting) {
    const at = path.join(folder, file);
    if (!existsSync(at)) continue;
    const found = ((await import(at)) as Readonly<Record<string, typeof retarget>>)[name];
    if (found !== undefined) return found;
  }
  throw new Error(
    `nothing in ${folder} aims a stack file at the lab; name a commit that has ${retargeting.map(([file]) => file).join(" or ")}`,
  );
}
