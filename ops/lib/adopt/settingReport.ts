/** What adopt says about settings of the stack's file, for people and for scripts. */
import { unified } from "../../../review/diff/unified.ts";
import type { LiveSettings } from "./keepLive.ts";
import { writtenSettings } from "./keepLive.ts";
import { type SettingChange, settingName } from "./stackDraft.ts";

/** The file's diff, and what is not in it. Ciphertexts are cut short. */
export function settingLines({ draft, unpinned, further }: LiveSettings): readonly string[] {
  const diff = draft.text === draft.before ? [] : unified(draft.before, draft.text);
  const count = new Set(draft.changes.map(settingName)).size;
  return [
    ...section(`settings that keep what runs: ${count}`, diff.map(shortened)),
    ...section("because of", draft.changes.map(reason)),
    ...section(
      `images without a pin: ${unpinned.length}`,
      unpinned.map(({ image, where, reason: why }) => `${image} (${where}): ${why}`),
    ),
    ...section(
      `fields that no setting takes as they are: ${draft.refused.length}`,
      draft.refused.map((one) => `${reason(one)}: ${one.reason}`),
    ),
    ...section(
      `more settings would keep what runs, with --suggest: ${further.length}`,
      further.map((one) => reason(one)),
    ),
  ];
}

/** The same for a script. @param file the stack's */
export function settingJson(file: string, { draft, unpinned, further }: LiveSettings): object {
  const own = writtenSettings(file, draft.changes);
  return {
    settings: draft.changes.map((one) => ({
      ...{ setting: settingName(one), from: own.get(settingName(one)) ?? null, to: one.value, because: one.because },
    })),
    refused: draft.refused.map((one) => ({ setting: settingName(one), value: one.value, reason: one.reason })),
    unpinned,
    further: further.map((one) => ({ setting: settingName(one), value: one.value, because: one.because })),
  };
}

const reason = (one: SettingChange): string => `${settingName(one)} = ${JSON.stringify(one.value)}: ${one.because}`;

/** A line of the diff; settings on one line are long. */
function shortened(line: string): string {
  return line.length > 240 ? `${line.slice(0, 240)}...` : line;
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [title, ...lines.map((line) => `  ${line}`)];
}
