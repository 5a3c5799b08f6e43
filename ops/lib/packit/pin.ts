/** Pins images to digests. */
import { sourceImage, type StreamedImage, streams } from "../../../components/packit/images.ts";
import type { OptionSpecs, ValuesOf } from "../../../cli/options.ts";
import { UsageError } from "../../../cli/usage.ts";
import { dryRunOption, yesOption } from "../options.ts";
import { changeAndDeploy } from "../decision/deploy.ts";
import { changedSettings, changeSettings, stackOptions } from "../stack.ts";
import { type Service, serviceOptions } from "./service.ts";
import { namedImages } from "./imageStreams.ts";

export const pinOptions = {
  ...stackOptions,
  ...serviceOptions,
  up: { type: "boolean", help: "deploy at once: pulumi up" },
  ...yesOption,
  ...dryRunOption,
} as const satisfies OptionSpecs;

/** Pins an image, or unpins it without a digest: a setting, so that no later deployment undoes it. @returns the exit code */
export async function setDigest(
  opened: Service,
  name: StreamedImage,
  digest: string | undefined,
  { up, yes, dryRun }: Pick<ValuesOf<typeof pinOptions>, "up" | "yes" | "dryRun">,
): Promise<number> {
  const { settings, schema, service } = opened;
  const { repository } = settings.images[name] ?? {};
  const others = repository === undefined ? {} : { repository };
  const value = digest === undefined ? others : { ...others, digest };
  const before = sourceImage(service, settings, name);
  const after = sourceImage(service, { ...settings, images: { ...settings.images, [name]: value } }, name);
  if (before === after) {
    console.log(`${streams[name]} is ${before} already`);
    return 0;
  }
  const changes = [{ at: ["images", name], value }];
  const change = changedSettings(schema, opened, changes);
  if (dryRun || !up) changeSettings(schema, opened, changes, dryRun);
  console.log(`${dryRun ? "would set" : "set"} ${streams[name]} from ${before} to ${after}`);
  if (dryRun) return 0;
  const command = digest === undefined ? "packit unpin" : "packit pin";
  if (up) return changeAndDeploy(opened, { command, change, yes });
  console.log(`next: npx pulumi up --stack ${opened.name}`);
  return 0;
}

/** The image of that name. @throws UsageError if the service does not have it */
export function namedImage(opened: Service, image: string): StreamedImage {
  const [name] = namedImages(opened, [image]);
  if (name === undefined) throw new UsageError(`there is no image "${image}"`);
  return name;
}
