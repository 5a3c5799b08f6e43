/** The review as one HTML page: a map of systems, components and resources, with what changes. It needs no network. */
import { readFileSync } from "node:fs";
import path from "node:path";
import type { StackChanges } from "./between.ts";
import { blocking } from "./blocking.ts";
import type { Change, Operation } from "./compare.ts";
import type { Rendered } from "./render.ts";
import { changeTitle, diffLines, isComponent, systemOf, titleOf } from "./words.ts";

/** One node of the map: a stack, a component or a resource. What is false or empty is left out. */
interface Node {
  /** Place of the parent in the list. */
  readonly parent?: number;
  readonly stack: string;
  readonly system?: string;
  readonly label: string;
  readonly type?: string;
  readonly component?: true;
  readonly options?: string;
  readonly operation?: Operation;
  readonly blocking?: readonly string[];
  /** The fields that change, as lines of a diff. */
  readonly lines?: readonly string[];
  /** Places of what must be there first. */
  readonly needs?: readonly number[];
}

/** The page's text. Without changes it is the map of what there is. */
export function page(title: string, summary: string, stacks: readonly StackChanges[]): string {
  const part = (name: string): string => readFileSync(path.join(import.meta.dirname, "page", name), "utf8");
  const nodes: Node[] = [];
  for (const stack of stacks) nodes.push(...nodesOf(stack, nodes.length));
  const parts: Readonly<Record<string, string>> = {
    "/*STYLE*/": part("page.css"),
    // Nothing in it may end the element that holds it.
    "/*DATA*/": JSON.stringify({ title, summary, nodes }).replaceAll("<", "\\u003c"),
    "/*SCRIPT*/": part("page.js"),
  };
  return part("page.html").replaceAll(/\/\*(STYLE|DATA|SCRIPT)\*\//g, (mark) => parts[mark] ?? "");
}

/** A stack's nodes; the first of them, the stack, will be at `start`. */
function nodesOf({ stack, changes, resources }: StackChanges, start: number): readonly Node[] {
  const changed = new Map(changes.map((one) => [one.urn, one]));
  const gone = changes.flatMap(({ operation, before }) =>
    operation === "delete" && before !== undefined ? [before] : [],
  );
  const all = [...resources, ...gone];
  const parents = new Map(all.map(({ urn, parent }) => [urn, parent]));
  const seen = all.toSorted((a, b) => (a.urn < b.urn ? -1 : 1));
  const places = new Map(seen.map(({ urn }, at) => [urn, start + 1 + at]));
  const above = (urn: string): number => places.get(urn) ?? (parents.has(urn) ? above(parents.get(urn) ?? "") : start);
  const needs = ({ dependsOn = [] }: Rendered["options"]): readonly number[] =>
    dependsOn.flatMap((urn) => places.get(urn) ?? []);
  return [
    { stack, label: stack, component: true },
    ...seen.map((one) => nodeOf(stack, one, changed.get(one.urn), above(one.parent), needs(one.options))),
  ];
}

function nodeOf(
  stack: string,
  one: Rendered,
  change: Change | undefined,
  parent: number,
  needs: readonly number[],
): Node {
  const component = isComponent(one.type);
  const title = change === undefined ? titleOf(one) : changeTitle(change);
  const options = (["protect", "retainOnDelete"] as const).filter((option) => one.options[option] === true);
  // Folders of other resources change with what is in them.
  const own = component && change?.operation === "keep" ? undefined : change;
  const [stops, lines] = own === undefined ? [[], []] : [blocking(own), diffLines(own)];
  return {
    ...{ parent, stack, system: systemOf(one.urn), type: one.type },
    label: component ? `${one.type.split(":").at(-1) ?? ""} ${one.name}` : title,
    ...(component && { component }),
    ...(options.length > 0 && { options: options.join(", ") }),
    ...(own !== undefined && { operation: own.operation }),
    ...(stops.length > 0 && { blocking: stops }),
    ...(lines.length > 0 && { lines }),
    ...(needs.length > 0 && { needs }),
  };
}
