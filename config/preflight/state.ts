/** What the last update left in a stack's state, as the engine knows it. */
import * as pulumi from "@pulumi/pulumi";
import type { RunningStack } from "../load.ts";

/** A resource by the type and the name that the program gives it. */
export interface DeclaredResource {
  readonly type: string;
  readonly name: string;
}

/** A resource of the state; `chain` has its ancestors' types before its own. */
export interface StateResource extends DeclaredResource {
  readonly chain: string;
}

/** The running stack with the URNs of its state. */
export interface StackState extends RunningStack {
  readonly urns: readonly string[];
}

/**
 * What the last update left in the running stack; undefined without an engine, as there is no state then.
 * @throws pulumi.RunError if the engine does not answer
 */
export async function runningState(stack: () => RunningStack): Promise<StackState | undefined> {
  if (pulumi.runtime.getEngine() === undefined) return undefined;
  const { name, fullName } = stack();
  const urns = await stateUrns(fullName);
  if (urns === undefined) throw unreadable(fullName, "the backend does not know it");
  return { name, fullName, urns };
}

/**
 * URNs of a stack's state. The engine is asked, as it has the backend's login.
 * @param stack - full name, e.g. `organization/orrery/prod`
 * @returns undefined if the backend has no such stack
 * @throws pulumi.RunError if the engine does not answer, or if another passphrase keeps the state
 */
export async function stateUrns(stack: string): Promise<readonly string[] | undefined> {
  // A built-in function of the engine; the SDK has no other way to a state.
  const token = "pulumi:pulumi:readStackResourceOutputs";
  try {
    const { outputs } = (await pulumi.runtime.invoke(token, { stackName: stack })) as { readonly outputs: object };
    return Object.keys(outputs);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    if (why.includes(`unknown stack "${stack}"`)) return undefined;
    throw unreadable(stack, why);
  }
}

const unreadable = (stack: string, why: string): pulumi.RunError =>
  new pulumi.RunError(
    `the state of stack ${stack} cannot be read, so nobody knows what this update would delete or make twice; nothing was changed: ${why}`,
  );

export function parseUrn(urn: string): StateResource {
  const [, , chain = "", ...name] = urn.split("::");
  return { chain, type: chain.split("$").at(-1) ?? "", name: name.join("::") };
}

export const titleOf = ({ type, name }: DeclaredResource): string => `${type} ${name}`;
