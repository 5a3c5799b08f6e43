/** Groups of Dgraph's data servers: each has its own part of the data, in as many copies as it has members. */
import { replicas as declaredCopies } from "../../../components/thoth/dgraph/flags.ts";
import { type Json, asList, asObject } from "../../../policy/manifest.ts";

/**
 * What would be lost with fewer data servers. Members join the first group that is not whole, so that the servers with the
 * highest numbers, which a StatefulSet ends first, are the last group.
 * @param running Data servers now.
 * @param copies Members of a whole group, `--replicas` of the managers.
 * @returns undefined if every group keeps more than half of its members; else a sentence with the numbers that are safe
 */
export function groupLoss(running: number, copies: number, wanted: number): string | undefined {
  if (wanted >= running) return undefined;
  const groups = Array.from({ length: Math.ceil(running / copies) }, (_, at) => ({
    number: at + 1,
    before: Math.min(copies, running - at * copies),
    after: Math.max(0, Math.min(copies, wanted - at * copies)),
  }));
  const broken = groups.filter(({ before, after }) => after <= before / 2 && after < before);
  if (broken.length === 0) return undefined;
  const what = broken.map(({ number, before, after }) =>
    after === 0
      ? `ends ${before === 1 ? "the only member" : `all ${before} members`} of group ${number}, and its data with it`
      : `leaves group ${number} ${after} of ${before} members, which is no majority`,
  );
  const whole = Math.ceil(running / copies) * copies;
  const safe =
    whole === running ? `${running}, as now` : `${running}, as now, or ${whole}, which makes every group whole`;
  return `${wanted} data servers instead of ${running} ${what.join(" and ")}; safe: dgraph.alphas ${safe}`;
}

/** Members of a whole group as a live StatefulSet of managers has it; Dgraph's own default without the flag is 1. */
export function copiesOf(zero: Json | undefined): number {
  if (zero === undefined) return declaredCopies;
  const containers = asList(asObject(asObject(asObject(zero.spec).template).spec).containers);
  const words = containers.flatMap(({ command, args }) => [command, args].map((one) => JSON.stringify(one ?? [])));
  const [, number = "1"] = /--replicas(?:=|\s+|","\s*)(\d+)/.exec(words.join(" ")) ?? [];
  return Math.max(1, Number(number));
}
