/** What a stack's settings would have to be for the first update to keep what runs: images by default, everything else on request. */
import { parseImage } from "../../../config/image.ts";
import { readStackFile } from "../../../config/stackFile.ts";
import { type Json, asObject } from "../../../policy/manifest.ts";
import { titleOf } from "../../../review/report/format.ts";
import type { Registration } from "../../../review/evaluate/record.ts";
import { type Configured, configuredImages } from "../images/configured.ts";
import { withCluster } from "../program.ts";
import type { StackSecrets } from "../secrets/stackSecrets.ts";
import type { StackValues } from "../stack.ts";
import type { CloudWorld } from "./clouds.ts";
import { type DeclaredObject, declaredObjects, findObjects } from "./objects.ts";
import { evaluateOnClouds } from "./onClouds.ts";
import { imagePins, type ImageSetting, type Unpinned } from "./pins.ts";
import { isClusters, type Running, running } from "./running.ts";
import { type Observed, suggestions } from "./settingTable.ts";
import { settingTables } from "./settingTables.ts";
import { systemRules } from "./systemRules.ts";
import type { TerraformResource } from "./terraform.ts";
import { type Draft, draftOf, type SettingChange, settingName, withText } from "./stackDraft.ts";

/** The stack's file with settings that keep what runs. */
export interface LiveSettings {
  readonly draft: Draft;
  readonly unpinned: readonly Unpinned[];
  /** Whether two names of images mean the same build, by what runs under the first. */
  readonly isSameImage: (live: unknown, declared: unknown) => boolean;
  /** Why the stack cannot be adopted with these settings; a sentence each. */
  readonly problems: readonly string[];
  /** Settings that would keep more, and were not asked for. */
  readonly further: readonly SettingChange[];
}

/** What runs and is declared, and in no state. */
interface Survey extends Observed {
  readonly objects: readonly (readonly [cluster: string, declared: readonly DeclaredObject[], running: Running])[];
}

/** What of the settings is asked for. */
interface Asked {
  /** All of them, not images alone. */
  readonly suggest: boolean;
  /** Those that run, or those that are declared. */
  readonly images: "keep" | "update";
  /** What Terraform made. */
  readonly terraform: readonly TerraformResource[];
}

/** Rounds in which settings may make the program declare something of another name, which then has settings of its own. */
const rounds = 3;

/**
 * Asks the stack's clusters and clouds; nothing is changed.
 * @param known URNs in the state: their settings are decided.
 */
export async function liveSettings(
  stackSecrets: StackSecrets,
  values: StackValues,
  known: ReadonlySet<string>,
  { suggest: whole, images: which, terraform }: Asked,
): Promise<LiveSettings> {
  const first = await survey(stackSecrets, values, known, terraform);
  const settings = imageSettings(stackSecrets);
  const kept = which === "keep" ? first.objects : [];
  const pins = kept.map(([, declared, here]) => imagePins(settings, declared, here));
  const rules = systemRules(stackSecrets, first);
  const images = pins.flatMap(({ changes }) => changes);
  const usual = [...images, ...rules.changes];
  const builds = new Map(pins.flatMap((one) => [...one.builds]));
  const further = suggested(stackSecrets, first);
  let draft = draftOf(stackSecrets, whole ? withoutTwice([...usual, ...further]) : usual, rules.secrets);
  for (let round = 1; whole && round < rounds && draft.changes.length > 0; round += 1) {
    const { text, changes, refused } = draft;
    const more = await withText(stackSecrets, text, async (next) => {
      const there = await survey(next, { ...values, configFile: next.file }, known, terraform);
      return suggested(next, there);
    });
    const named = new Set([...changes, ...refused].map(settingName));
    const fresh = more.filter((one) => !named.has(settingName(one)));
    if (fresh.length === 0) break;
    const next = draftOf(stackSecrets, [...changes, ...fresh], rules.secrets);
    draft = { ...next, refused: [...refused, ...next.refused] };
  }
  const refusedImages = draft.refused
    .filter((one) => images.some((image) => settingName(image) === settingName(one)))
    .map(({ value, because, reason }) => ({ image: String(value), where: because, reason }));
  return {
    draft,
    unpinned: [...pins.flatMap(({ unpinned }) => unpinned), ...refusedImages],
    isSameImage: (live, declared) => isBuild(live, declared, builds),
    problems: whole ? [] : rules.problems,
    further: whole ? [] : further,
  };
}

/** What is asked of one image only counts once, as its several users have it. */
function withoutTwice(changes: readonly SettingChange[]): readonly SettingChange[] {
  const names = changes.map(settingName);
  return changes.filter((one, at) => names.indexOf(settingName(one)) === at);
}

function isBuild(live: unknown, declared: unknown, builds: ReadonlyMap<string, string>): boolean {
  if (typeof live !== "string" || typeof declared !== "string") return false;
  const [own, other] = [parseImage(live), parseImage(declared)];
  const digest = own.digest ?? builds.get(live);
  const sameName = own.repository === other.repository || isClusters(live) || isClusters(declared);
  return digest !== undefined && digest === other.digest && sameName;
}

async function survey(
  stackSecrets: StackSecrets,
  values: StackValues,
  known: ReadonlySet<string>,
  terraform: readonly TerraformResource[],
): Promise<Survey> {
  const { recording, world } = await evaluateOnClouds(stackSecrets, values, terraform);
  const live = new Map<string, Json>();
  const declared = new Map<string, Json>();
  const objects: (readonly [string, readonly DeclaredObject[], Running])[] = [];
  const all = [...declaredObjects(recording)];
  for (const [cluster, own] of all) {
    const fresh = own.filter(({ registration }) => !known.has(registration.urn));
    if (fresh.length === 0) continue;
    await withCluster(stackSecrets, cluster, {}, async (kubectl) => {
      for (const one of await findObjects(kubectl, fresh)) live.set(objectTitle(one.declared), one.live);
      const namespaces = [...new Set(fresh.map(({ namespace }) => namespace))].filter((one) => one !== "");
      objects.push([cluster, fresh, await running(kubectl, namespaces)]);
    });
    for (const one of fresh) declared.set(objectTitle(one), one.body);
  }
  addClouds(recording.resources, world, known, live, declared);
  return {
    objects,
    declared: (title) => declared.get(title),
    live: (title) => live.get(title) ?? objects.map(([, , here]) => here.find(title)).find((one) => one !== undefined),
  };
}

/** Resources of clouds, by their inputs. */
function addClouds(
  resources: readonly Registration[],
  world: CloudWorld,
  known: ReadonlySet<string>,
  live: Map<string, Json>,
  declared: Map<string, Json>,
): void {
  for (const one of resources) {
    const inputs = known.has(one.urn) ? undefined : world.adopted.get(one.urn)?.inputs;
    if (inputs === undefined) continue;
    live.set(titleOf(one), asObject(inputs));
    declared.set(titleOf(one), asObject(one.inputs));
  }
}

const objectTitle = ({ registration, body }: DeclaredObject): string => titleOf({ ...registration, inputs: body });

function suggested({ systems }: StackSecrets, observed: Observed): readonly SettingChange[] {
  return systems.flatMap(({ schema: { namespace }, stack: { settings } }) => {
    const table = settingTables(namespace, settings);
    return table === undefined ? [] : suggestions(namespace, table, settings, observed);
  });
}

/** Every setting of an image in the stack. */
function imageSettings({ systems }: StackSecrets): readonly ImageSetting[] {
  return systems.flatMap(({ schema: { namespace }, stack: { settings } }) => {
    const images = configuredImages[namespace as keyof typeof configuredImages] as
      ((own: unknown) => readonly Configured[]) | undefined;
    return (images?.(settings) ?? []).map((one) => ({ ...one, namespace }));
  });
}

/** Texts of the settings as the file has them, by name; undefined where the default is. */
export function writtenSettings(file: string, changes: readonly SettingChange[]): ReadonlyMap<string, unknown> {
  const { entries } = readStackFile(file);
  return new Map(
    changes.map((one) => {
      const own = JSON.parse(entries.get(`${one.namespace}:settings`)?.value ?? "{}") as unknown;
      const value = one.at.reduce<unknown>((parent, key) => asObject(parent)[String(key)], own);
      return [settingName(one), value];
    }),
  );
}
