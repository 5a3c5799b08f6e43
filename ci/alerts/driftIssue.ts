/** What is said about drift: to sinks as problems, one a stack, and in the one issue with every resource. */
import type { IssueText } from "./keptIssue.ts";
import type { Problem } from "./problem.ts";

/** First line of the issue. */
export const driftMarker = "<!-- orrery-drift -->";

/** Most resources that an issue lists. */
const limit = 100;

/** The result for one stack. */
export interface StackDrift {
  readonly stack: string;
  /** A line of Markdown for each resource that an `up` would change. */
  readonly drifted: readonly string[];
  /** Why it could not be compared. */
  readonly failed?: string;
}

const count = (all: readonly string[]): string => `${all.length} resource${all.length === 1 ? "" : "s"}`;

const differs = ({ drifted, failed }: StackDrift): boolean => drifted.length > 0 || failed !== undefined;

/** One problem a stack: it begins with the first resource, and ends with the last. */
export function driftProblems(all: readonly StackDrift[]): readonly Problem[] {
  return all.filter(differs).map(({ stack, drifted, failed }): Problem => {
    if (failed !== undefined) {
      const text = `the preview failed: ${failed}`;
      return { key: `drift|${stack}|failed`, stack, level: "bad", title: "drift", text };
    }
    const resources = drifted.map((line) => line.replaceAll("`", "")).join("; ");
    const text = `an up would change ${count(drifted)}: ${resources}`;
    return { key: `drift|${stack}|drifted`, stack, level: "warn", title: "drift", text };
  });
}

/** Whether a problem of this key would have been seen: a preview that fails says nothing about drift. */
export function driftWasAsked(key: string, all: readonly StackDrift[]): boolean {
  const [, stack, what] = key.split("|");
  const found = all.find((one) => one.stack === stack);
  return found !== undefined && (what === "failed" || found.failed === undefined);
}

/** What the issue says. */
export function driftText(all: readonly StackDrift[]): IssueText {
  const own = all.filter(differs);
  if (own.length === 0) return { title: "Drift: none", list: "There is no drift.", open: false };
  const stacks = own.map(({ stack }) => stack).join(", ");
  const title = `Drift: ${stacks} ${own.length === 1 ? "is" : "are"} not as declared`;
  return { title, list: own.map((one) => `## ${one.stack}\n\n${report(one)}`).join("\n\n"), open: true };
}

function report({ drifted, failed }: StackDrift): string {
  if (failed !== undefined) return `The preview failed: \`${failed}\``;
  const rest = drifted.length > limit ? [`- and ${drifted.length - limit} more`] : [];
  const lines = drifted.slice(0, limit).map((line) => `- ${line}`);
  return [`An \`up\` would change ${count(drifted)}:`, "", ...lines, ...rest].join("\n");
}
