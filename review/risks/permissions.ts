/** Kubernetes permissions that a change adds: new rules of roles, and new subjects of bindings. */
import type { Change } from "../diff/compare.ts";
import { isMap } from "../diff/fields.ts";
import { valueAt, formatValue } from "../report/format.ts";

/** One phrase per role that grants more, and per binding with new subjects. */
export function permissions({ type, operation, before, after }: Change): readonly string[] {
  const kind = /^kubernetes:rbac\.authorization\.k8s\.io\/v1:(\w+)$/.exec(type)?.[1];
  if (kind === undefined || operation === "delete") return [];
  if (kind === "Role" || kind === "ClusterRole") {
    const granted = new Set(grants(before?.inputs).map(keyOf));
    const more = grants(after?.inputs).filter((grant) => !covered(grant, granted));
    // A new Role grants nothing before it is bound.
    return before === undefined || more.length === 0 ? [] : [`grants ${shortened(more.map(title))}`];
  }
  const granted = new Set(subjects(before?.inputs));
  const fresh = subjects(after?.inputs).filter((subject) => !granted.has(subject));
  const role = (side: unknown): string =>
    `${formatValue(valueAt(side, "roleRef", "kind"))} ${formatValue(valueAt(side, "roleRef", "name"))}`;
  const moved = before !== undefined && role(before.inputs) !== role(after?.inputs);
  return fresh.length === 0 && !moved
    ? []
    : [`grants ${role(after?.inputs)} to ${shortened(moved ? subjects(after?.inputs) : fresh)}`];
}

/** One verb on one resource type; the name "" means all objects. */
interface Grant {
  readonly verb: string;
  readonly group: string;
  /** A resource type, or a non-resource URL. */
  readonly resource: string;
  readonly name: string;
}

function grants(inputs: unknown): readonly Grant[] {
  const rules = valueAt(inputs, "rules");
  const words = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(String) : []);
  const orNone = (list: readonly string[]): readonly string[] => (list.length === 0 ? [""] : list);
  return (Array.isArray(rules) ? rules : []).filter(isMap).flatMap((rule) => {
    const paths = words(rule.nonResourceURLs).map((resource) => ({ group: "", resource, name: "" }));
    const kinds = words(rule.resources).flatMap((resource) =>
      orNone(words(rule.apiGroups)).flatMap((group) =>
        orNone(words(rule.resourceNames)).map((name) => ({ group, resource, name })),
      ),
    );
    return words(rule.verbs).flatMap((verb) => [...paths, ...kinds].map((what) => ({ verb, ...what })));
  });
}

function keyOf({ verb, group, resource, name }: Grant): string {
  return [verb, group, resource, name].join(" ");
}

/** Whether it was granted before, explicitly or by a wildcard. */
function covered({ verb, group, resource, name }: Grant, granted: ReadonlySet<string>): boolean {
  const orAll = (word: string): readonly string[] => [word, "*"];
  return orAll(verb).some((v) =>
    orAll(group).some((g) =>
      orAll(resource).some((r) =>
        [name, ""].some((n) => granted.has(keyOf({ verb: v, group: g, resource: r, name: n }))),
      ),
    ),
  );
}

function title({ verb, group, resource, name }: Grant): string {
  return `${verb} ${resource}${group === "" ? "" : `.${group}`}${name === "" ? "" : `/${name}`}`;
}

function subjects(inputs: unknown): readonly string[] {
  const all = valueAt(inputs, "subjects");
  return (Array.isArray(all) ? all : [])
    .filter(isMap)
    .map(
      ({ kind, namespace, name }) =>
        `${formatValue(kind)} ${namespace === undefined ? "" : `${formatValue(namespace)}/`}${formatValue(name)}`,
    );
}

function shortened(all: readonly string[]): string {
  return all.length <= 4 ? all.join(", ") : `${all.slice(0, 4).join(", ")} and ${all.length - 4} more`;
}
