/** What an adoption must not replace, and what to do instead. */
import { losesData } from "../../../review/risks/index.ts";
import type { Change } from "../../../review/diff/compare.ts";
import { pathText } from "../../../review/diff/fields.ts";
import { changeTitle } from "../../../review/report/format.ts";

/**
 * Whether something must not be replaced: what holds data or may be the only copy, and every Kubernetes object, because the
 * engine's preview fails at one that has its name and cannot be changed.
 */
export function mustStay(change: Change): boolean {
  if (change.operation !== "replace") return false;
  return /^kubernetes:|:Instance$/.test(change.type) || losesData(change);
}

/** What to do about something that would be replaced and must not be. */
export function cannotStay(change: Change): string {
  const title = changeTitle(change);
  const why = change.fields.filter(({ forces }) => forces).map(({ path }) => pathText(path));
  const [, kind = "", namespace, name = ""] = /^(\S+) (?:(.*)\/)?(.*)$/.exec(title) ?? [];
  const at = namespace === undefined ? "" : ` --namespace ${namespace}`;
  const remove = `kubectl delete ${kind.toLowerCase()} ${name}${at}`;
  const cannot = `${title} cannot be changed to what is declared (${why.join(", ")})${fewer(change)}`;
  if (kind === "StatefulSet")
    return `${cannot}; its pods and claims stay when you take away only it: ${remove} --cascade=orphan`;
  if (kind === "Secret")
    return `${cannot}; see that the stack has its texts (npx orrery secrets import cluster), keep a copy, then: ${remove}`;
  if (losesData(change) || !change.type.startsWith("kubernetes:"))
    return `${title} holds data and would be replaced, because of ${why.join(", ")}; make the settings say what is there`;
  return `${cannot}; it holds no data, and the first up makes it again: ${remove}`;
}

/** Pods that would end, and with them perhaps members of a database. */
function fewer({ fields }: Change): string {
  const replicas = fields.find(({ path }) => pathText(path) === "spec.replicas");
  return replicas === undefined
    ? ""
    : `, and of its ${String(replicas.before)} pods ${String(replicas.after)} are declared`;
}
