/** The review as one self-contained HTML page: a map of systems, components and resources with their changes. */
import { readFileSync } from "node:fs";
import path from "node:path";
import type { StackChanges } from "../compareCommits.ts";
import { risksOf } from "../risks/index.ts";
import type { Change, Operation } from "../diff/compare.ts";
import type { Rendered } from "../evaluate/render.ts";
import { changeTitle, diffLines, isComponent, systemOf, titleOf } from "./format.ts";

/** One node of the map: a stack, a component or a resource. False and empty members are omitted. */
interface Node {
  /** Index of the parent in the list. */
  readonly parent?: number;
  readonly stack: string;
  readonly system?: string;
  readonly label: string;
  readonly type?: string;
  readonly component?: true;
  readonly options?: string;
  readonly operation?: Operation;
  readonly risks?: readonly string[];
  /** The changed fields as lines of a diff. */
  readonly lines?: readonly string[];
  /** Indexes of the nodes that this one depends on. */
  readonly needs?: readonly number[];
}

/** The page's HTML. Without changes it is the map of the current resources. */
export function page(title: string, summary: string, stacks: readonly StackChanges[]): string {
  const part = (name: string): string => readFileSync(path.join(import.meta.dirname, "page", name), "utf8");
  const nodes: Node[] = [];
  for (const stack of stacks) nodes.push(...nodesOf(stack, nodes.length));
  const parts: Readonly<Record<string, string>> = {
    "/*STYLE*/": part("page.css"),
    // No "<", so that no text can close the script element.
    "/*DATA*/": JSON.stringify({ title, summary, nodes }).replaceAll("<", "\\u003c"),
    "/*SCRIPT*/": part("page.js"),
  };
  return part("page.html").replaceAll(/\/\*(STYLE|DATA|SCRIPT)\*\//g, (mark) => parts[mark] ?? "");
}

/** A stack's nodes; the first one, the stack itself, gets index `start`. */
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
  // A component with `keep` only groups resources that change.
  const own = component && change?.operation === "keep" ? undefined : change;
  const [risks, lines] = own === undefined ? [[], []] : [risksOf(own), diffLines(own)];
  return {
    ...{ parent, stack, system: systemOf(one.urn), type: one.type },
    label: component ? `${one.type.split(":").at(-1) ?? ""} ${one.name}` : title,
    ...(component && { component }),
    ...(options.length > 0 && { options: options.join(", ") }),
    ...(own !== undefined && { operation: own.operation }),
    ...(risks.length > 0 && { risks }),
    ...(lines.length > 0 && { lines }),
    ...(needs.length > 0 && { needs }),
  };
}
