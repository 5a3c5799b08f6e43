/** What holds data in the old cluster, and what becomes of it. */
import { type Json, asList, asObject, asText } from "../../../policy/manifest.ts";
import type { DatabaseMove } from "./databases.ts";
import { titleOf } from "./workloads.ts";

/** A claim, and what becomes of its data; undefined if nothing copies it and nobody knows that it may be lost. */
export interface Claim {
  readonly title: string;
  readonly fate: string | undefined;
}

/** Claims of which it is known that they are made again, or that their data is somewhere else. */
const fates: readonly (readonly [RegExp, string])[] = [
  [/^(redis|valkey)(-pvc)?$/, "a queue, starts empty"],
  [/(^|-)redis-etl-broker$/, "a queue, starts empty: let the workers drain before"],
  [/^access-tokens-pvc$/, "a cache, starts empty"],
  [/^(packit-worker-vol|packit-worker-repository-cache|sandcastle-repository-cache)-/, "a cache, starts empty"],
  [/(^|-)(ghproxy|greenhouse|docker-mirror-proxy)$/, "a cache, starts empty"],
  [/^eos-storage$/, "outside of both clusters"],
];

/** Every claim of the old namespaces. @param leaves - whether the database of this title is left behind */
export function claimsOf(
  objects: readonly Json[],
  moves: readonly DatabaseMove[],
  leaves: (title: string) => boolean,
): readonly Claim[] {
  const fate = ({ title }: DatabaseMove): string =>
    leaves(title) ? "left behind, as accepted" : "dumped and restored";
  const known = new Map(
    moves.flatMap((move) =>
      move.from === undefined ? [] : claimsIn(move.from.object).map((claim) => [claim, fate(move)] as const),
    ),
  );
  return objects
    .filter(({ kind }) => kind === "PersistentVolumeClaim")
    .map((one): Claim => {
      const title = titleOf(one);
      const name = asText(asObject(one.metadata).name);
      return { title, fate: known.get(title) ?? fates.find(([pattern]) => pattern.test(name))?.[1] };
    })
    .toSorted((a, b) => a.title.localeCompare(b.title));
}

/** Claims that the pods of a workload mount, by title. */
function claimsIn({ metadata, spec }: Json): readonly string[] {
  const namespace = asText(asObject(metadata).namespace);
  const { volumes } = asObject(asObject(asObject(spec).template).spec);
  return asList(volumes)
    .map(({ persistentVolumeClaim }) => asText(asObject(persistentVolumeClaim).claimName))
    .filter((name) => name !== "")
    .map((name) => `PersistentVolumeClaim ${namespace}/${name}`);
}
