/** Holds an image at a digest, and lets it follow its tag again. */
import { sourceImage, type StreamedImage, streams } from "../../components/packit/images.ts";
import { type Command, UsageError } from "../command.ts";
import { type Change, changeSettings, pulumiUp, stackHelp, stackOptions } from "../lib/stack.ts";
import { openService, type Service, serviceHelp, serviceOptions } from "./instance.ts";
import { namedImages } from "./streams.ts";

const options = {
  ...stackOptions,
  ...serviceOptions,
  up: { type: "boolean" },
  yes: { type: "boolean" },
  "dry-run": { type: "boolean" },
} as const;

const optionsHelp = `${stackHelp}
${serviceHelp}
  --up               deploy at once: pulumi up
  --yes              do not ask before deploying
  --dry-run          change nothing, say what would be changed`;

/** The flags of both commands. */
interface Flags {
  readonly up?: unknown;
  readonly yes?: unknown;
  readonly "dry-run"?: unknown;
}

/** Pins an image, or lets it go: a setting, so that no later deployment undoes it. @returns the exit code */
export async function setDigest(
  opened: Service,
  name: StreamedImage,
  digest: string | undefined,
  flags: Flags,
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
  const change: Change = { at: ["images", name], value };
  const dryRun = flags["dry-run"] === true;
  changeSettings(schema, opened, [change], dryRun);
  console.log(`${dryRun ? "would set" : "set"} ${streams[name]} from ${before} to ${after}`);
  if (dryRun) return 0;
  if (flags.up === true) return pulumiUp(opened, flags.yes === true);
  console.log(`next: npx pulumi up --stack ${opened.name}`);
  return 0;
}

export const command: Command = {
  help: `Usage: npm run ops -- packit pin IMAGE DIGEST --stack S [--up] [--dry-run]

Holds an image at a digest: what runs it (packit-worker: all workers and beat) goes back to it, and nothing that is imported later
moves it, until "unpin". DIGEST is sha256: and 64 hex digits; ops packit revisions lists those that ran.

${optionsHelp}`,
  options,
  run({ values, words: [image, digest] }) {
    if (image === undefined || digest === undefined)
      throw new UsageError("pin what? e.g. pin packit-worker sha256:...");
    if (!/^sha256:[0-9a-f]{64}$/.test(digest)) {
      throw new UsageError(`"${digest}" is no digest: sha256: and 64 hex digits, as ops packit revisions lists them`);
    }
    const opened = openService(values);
    const [name] = namedImages(opened, [image]);
    if (name === undefined) throw new UsageError("pin what?");
    return setDigest(opened, name, digest, values);
  },
};

export const unpin: Command = {
  help: `Usage: npm run ops -- packit unpin IMAGE --stack S [--up] [--dry-run]

Lets an image follow its tag again; ops packit import-images then takes the newest one.

${optionsHelp}`,
  options,
  run({ values, words: [image] }) {
    if (image === undefined) throw new UsageError("unpin what? e.g. unpin packit-worker");
    const opened = openService(values);
    const [name] = namedImages(opened, [image]);
    if (name === undefined) throw new UsageError("unpin what?");
    return setDigest(opened, name, undefined, values);
  },
};
