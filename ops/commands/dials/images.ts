/** `orrery dials images`. */
import { dialsSchema, type DialsSettings } from "../../../components/dials/config.ts";
import { isProductionBuild } from "../../../components/dials/frontendBuild.ts";
import { repositoryOf, resolveImages, type StreamName, streams } from "../../../components/dials/images.ts";
import { defineCommand } from "../../../cli/command.ts";
import { type ReplicaSet, rolloutHistory, streamHistory, type StreamObject } from "../../lib/dials/imageHistory.ts";
import type { OptionSpecs, ValuesOf } from "../../../cli/options.ts";
import { UsageError } from "../../../cli/usage.ts";
import { Kubectl, kubectlOptions } from "../../lib/kube/kubectl.ts";
import { readLogins } from "../../lib/images/logins.ts";
import { Registries } from "../../lib/images/registry.ts";
import { changeSettings, openStack, stackOptions } from "../../lib/stack.ts";
import { targets } from "../../lib/dials/selection.ts";

const imagesOptions = {
  ...stackOptions,
  ...kubectlOptions,
  json: { type: "boolean", help: "list and history as JSON" },
  "dry-run": { type: "boolean", help: "pin: change nothing, say what would change" },
} as const satisfies OptionSpecs;

type ImagesValues = ValuesOf<typeof imagesOptions>;

async function history(settings: DialsSettings, values: ImagesValues): Promise<number> {
  const kubectl = new Kubectl(settings.namespace.name, values);
  const imported = settings.imageStreams
    ? streamHistory((await kubectl.get<{ items: StreamObject[] }>("imagestreams.image.openshift.io")).items)
    : [];
  const sets = (await kubectl.get<{ items: ReplicaSet[] }>("replicasets")).items;
  const past = [
    ...imported,
    ...rolloutHistory(
      targets(settings).map(({ name }) => name),
      sets,
    ),
  ];
  if (values.json) console.log(JSON.stringify(past, undefined, 2));
  else
    for (const { when, name, note, image } of past)
      console.log(`${when}  ${name.padEnd(34)} ${note.padEnd(18)} ${image}`);
  return 0;
}

/** The default tag. @throws UsageError where `latest` is another stack's build */
function latest(name: StreamName, { settings, name: stack }: { settings: DialsSettings; name: string }): string {
  if (name === "frontend" && !isProductionBuild(settings)) {
    throw new UsageError(
      `frontend: latest is the production build, and ${stack} has its own; name its tag, e.g. frontend=1.12.0-${stack}`,
    );
  }
  return "latest";
}

async function pin(values: ImagesValues, words: readonly string[]): Promise<number> {
  const stack = openStack(dialsSchema, values);
  const resolved = resolveImages(stack.settings.images);
  const asked = (words.length === 0 ? [...streams] : words).map((word) => {
    const [name, tag] = word.split("=") as [StreamName, string | undefined];
    if (!streams.includes(name)) throw new UsageError(`there is no image "${name}"; there are ${streams.join(", ")}`);
    return { name, tag: tag ?? latest(name, stack) };
  });
  const registries = new Registries(readLogins());
  const changes = [];
  for (const { name, tag } of asked) {
    const repository = repositoryOf(resolved[name]);
    const image = `${repository}@${await registries.digest(repository, tag)}`;
    console.log(image === resolved[name] ? `${name}: ${tag} is what is configured` : `${name}: ${tag} is ${image}`);
    if (image !== resolved[name]) changes.push({ at: ["images", name], value: image });
  }
  if (changes.length === 0) return 0;
  const { dryRun } = values;
  changeSettings(dialsSchema, stack, changes, dryRun);
  console.log(
    dryRun
      ? "nothing was changed"
      : `next: npx pulumi up --stack ${stack.name}; the old digests are in the file's history`,
  );
  return 0;
}

export const command = defineCommand({
  usage: "[list|pin|history] [NAME[=TAG]...]",
  about: `Shows which images are configured, imported and running, and pins newer ones. "list" prints what is configured, "history" what was
imported and what ran before. "pin [NAME[=TAG]...]" asks the registry for the digest of a tag (default: latest) and writes it to the
stack's file; the next deployment imports it into the ImageStreams, if there are any, and replaces the pods. To go back, put an older digest
there. NAME is one of ${streams.join(", ")}.`,
  options: imagesOptions,
  run(values, [what = "list", ...words]) {
    if (what === "pin") return pin(values, words);
    const { settings } = openStack(dialsSchema, values);
    if (what === "history") return history(settings, values);
    const resolved = resolveImages(settings.images);
    if (values.json) console.log(JSON.stringify(resolved, undefined, 2));
    else for (const [name, image] of Object.entries(resolved)) console.log(`${name.padEnd(20)} ${image}`);
    return 0;
  },
});
