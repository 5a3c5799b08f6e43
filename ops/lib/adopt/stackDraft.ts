/** A stack's file as it would be with other settings: evaluated from a copy, and written when it is decided. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { withPassingFolder } from "../../../cli/passingFolder.ts";
import { parseConfig } from "../../../config/parse.ts";
import { propertyPath } from "../../../config/problems.ts";
import { put, setSecret } from "../../../config/stackEdit.ts";
import { readStackFile, sampleConfig } from "../../../config/stackFile.ts";
import { schemas } from "../../../components/registry.ts";
import { openStackSecrets, type StackSecrets } from "../secrets/stackSecrets.ts";

/** A setting that makes the program declare what runs. */
export interface SettingChange {
  /** The system. */
  readonly namespace: string;
  /** Path below its settings. */
  readonly at: readonly (string | number)[];
  readonly value: unknown;
  /** What runs that says so: `Deployment prow/deck: spec.replicas`. */
  readonly because: string;
}

/** A secret that is taken over. */
export interface SecretChange {
  readonly key: string;
  readonly text: string;
  readonly because: string;
}

/** A change that the settings do not take, and why. */
interface RefusedChange extends SettingChange {
  readonly reason: string;
}

/** A stack file's text before and after. */
export interface Draft {
  readonly before: string;
  readonly text: string;
  readonly changes: readonly SettingChange[];
  readonly refused: readonly RefusedChange[];
}

/** `prow:settings.replicas.deck`. */
export const settingName = ({ namespace, at }: Pick<SettingChange, "namespace" | "at">): string =>
  propertyPath(`${namespace}:settings`, at);

/** The stack's file with the changes that its systems take; every other byte stays. */
export function draftOf(
  { file, crypter }: Pick<StackSecrets, "file" | "crypter">,
  changes: readonly SettingChange[],
  secrets: readonly SecretChange[] = [],
): Draft {
  const before = readFileSync(file, "utf8");
  const withSecrets = secrets.reduce((text, { key, text: own }) => setSecret(text, key, crypter.encrypt(own)), before);
  const all = changes.reduce(withSetting, withSecrets);
  if (problemsOf(file, all).length === 0) return { before, text: all, changes, refused: [] };
  // One after the other, so that what one of them breaks is known.
  const [taken, refused]: [SettingChange[], RefusedChange[]] = [[], []];
  let text = withSecrets;
  const old = new Set(problemsOf(file, text));
  for (const change of changes) {
    const next = withSetting(text, change);
    const [problem] = problemsOf(file, next).filter((one) => !old.has(one));
    if (problem !== undefined) refused.push({ ...change, reason: problem });
    else {
      taken.push(change);
      text = next;
    }
  }
  return { before, text, changes: taken, refused };
}

const withSetting = (text: string, { namespace, at, value }: SettingChange): string =>
  put(text, ["config", `${namespace}:settings`, ...at], value);

/** Does something with the stack as the text describes it. */
export function withText<T>(
  { name, file, crypter }: StackSecrets,
  text: string,
  work: (draft: StackSecrets) => Promise<T>,
): Promise<T> {
  return withPassingFolder((folder) => {
    const configFile = path.join(folder, path.basename(file));
    writeFileSync(configFile, text, { mode: 0o600 });
    return work(openStackSecrets({ stack: name, configFile }, crypter));
  });
}

function problemsOf(file: string, text: string): readonly string[] {
  const folder = mkdtempSync(path.join(tmpdir(), "orrery-draft-"));
  try {
    const draft = path.join(folder, path.basename(file));
    writeFileSync(draft, text, { mode: 0o600 });
    const all = Object.values(schemas);
    return parseConfig(sampleConfig(readStackFile(draft), all), all)
      .problems.filter(({ text: said }) => !said.startsWith("the secret is missing"))
      .map(({ path: at, text: said }) => `${at} ${said}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
