/** The review as one HTML page: a map of systems, components and resources, with what changes. It needs no network. */
import { readFileSync } from "node:fs";
import path from "node:path";
import type { StackChanges } from "./between.ts";
import { blocking } from "./blocking.ts";
import type { Change, Operation } from "./compare.ts";
import type { Rendered } from "./render.ts";
import { changeTitle, diffLines, isComponent, systemOf, titleOf } from "./words.ts";

/** One node of the map: a stack, a component or a resource. */
interface Node {
  /** Stack and URN. */
  readonly id: string;
  readonly parent: string;
  readonly stack: string;
  readonly system?: string;
  readonly level: number;
  readonly label: string;
  readonly type?: string;
  readonly component: boolean;
  /** Lower case, what the search looks at. */
  readonly text: string;
  readonly options?: string;
  readonly operation?: Operation;
  readonly blocking: readonly string[];
  readonly lines: readonly string[];
  /** Ids of what must be there first. */
  readonly needs: readonly string[];
}

/** The page's text. Without changes it is the map of what there is. */
export function page(title: string, summary: string, stacks: readonly StackChanges[]): string {
  const part = (name: string): string => readFileSync(path.join(import.meta.dirname, "page", name), "utf8");
  const data = JSON.stringify({ title, summary, nodes: stacks.flatMap(nodesOf) });
  const parts: Readonly<Record<string, string>> = {
    "/*STYLE*/": part("page.css"),
    // Nothing in it may end the element that holds it.
    "/*DATA*/": data.replaceAll("<", "\\u003c"),
    "/*SCRIPT*/": part("page.js"),
  };
  return part("page.html").replaceAll(/\/\*(STYLE|DATA|SCRIPT)\*\//g, (mark) => parts[mark] ?? "");
}

function nodesOf({ stack, changes, resources }: StackChanges): readonly Node[] {
  const changed = new Map(changes.map((one) => [one.urn, one]));
  const gone = changes.flatMap(({ operation, before }) =>
    operation === "delete" && before !== undefined ? [before] : [],
  );
  const all = [...resources, ...gone];
  const known = new Set(all.map(({ urn }) => urn));
  const levels = new Map(all.map(({ urn }) => [urn, (urn.split("::")[2]?.split("$").length ?? 1) - 1]));
  const top: Node = {
    ...{ id: stack, parent: "", stack, level: 0, label: stack, component: true, text: stack },
    ...{ blocking: [], lines: [], needs: [] },
  };
  return [top, ...all.map((one) => nodeOf(stack, one, changed.get(one.urn), known, 1 + (levels.get(one.urn) ?? 0)))];
}

function nodeOf(
  stack: string,
  one: Rendered,
  change: Change | undefined,
  known: ReadonlySet<string>,
  level: number,
): Node {
  const id = (urn: string): string => `${stack} ${urn}`;
  const component = isComponent(one.type);
  const label = component
    ? `${one.type.split(":").at(-1) ?? ""} ${one.name}`
    : change === undefined
      ? titleOf(one)
      : changeTitle(change);
  const options = ["protect", "retainOnDelete"]
    .filter((option) => one.options[option as "protect"] === true)
    .join(", ");
  // Folders of other resources change with what is in them.
  const seen = component && change?.operation === "keep" ? undefined : change;
  return {
    id: id(one.urn),
    parent: known.has(one.parent) ? id(one.parent) : stack,
    stack,
    system: systemOf(one.urn),
    level,
    label,
    type: one.type,
    component,
    text: `${label} ${one.type} ${one.name}`.toLowerCase(),
    ...(options === "" ? {} : { options }),
    ...(seen === undefined ? {} : { operation: seen.operation }),
    blocking: seen === undefined ? [] : blocking(seen),
    lines: seen === undefined ? [] : diffLines(seen),
    needs: (one.options.dependsOn ?? []).filter((urn) => known.has(urn)).map(id),
  };
}
