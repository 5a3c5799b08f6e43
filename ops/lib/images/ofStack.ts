/** Reads a stack's images from its settings and its render, offline. */
import { parseConfig } from "../../../config/parse.ts";
import { report } from "../../../config/problems.ts";
import { readStackFile, sampleConfig, type StackFile } from "../../../config/stackFile.ts";
import { schemas } from "../../../components/registry.ts";
import type { Rendered } from "../../../review/evaluate/render.ts";
import { manifestsOf, stackResources } from "../../../policy/violations.ts";
import { type Configured, configuredImages } from "./configured.ts";
import { type StackImage, stackImages, type SystemImages } from "./list.ts";

/** A stack and the path of its file. */
interface StackName {
  readonly name: string;
  readonly file: string;
}

/** The images of a stack, without asking a registry. @throws with every problem of its settings */
export async function imagesOfStack(stack: StackName): Promise<readonly StackImage[]> {
  settingsOf(stack); // its problems are said before the program runs
  const { rendered, runProgram, stackConfig } = await import("../../../review/evaluate/render.ts");
  return imagesIn(
    stack,
    rendered(await runProgram({ stack: stack.name, config: stackConfig(stack.name, stack.file) })),
  );
}

/** The same of a stack that is rendered already. */
export function imagesIn(stack: StackName, resources: readonly Rendered[]): readonly StackImage[] {
  const { file, systems } = settingsOf(stack);
  const named = (Object.keys(configuredImages) as (keyof typeof configuredImages)[]).flatMap((name): SystemImages[] => {
    const settings = systems.get(name)?.settings;
    if (settings === undefined) return [];
    // Each function takes the settings of its own system's schema, which has just parsed them.
    const images = (configuredImages[name] as (settings: unknown) => readonly Configured[])(settings);
    return [
      { namespace: name, images, raw: JSON.parse(file.entries.get(`${name}:settings`)?.value ?? "{}") as unknown },
    ];
  });
  return stackImages(named, manifestsOf(stackResources(resources)), JSON.stringify(resources));
}

function settingsOf({
  name,
  file,
}: StackName): Pick<ReturnType<typeof parseConfig>, "systems"> & { readonly file: StackFile } {
  const all = Object.values(schemas);
  const stackFile = readStackFile(file);
  const { systems, problems } = parseConfig(sampleConfig(stackFile, all), all);
  if (problems.length > 0) throw new Error(report(name, problems));
  return { file: stackFile, systems };
}
