/** The state that `orrery backup` saves: the backend's own file, or, where a backend keeps none that can be read here, what the engine exports. */
import { existsSync } from "node:fs";
import path from "node:path";
import { projectDir, projectName } from "../../../config/stackFile.ts";
import { run } from "../process.ts";
import { complaintOf, pulumiProgram } from "../pulumi.ts";
import { stackOf, type StackValues } from "../stack.ts";
import { keepsFiles, openBucket, withoutLogins } from "../state/backend/backend.ts";
import type { Deployment } from "../state/deployment.ts";
import { backendUrl, parseState, presentState } from "../state/store.ts";

/** A stack's state as it is saved; secrets in it are encrypted. */
export interface SavedState {
  readonly stack: string;
  /** The stack's file. */
  readonly file: string;
  /** Name among the saved files: `state-prod.json` is the backend's file, `export-prod.json` what the engine exported. */
  readonly name: string;
  readonly bytes: Buffer;
}

/** Seconds that the engine may take to export a state. */
const longest = 600;

/** Reads the state of a stack. @throws if the backend has none, or the stack has no file */
export async function readSavedState(values: StackValues): Promise<SavedState> {
  const { name: stack, file } = stackOf(values);
  if (!existsSync(file)) throw new Error(`there is no ${file}: name a stack that has a file`);
  const url = await backendUrl();
  const none = `${withoutLogins(url)} has no state of stack ${stack}`;
  if (keepsFiles(url)) {
    const present = await presentState({ name: stack, bucket: await openBucket(url), project: projectName() });
    if (present === undefined) throw new Error(none);
    return { stack, file, name: `state-${path.posix.basename(present.key)}`, bytes: present.bytes };
  }
  // Without --show-secrets it prints them encrypted, and needs no passphrase.
  const words = ["stack", "export", "--stack", stack, "--non-interactive", "--color", "never"];
  const { status, stdout, stderr } = await run(pulumiProgram, words, { cwd: projectDir, timeout: longest });
  if (/no stack named/.test(stderr)) throw new Error(none);
  if (status !== 0) throw new Error(`the state of ${stack} cannot be exported: ${complaintOf(stack, stderr)}`);
  return { stack, file, name: `export-${stack}.json`, bytes: Buffer.from(stdout) };
}

/** Whether a file among the saved ones is a state. */
export const isSavedState = (name: string): boolean => /^(state|export)-/.test(name);

/** How many resources a saved state has. @returns undefined if it is damaged */
export function savedResources(name: string, bytes: Buffer): number | undefined {
  if (!name.startsWith("export-")) {
    const state = parseState(name, bytes);
    return state === undefined ? undefined : (state.deployment?.resources?.length ?? 0);
  }
  try {
    const { deployment } = JSON.parse(bytes.toString()) as { readonly deployment?: Deployment | null };
    return typeof deployment === "object" ? (deployment?.resources?.length ?? 0) : undefined;
  } catch {
    return undefined;
  }
}
