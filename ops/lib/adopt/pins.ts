/** Images that run, as settings: adoption keeps them by tag and digest, and an update of images is a step of its own. */
import { parseImage } from "../../../config/image.ts";
import { asText } from "../../../policy/manifest.ts";
import type { Configured } from "../images/configured.ts";
import type { DeclaredObject } from "./objects.ts";
import { containersOf, isClusters, type Running, type RunningContainer } from "./running.ts";
import type { SettingChange } from "./stackDraft.ts";

/** A setting of an image, and the system that it is of. */
export interface ImageSetting extends Configured {
  readonly namespace: string;
}

/** An image that the first update changes, or of which nobody says the build. */
export interface Unpinned {
  readonly image: string;
  /** `Deployment prow/deck, container deck`. */
  readonly where: string;
  readonly reason: string;
}

/** What pins what runs. */
export interface Pins {
  readonly changes: readonly SettingChange[];
  readonly unpinned: readonly Unpinned[];
  /** Builds by the name under which they run: `quay.io/a/b:c` -> `sha256:...`. */
  readonly builds: ReadonlyMap<string, string>;
}

/** An image of a declared container, next to what runs in its place. */
interface Pair {
  readonly declared: string;
  readonly where: string;
  readonly live: RunningContainer;
  /** As its registry outside has it; undefined if it was built in the cluster. */
  readonly image: string | undefined;
}

/** Compares the containers of declared workloads with those that run, and finds the settings that name what runs. */
export function imagePins(
  settings: readonly ImageSetting[],
  declared: readonly DeclaredObject[],
  running: Running,
): Pins {
  const pairs = declared.flatMap((one) => pairsOf(one, running));
  const changes: SettingChange[] = [];
  const unpinned: Unpinned[] = [];
  for (const [image, same] of Map.groupBy(pairs, (pair) => pair.declared)) {
    const own = settings.filter((setting) => names(setting, image));
    const found = pinOf(same);
    const where = same.map((pair) => pair.where).join(" and ");
    const leave = (reason: string): void => void unpinned.push({ image: same[0]?.live.image ?? image, where, reason });
    const isSame = same.every((pair) => pair.live.image === image);
    if (isSame && ("reason" in found || found.digest === undefined)) continue;
    if ("reason" in found) leave(found.reason);
    else if (own.length === 0) {
      if (!isSame) leave("no setting names it, only the program");
    } else {
      const { repository, tag, digest } = found;
      if (digest === undefined && (tag ?? "latest") === "latest")
        leave("no running pod tells its build, and its tag tells none");
      else {
        changes.push(...own.flatMap((setting) => changesOf(setting, found, where)));
        if (digest === undefined)
          leave(`pinned by its tag alone (${repository}:${tag ?? ""}): no running pod tells its build`);
      }
    }
  }
  const builds = pairs.flatMap(({ live }) => {
    const digest = digestOf(live);
    return digest === undefined ? [] : [[live.image, digest] as const];
  });
  return { changes, unpinned, builds: new Map(builds) };
}

function pairsOf(one: DeclaredObject, running: Running): readonly Pair[] {
  const title = `${one.kind} ${one.namespace}/${one.name}`;
  const workload = running.find(title);
  if (workload === undefined) return [];
  return containersOf(one.body).flatMap((container): readonly Pair[] => {
    const name = asText(container.name);
    const live = running.container(workload, name);
    const declared = asText(container.image);
    if (live === undefined || live.image === "" || declared === "") return [];
    // A stream of somebody else's namespace is not known here, and its digest holds.
    const isOwn = isClusters(live.image) && running.hasStream(live.image);
    const image = isOwn ? running.source(live.image) : live.image;
    return [{ declared, where: `${title}, container ${name}`, live, image }];
  });
}

type Found = ReturnType<typeof parseImage> | { readonly reason: string };

/** The one image that runs in these places. */
function pinOf(same: readonly Pair[]): Found {
  if (same.some(({ image }) => image === undefined)) return { reason: "it was built in the cluster" };
  const digests = [...new Set(same.flatMap(({ image, live }) => parseImage(image ?? "").digest ?? live.digests))];
  if (digests.length > 1)
    return { reason: `different builds of it run: ${digests.map((one) => one.slice(0, 19)).join(", ")}` };
  const images = new Map(same.map(({ image = "" }) => [parseImage(image).repository, parseImage(image)]));
  const tags = new Set(same.map(({ image = "" }) => parseImage(image).tag));
  const [one, ...others] = images.values();
  if (one === undefined) return { reason: "nothing runs" };
  const all = same.map(({ live }) => live.image);
  if (others.length > 0 || (tags.size > 1 && digests.length === 0))
    return { reason: `one setting is for all of them, and different images run: ${[...new Set(all)].join(", ")}` };
  return { ...one, tag: one.tag ?? tagOf(all), digest: digests[0] };
}

/** The tag by which a workload follows an image of the cluster's registry. */
function tagOf(images: readonly string[]): string | undefined {
  return images.map((image) => parseImage(image).tag).find((tag) => tag !== undefined);
}

function digestOf({ image, digests }: RunningContainer): string | undefined {
  return parseImage(image).digest ?? (digests.length === 1 ? digests[0] : undefined);
}

/** Whether a setting is that of an image as a container has it: by name, or through its ImageStream. */
function names({ image, stream }: ImageSetting, declared: string): boolean {
  if (image === declared) return true;
  return stream !== undefined && isClusters(declared) && parseImage(declared).repository.endsWith(`/${stream}`);
}

/** What the setting gets; nothing if it says so already. */
function changesOf(
  { namespace, at, image, tag: usual, digestOnly }: ImageSetting,
  found: ReturnType<typeof parseImage>,
  because: string,
): readonly SettingChange[] {
  const { repository, tag, digest } = found;
  const own = parseImage(image);
  if (digestOnly !== true) {
    const isSame = own.repository === repository && (digest === undefined ? own.tag === tag : own.digest === digest);
    const value = `${repository}${tag === undefined ? "" : `:${tag}`}${digest === undefined ? "" : `@${digest}`}`;
    return isSame ? [] : [{ namespace, at, value, because }];
  }
  const below = at.slice(0, -1);
  const parts = {
    ...(repository === own.repository ? {} : { repository }),
    ...(tag === undefined || tag === usual || tag === "latest" ? {} : { tag }),
    ...(digest === undefined || digest === own.digest ? {} : { digest }),
  };
  return Object.entries(parts).map(([key, value]) => ({ namespace, at: [...below, key], value, because }));
}
