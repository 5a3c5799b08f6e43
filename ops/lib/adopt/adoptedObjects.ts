/** Live objects that are adopted: their state, and what the first update does to them. */
import { askCluster } from "../../../config/clusterApi.ts";
import type { Recording } from "../../../review/evaluate/record.ts";
import { titleOf } from "../../../review/report/format.ts";
import { kubeconfigOf, type StackSecrets } from "../secrets/stackSecrets.ts";
import { type Effect, effectsBetween } from "./effects.ts";
import { firstUps } from "./firstUp.ts";
import type { Adopted } from "./importFile.ts";
import { adoptObject, declaredObjects, type FoundObject, refusalOf } from "./objects.ts";
import type { Takeover } from "./takeover.ts";

/** A live object and what becomes of it. */
export interface AdoptedObject {
  readonly urn: string;
  readonly title: string;
  /** What the state gets; undefined if it stays out in any case. */
  readonly result?: Adopted;
  /** Why it stays out. */
  readonly refusal?: string;
  readonly effects: readonly Effect[];
  readonly takeover?: Takeover;
}

/** Live objects as the state gets them, by what each cluster says about the first update. @throws LoginError if one does not answer */
export async function adoptedObjects(
  stackSecrets: StackSecrets,
  recording: Recording,
  fresh: readonly FoundObject[],
): Promise<readonly AdoptedObject[]> {
  const lives = new Map(fresh.map(({ declared, live }) => [declared.registration.urn, live]));
  const results: AdoptedObject[] = [];
  for (const [cluster, declared] of declaredObjects(recording)) {
    const here = declared.flatMap((one): FoundObject[] => {
      const live = lives.get(one.registration.urn);
      return live === undefined ? [] : [{ declared: one, live }];
    });
    const free = here.filter((one) => refusalOf(one) === undefined);
    for (const one of here.filter((other) => !free.includes(other)))
      results.push({ ...named(one), refusal: refusalOf(one) ?? "", effects: [] });
    if (free.length === 0) continue;
    const next = await askCluster(kubeconfigOf(stackSecrets, cluster), (api) => firstUps(api, free));
    for (const [one, said] of next) {
      const own = named(one);
      if ("refused" in said) {
        results.push({ ...own, result: adoptObject(one), refusal: said.refused, effects: [] });
      } else {
        const { path, taken, after } = said;
        const effects = effectsBetween(own.title, one.live, after);
        const takeover = { cluster, path, live: one.live, taken };
        results.push({ ...own, result: adoptObject(one, after), effects, takeover });
      }
    }
  }
  return results;
}

const named = (one: FoundObject): { urn: string; title: string } => ({
  urn: one.declared.registration.urn,
  title: objectTitle(one),
});

function objectTitle({ declared: { registration, body } }: Pick<FoundObject, "declared">): string {
  return titleOf({ ...registration, inputs: body });
}
