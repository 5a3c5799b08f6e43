/** The stacks of a promotion, and what their files would become. */
import { isGroup, stacksLike } from "../../../cli/group.ts";
import { UsageError } from "../../../cli/usage.ts";
import { schemas } from "../../../components/registry.ts";
import { readStackFile, stackNames, stackPath } from "../../../config/stackFile.ts";
import { imagesOfStack } from "../images/ofStack.ts";
import { changedAll, type FileChange, type SystemStack } from "../stack.ts";
import { type Left, plan, type Side, type Step } from "./plan.ts";

/** One pair of stacks. */
export interface Promotion {
  /** Name of the stack that gives. */
  readonly from: string;
  /** The stack that gets. */
  readonly to: Pick<SystemStack<unknown>, "name" | "file">;
  readonly steps: readonly Step[];
  readonly left: readonly Left[];
  /** Of the file of `to`; the same text twice if there is no step. */
  readonly change: FileChange;
}

/**
 * The stacks of `--from` and `--to`: two names, or two patterns with one * each, which stands for the same text in both.
 * @throws UsageError if they do not fit, or a stack has no counterpart
 */
export function pairsOf(from: string, to: string): readonly (readonly [from: string, to: string])[] {
  if (from === to) throw new UsageError("--from and --to name the same stack");
  if (!isGroup(from) && !isGroup(to)) return [[from, to]];
  const halves = [from, to].map((one) => one.split("*"));
  const [[begin = "", end = ""] = [], [toBegin = "", toEnd = ""] = []] = halves;
  if (halves.some(({ length }) => length !== 2)) throw new UsageError("--from and --to need one * each");
  const pairs = stacksLike(from).map(
    (one) => [one, `${toBegin}${one.slice(begin.length, one.length - end.length)}${toEnd}`] as const,
  );
  const known = stackNames();
  const lost = pairs.filter(([, target]) => !known.includes(target)).map(([one, target]) => `${one} (no ${target})`);
  if (lost.length > 0) throw new UsageError(`these have no counterpart: ${lost.join(", ")}`);
  return pairs;
}

/** Compares a pair; nothing is written. @throws if a file has problems, or would have them then */
export async function promotion(source: string, target: string): Promise<Promotion> {
  const to = { name: target, file: stackPath(target) };
  const { steps, left } = plan(await sideOf(source), await sideOf(target));
  return { from: source, to, steps, left, change: changedAll(to, steps) };
}

async function sideOf(name: string): Promise<Side> {
  const file = stackPath(name);
  const { entries } = readStackFile(file);
  const settings = new Map(
    Object.values(schemas).flatMap(({ namespace }) => {
      const text = entries.get(`${namespace}:settings`)?.value;
      return text === undefined ? [] : [[namespace, JSON.parse(text) as unknown] as const];
    }),
  );
  return { name, settings, images: await imagesOfStack({ name, file }) };
}
