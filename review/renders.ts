/**
 * Renders of two commits as a file: what the commits' own code says, to be compared by other code than theirs.
 *
 * In CI an unprivileged job renders a pull request with its own code; main's code checks the file's shape and makes the report.
 */
import { readFileSync, statSync } from "node:fs";
import { z } from "zod";
import { parseJson } from "../config/parse.ts";
import type { Checkout } from "./checkout.ts";
import { compareRenders, renderStack, type StackChanges, stacksOf } from "./compareCommits.ts";
import type { Rendered, Replacements } from "./evaluate/render.ts";

/** Longest file, in bytes; three stacks of today take a tenth of it. */
const longest = 256 << 20;

/** A name that may stand in a report as it is. */
const nameLike = /^[\w-]{1,60}$/;

const texts = z.array(z.string());
const alias = z.looseObject({
  urn: z.string().optional(),
  spec: z
    .looseObject({ name: z.string(), type: z.string(), parenturn: z.string(), noparent: z.boolean() })
    .partial()
    .optional(),
});
const resource = z.object({
  urn: z.string().max(1000).startsWith("urn:pulumi:"),
  ...{ type: z.string().max(300), name: z.string().max(1000), parent: z.string(), provider: z.string() },
  inputs: z.record(z.string(), z.unknown()),
  options: z
    .looseObject({
      ...{ protect: z.boolean(), retainOnDelete: z.boolean(), deleteBeforeReplace: z.boolean() },
      ...{ ignoreChanges: texts, replaceOnChanges: texts, dependsOn: texts, additionalSecretOutputs: texts },
      ...{ aliases: z.array(alias), customTimeouts: z.record(z.string(), z.string()) },
      ...{ deletedWith: z.string(), import: z.string() },
    })
    .partial(),
});
const resources = z.array(resource).refine(haveTops, "is a list in which a resource is its own ancestor");

const rendersFile = z.object({
  // As the report names commits; the working tree is named by words.
  base: z.string().regex(/^[0-9a-f]{10}$/),
  head: z.string().regex(/^([0-9a-f]{10}|the working tree)$/),
  stacks: z.array(
    z.object({
      stack: z.string().regex(nameLike),
      secrets: z.array(z.string()),
      moved: z.array(z.object({ key: z.string(), from: z.string() })),
      arrived: z
        .array(
          z.object({
            system: z.string().regex(nameLike),
            from: z.string().regex(nameLike),
            to: z.string().regex(nameLike),
          }),
        )
        .default([]),
      base: resources,
      heads: z.array(z.object({ urns: z.array(z.string()), resources })).min(1),
    }),
  ),
});

type RendersFile = z.infer<typeof rendersFile>;

/** Renders every stack of two checkouts, as often as a comparison asks for. @returns the file's text */
export async function recordRenders(base: Checkout, head: Checkout): Promise<string> {
  const stacks: unknown[] = [];
  for (const stack of stacksOf(base, head)) {
    const one = await renderStack(base, head, stack);
    const heads = new Map<string, { urns: readonly string[]; resources: readonly Rendered[] }>();
    await compareRenders({
      ...one,
      head: async (replacements) => {
        const made = await one.head(replacements);
        heads.set(keyOf(replacements.urns), { urns: replacements.urns, resources: made });
        return made;
      },
    });
    const { secrets, moved, arrived, base: before } = one;
    stacks.push({ stack, secrets, moved, arrived, base: before, heads: [...heads.values()] });
  }
  return JSON.stringify({ base: base.name, head: head.name, stacks });
}

/** The comparison of a file of renders, and what it could not compare. */
interface Compared {
  readonly base: string;
  readonly head: string;
  readonly stacks: readonly StackChanges[];
  readonly notes: readonly string[];
}

/** Compares renders that other code has made. @throws without a word of the file, which may be anybody's */
export async function compareRecorded(file: string): Promise<Compared> {
  const { base, head, stacks } = read(file);
  const notes: string[] = [];
  const all: StackChanges[] = [];
  for (const { heads, ...one } of stacks) {
    const made = new Map(heads.map(({ urns, resources }) => [keyOf(urns), resources as readonly Rendered[]]));
    const first = made.get(keyOf([])) ?? [];
    const missing = new Set<string>();
    const again = ({ urns }: Replacements): Promise<readonly Rendered[]> => {
      const found = made.get(keyOf(urns));
      if (found === undefined) missing.add(keyOf(urns));
      return Promise.resolve(found ?? first);
    };
    all.push(await compareRenders({ ...one, base: one.base as readonly Rendered[], head: again }));
    if (missing.size > 0)
      notes.push(`${one.stack}: what follows from replacements is not shown; the file has no render of it.`);
  }
  return { base, head, stacks: all, notes };
}

const keyOf = (urns: readonly string[]): string => JSON.stringify(urns.toSorted());

function read(file: string): RendersFile {
  const { size } = statSync(file);
  if (size > longest) throw new Error(`${file} has ${size} bytes; renders take at most ${longest}`);
  const { data, error } = rendersFile.safeParse(parseJson(readFileSync(file, "utf8")));
  if (data !== undefined) return data;
  const places = error.issues.slice(0, 3).map(({ path }) => path.map(shortened).join("."));
  throw new Error(
    `${file} does not hold renders of \`orrery review --renders\`: wrong at ${places.join(", ") || "the top"}`,
  );
}

/** A member's name in a message, without what somebody may have put into it. */
const shortened = (key: PropertyKey): string => (/^[\w-]{1,40}$/.test(String(key)) ? String(key) : "?");

/** Whether every resource's parents lead to the top. */
function haveTops(all: readonly { readonly urn: string; readonly parent: string }[]): boolean {
  const parents = new Map(all.map(({ urn, parent }) => [urn, parent]));
  const safe = new Set<string>();
  for (const { urn } of all) {
    const way = new Set<string>();
    for (let at = urn; parents.has(at) && !safe.has(at); at = parents.get(at) ?? "") {
      if (way.has(at)) return false;
      way.add(at);
    }
    for (const one of way) safe.add(one);
  }
  return true;
}
