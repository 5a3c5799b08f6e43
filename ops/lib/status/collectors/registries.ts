/** Tags that moved: their registries have other builds than run, or than the stack pins. */
import { parseImage } from "../../../../config/image.ts";
import { imagesOf, pinOf } from "../../../../policy/images.ts";
import { asList, asObject, asText } from "../../../../policy/manifest.ts";
import { gate } from "../../gate.ts";
import { readLogins } from "../../images/logins.ts";
import type { StackImage } from "../../images/list.ts";
import { NoImageError, placeOf, Registries } from "../../images/registry.ts";
import { type Collector, type Question } from "../collector.ts";
import { type LiveObject, namespacesOf } from "../clusterReader.ts";
import { type Found, messageOf } from "../row.ts";
import type { Situation } from "../situation.ts";
import { runningContainers, short } from "./running.ts";

/** Seconds that all registries together may take. */
const limit = 4;

/** A tag that a system follows. */
interface Followed {
  readonly system: string;
  readonly repository: string;
  readonly tag: string;
  /** As the stack deploys it. */
  readonly image: string;
  /** Set where the stack deploys a digest. */
  readonly pinned: string | undefined;
}

/** A build that is in use. */
interface Used {
  /** `namespace/pod` or `ImageStream namespace/name:tag`. */
  readonly by: string;
  readonly image: string;
  readonly digest: string;
}

/** Tags of registries that the stack's systems follow, once each; a digest's tag is what the stack's file has next to it. */
function followedTags(
  objects: Situation["clusters"][number]["objects"],
  images: readonly StackImage[],
): readonly Followed[] {
  const all = objects.flatMap(({ system, manifest }) =>
    imagesOf([manifest])
      // Only the cluster itself reaches its own registry.
      .filter((image) => ["tag", "digest"].includes(pinOf(image)) && !image.includes(".svc:"))
      .flatMap((image): readonly Followed[] => {
        const { repository, tag, digest: pinned } = parseImage(image);
        const named = images.find((one) => one.repository === repository && one.digest === pinned)?.tag;
        const followed = tag ?? named ?? (pinned === undefined ? "latest" : undefined);
        return followed === undefined ? [] : [{ system, repository, tag: followed, image, pinned }];
      }),
  );
  return [...new Map(all.map((one) => [`${one.system} ${one.image}`, one])).values()];
}

/** Builds that pods run and ImageStreams have imported. */
function usedBuilds(live: readonly LiveObject[]): readonly Used[] {
  return live.flatMap((one): readonly Used[] => {
    if (one.kind === "Pod")
      return runningContainers(one).flatMap(({ pod, image, digest }) =>
        digest === undefined ? [] : [{ by: pod, image, digest }],
      );
    const sources = new Map(asList(one.spec?.tags).map(({ name, from }) => [name, asText(asObject(from).name)]));
    return asList(one.status?.tags).flatMap(({ tag, items }) => {
      const digest = asText(asList(items)[0]?.image);
      const by = `ImageStream ${one.metadata.namespace ?? ""}/${one.metadata.name}:${asText(tag)}`;
      return digest === "" ? [] : [{ by, image: sources.get(tag) ?? "", digest }];
    });
  });
}

/** How a tag's build compares with what is in use; undefined if nothing is known to be in use. @param builds - digests of the tag now */
function tagRow(
  { system, repository, tag, image, pinned }: Followed,
  builds: readonly string[],
  used: readonly Used[],
): Found | undefined {
  const row = { system, part: `image ${repository}:${tag}` };
  const newest = short(builds[0] ?? "");
  if (pinned !== undefined)
    return builds.includes(pinned)
      ? { ...row, state: "ok", text: `the stack pins its newest build, ${newest}` }
      : { ...row, state: "warn", text: `has a newer build: ${newest}; the stack pins ${short(pinned)}` };
  const own = used.filter((one) => one.image === image);
  const old = own.filter(({ digest }) => !builds.includes(digest));
  const [first] = old;
  if (own.length === 0) return undefined;
  if (first === undefined) return { ...row, state: "ok", text: `its newest build is in use, ${newest}` };
  const more = old.length === 1 ? "" : `, and ${old.length - 1} more of ${own.length} have an older one, too`;
  return { ...row, state: "warn", text: `has a newer build: ${newest}; ${first.by} has ${short(first.digest)}${more}` };
}

/** Asks one registry about all its tags; the first alone, so that one that is silent is not asked by many. */
async function askRegistry(
  host: string,
  followed: readonly Followed[],
  used: Promise<readonly Used[]>,
  { tags, now }: Situation,
  registries: Registries,
): Promise<readonly Found[]> {
  const few = gate(6);
  const answer = async (
    one: Followed,
  ): Promise<{ readonly one: Followed; readonly row?: Found; readonly problem?: Error }> => {
    try {
      const digest = await tags.digest(registries, one.repository, one.tag, now);
      const plain = tagRow(one, [digest], await used);
      // A node may name the build for its platform where the tag is a list of them.
      const row =
        plain?.state === "warn"
          ? tagRow(one, await tags.builds(registries, one.repository, digest), await used)
          : plain;
      return { one, ...(row === undefined ? {} : { row }) };
    } catch (error) {
      return { one, problem: error instanceof Error ? error : new Error(String(error)) };
    }
  };
  const [first, ...others] = followed;
  if (first === undefined) return [];
  const begun = await answer(first);
  const answers = [begun, ...(await Promise.all(others.map((one) => few(() => answer(one)))))];
  const missing = ({ problem }: { readonly problem?: Error }): boolean => problem instanceof NoImageError;
  const unknown = answers.filter((one) => one.problem !== undefined && !missing(one));
  if (unknown.length === answers.length) throw begun.problem ?? new Error("no answer");
  return [...Map.groupBy(answers, ({ one }) => one.system)].flatMap(([system, own]): readonly Found[] => {
    const row = { system, part: `registry ${host}` };
    const known = own.flatMap((one) => one.row ?? []);
    const silent = own.filter((one) => one.row === undefined && one.problem === undefined).length;
    const newest = known.filter(({ state }) => state === "ok").length;
    const rest = silent === 0 ? "" : `; of ${silent} no pod says which build it runs`;
    const gone = own.filter(missing).map(({ one }): Found => {
      const text = "its registry does not have it any more: a node without it cannot start a pod";
      return {
        system,
        part: `image ${one.repository}:${one.tag}`,
        state: one.pinned === undefined ? "warn" : "unknown",
        text,
      };
    });
    const reasons = Map.groupBy(
      own.filter((one) => unknown.includes(one)),
      ({ problem }) => messageOf(problem),
    );
    return [
      { ...row, state: "ok", text: `${newest} of ${own.length} tags are in use in their newest build${rest}` },
      ...[...reasons].map(([text, same]): Found => {
        const names = same.map(({ one }) => `${one.repository}:${one.tag}`).join(", ");
        return { ...row, state: "unknown", text: `not known of ${names}: ${text}` };
      }),
      ...[...known.filter(({ state }) => state !== "ok"), ...gone],
    ];
  });
}

/** What is in use in all clusters; one that does not answer says so elsewhere. */
async function allUsed({ clusters }: Situation, ending: AbortSignal): Promise<readonly Used[]> {
  const late = new Promise<readonly LiveObject[]>((resolve) => {
    ending.addEventListener("abort", () => {
      resolve([]);
    });
  });
  const lists = clusters.flatMap(({ objects, reader }) => {
    const streams = objects.filter(({ manifest }) => manifest.kind === "ImageStream").map(({ manifest }) => manifest);
    const pods = namespacesOf(objects).map((namespace) => ({ apiVersion: "v1", kind: "Pod", namespace }));
    const kinds = new Map([...pods, ...streams].map((one) => [`${one.kind} ${one.namespace}`, one]));
    return [...kinds.values()].map((at) => Promise.race([reader.list(at).catch(() => []), late]));
  });
  return usedBuilds((await Promise.all(lists)).flat());
}

function questions(situation: Situation): readonly Question[] {
  const followed = situation.clusters.flatMap(({ objects }) => followedTags(objects, situation.images));
  const ending = AbortSignal.any([situation.signal, AbortSignal.timeout(limit * 1000)]);
  const once = <T>(make: () => T): (() => T) => {
    let made: { readonly value: T } | undefined;
    return () => (made ??= { value: make() }).value;
  };
  const used = once(() => allUsed(situation, ending));
  const registries = once(() => new Registries(readLogins(), ending));
  // Names of hosts are looked up by few threads, which others need as well.
  const few = gate(2);
  return [...Map.groupBy(followed, ({ repository }) => placeOf(repository).host)].map(([host, own]) => ({
    target: `registry ${host}`,
    systems: [...new Set(own.map(({ system }) => system))],
    ask: () => few(() => askRegistry(host, own, used(), situation, registries())),
  }));
}

export const registries: Collector = {
  name: "registries",
  asks: "which tags have newer builds at their registries than run or are pinned",
  outside: true,
  questions,
};
