/** The one issue about what is wrong. */
import type { IssueText } from "./keptIssue.ts";
import type { Problem } from "./problem.ts";

/** First line of the issue. */
export const healthMarker = "<!-- orrery-health -->";

/** A text that is no markup and mentions nobody. */
const code = (text: string): string => `\`${text.replaceAll("`", "'").replaceAll("\n", " ")}\``;

/** What the issue says. */
export function healthText(problems: readonly Problem[]): IssueText {
  const lines = problems.map(
    ({ stack, level, title, text }) =>
      `- ${level === "bad" ? "**bad**" : "warning"}, ${stack}: ${code(title)}: ${code(text)}`,
  );
  const bad = problems.filter(({ level }) => level === "bad").length;
  const stacks = [...new Set(problems.map(({ stack }) => stack))].join(", ");
  if (problems.length === 0) return { title: "Health: nothing is wrong", list: "Nothing is wrong.", open: false };
  const title = `Health: ${stacks}: ${bad} bad, ${problems.length - bad} warnings`;
  return { title, list: lines.join("\n"), open: true };
}
