/** A promotion in words: for the terminal, for scripts, and for a pull request. */
import type { Promotion } from "./pairs.ts";
import { settingText, shortImage } from "./plan.ts";

/** The lines of one pair. */
export function lines({ from, to, steps, left }: Promotion): readonly string[] {
  const byTag = steps.filter(({ at, value }) => at.at(-1) !== "version" && !value.includes("sha256:")).length;
  return [
    ...steps.map(
      (one) =>
        `${settingText(one)}: ${one.before === undefined ? "the program's" : shortImage(one.before)} -> ${shortImage(one.value)}`,
    ),
    ...left.map(({ setting, why }) => `${setting} stays: ${why}`),
    ...(byTag > 0 ? [`${byTag} by tag only, which may move: npx orrery images --update --stack ${from}`] : []),
    ...(steps.length > 0
      ? []
      : [left.length === 0 ? `${to.name} names what ${from} names; nothing to promote` : "nothing else to promote"]),
  ];
}

/** One pair as JSON. */
export function shown({ steps, left }: Promotion): object {
  return { steps: steps.map((one) => ({ setting: settingText(one), ...one })), left };
}

/** Title and text of a pull request for all pairs, as Markdown. */
export function pullRequest(from: string, to: string, all: readonly Promotion[]): string {
  const [first] = all;
  const sections = all.flatMap((one) => [
    ...(all.length > 1 ? [`## ${one.from} to ${one.to.name}`, ""] : []),
    ...section(one),
    "",
  ]);
  const way =
    all.length === 1 && first !== undefined
      ? `run \`npx pulumi up --stack ${first.to.name}\``
      : `run \`npx pulumi up\` for ${all.map((one) => `\`${one.to.name}\``).join(", ")}`;
  const back = `To go back, revert this commit and ${way}: the images of before are named by what the file had.`;
  return [`# Promote ${from} to ${to}`, "", ...sections, back, ""].join("\n");
}

function section({ from, to, steps, left }: Promotion): readonly string[] {
  return [
    `| setting | ${to.name} now | from ${from} |`,
    "| --- | --- | --- |",
    ...steps.map((one) => {
      const before = one.before === undefined ? "the program's" : `\`${shortImage(one.before)}\``;
      return `| \`${settingText(one)}\` | ${before} | \`${shortImage(one.value)}\` |`;
    }),
    ...(left.length === 0 ? [] : ["", "These differ and stay:", ""]),
    ...left.map(({ setting, why }) => `- \`${setting}\`: ${why}`),
  ];
}
