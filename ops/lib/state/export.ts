/** A stack's state as the CLI exports and imports it; secrets stay encrypted. */
import { projectDir, readStackFile } from "../../../config/stackFile.ts";
import { type Ran, run, type RunOptions } from "../process.ts";
import { crypterOf, passphraseOf } from "../secrets.ts";
import { pulumiProgram } from "../pulumi.ts";
import type { Deployment } from "./deployment.ts";
import { lastLine, type Store } from "./store.ts";

/** What `pulumi stack export` prints. */
export interface Exported {
  readonly version: number;
  readonly deployment: Deployment;
}

/** Runs the CLI on the stack, with its passphrase. */
export function cli({ name, file, engine }: Store, words: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const guarded = readStackFile(file).provider === undefined;
  const env = guarded ? { PULUMI_CONFIG_PASSPHRASE: passphraseOf(name) } : {};
  const args = [...words, "--stack", name, "--non-interactive", "--color", "never"];
  const merged = { ...env, ...engine?.env, ...options.env };
  return run(pulumiProgram, args, { cwd: projectDir, timeout: engineTimeout, ...engine, ...options, env: merged });
}

/** Seconds that a refresh or a preview of a large stack may take. */
const engineTimeout = 7200;

/** @throws UsageError if the passphrase at hand is not the stack's */
export function checkPassphrase({ name, file }: Store): void {
  if (readStackFile(file).provider === undefined) crypterOf({ name, file });
}

/** The present state. @throws if the backend has none, or it cannot be read */
export async function exported(store: Store): Promise<Exported> {
  const { status, stdout, stderr } = await cli(store, ["stack", "export"]);
  if (status === 0) return JSON.parse(stdout) as Exported;
  if (/no stack named/.test(stderr)) {
    throw new Error(
      `${store.url} has no state of stack ${store.name}; npm run ops -- state backups lists what was kept of it`,
    );
  }
  throw new Error(`the state of stack ${store.name} cannot be read: ${lastLine(stderr)}`);
}
