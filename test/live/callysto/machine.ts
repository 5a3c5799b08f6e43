/** The machines of a Callysto on the lab, entered as its operators do, and its day-2 commands. */
import assert from "node:assert/strict";
import { secretOf } from "../../../ops/lib/secrets.ts";
import { type Done, onGuest } from "../../../cli/onGuest.ts";
import type { SystemOnLab } from "../../../lab/harness/system.ts";

/** The stack's outputs about an environment with a described guest. */
export interface Machine {
  readonly hostname: string;
  readonly address: string;
  readonly hostKey: string;
}

/** The machine of an environment. */
export async function machineOf(system: SystemOnLab, environment: string): Promise<Machine> {
  const machine = (await system.outputs<Record<string, Machine>>())[environment];
  assert.ok(machine);
  return machine;
}

/** A secret of the stack's file; the passphrase is the published one, whatever a shell may have set. */
function secretIn({ target: { stack, file } }: SystemOnLab, key: string): string {
  return secretOf({ name: stack.replace(/-callysto$/, ""), file }, key, "ORRERY_NO_PASSPHRASE");
}

/** Runs a script as root in the machine that has this host key and no other. */
export function run(system: SystemOnLab, machine: Machine, script: string, input: string | Buffer = ""): Promise<Done> {
  const privateKey = secretIn(system, "callysto:deployPrivateKey");
  return onGuest({ ...machine, user: "ptty2u", privateKey }, script, [], input);
}

/** What a script says that ends well. */
export async function inside(
  system: SystemOnLab,
  machine: Machine,
  script: string,
  input: string | Buffer = "",
): Promise<string> {
  const { code, stdout, stderr } = await run(system, machine, script, input);
  assert.equal(code, 0, `${script}: ${stderr}`);
  return stdout.trim();
}

/** What `npm run ops -- callysto ...` says when it ends well. */
export async function said(
  system: SystemOnLab,
  words: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<string> {
  const { code, stdout, stderr } = await system.ops(words, env);
  assert.equal(code, 0, `${stderr}\n${stdout}`);
  return stdout.trim();
}

/** What `status` finds odd about a hub. */
export async function oddities(system: SystemOnLab, environment: string): Promise<readonly string[]> {
  return (JSON.parse(await said(system, ["status", "--environment", environment, "--json"])) as { odd: string[] }).odd;
}
