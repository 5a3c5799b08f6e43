/** Reads a stack's images from its settings and its render, offline. */
import { parseConfig } from "../../../config/parse.ts";
import { report } from "../../../config/problems.ts";
import { readStackFile, sampleConfig } from "../../../config/stackFile.ts";
import { schemas } from "../../../components/registry.ts";
import { manifestsOf, stackResources } from "../../../policy/violations.ts";
import { type Configured, configuredImages } from "./configured.ts";
import { type StackImage, stackImages, type SystemImages } from "./list.ts";

/** The images of a stack, without asking a registry. @throws with every problem of its settings */
export async function imagesOfStack(stack: {
  readonly name: string;
  readonly file: string;
}): Promise<readonly StackImage[]> {
  const all = Object.values(schemas);
  const file = readStackFile(stack.file);
  const { systems, problems } = parseConfig(sampleConfig(file, all), all);
  if (problems.length > 0) throw new Error(report(stack.name, problems));
  const { rendered, runProgram, stackConfig } = await import("../../../review/evaluate/render.ts");
  const resources = rendered(await runProgram({ stack: stack.name, config: stackConfig(stack.name, stack.file) }));
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
