/** Moves systems between the states of stacks, by the engine's own command. Nothing in a cloud changes. */
import { rmSync } from "node:fs";
import { engineCommand, waitForEngines } from "../decision/engine.ts";
import type { Task, TaskSettler } from "../decision/task.ts";
import { resources, type StateResource } from "../resources.ts";
import { UsageError } from "../../../cli/usage.ts";
import { removeEndedLocks } from "../state/lock.ts";
import { storeOf } from "../state/store.ts";
import { type Part, partOf } from "./systemStacks.ts";

/** A stack and its file. */
interface Stack {
  readonly name: string;
  readonly file: string;
}

const idOf = ({ name, file }: Stack): { stack: string; file: string } => ({ stack: name, file });

/** Names of the project's stacks in the backend. */
export async function stacksInBackend(stack: Stack): Promise<readonly string[]> {
  const listed = JSON.parse(await engineCommand(idOf(stack), ["stack", "ls", "--json"])) as readonly { name: string }[];
  return listed.map(({ name }) => name.split("/").at(-1) ?? name);
}

/** Top components by name: each system has one. */
const topComponents = (all: readonly StateResource[]): ReadonlyMap<string, string> =>
  new Map(
    all
      .filter(({ type, urn }) => type.startsWith("orrery:") && !(urn.split("::")[2] ?? "").includes("$"))
      .map(({ urn }) => [urn.split("::").at(-1) ?? "", urn]),
  );

const has = async (stack: string, system: string): Promise<boolean> =>
  topComponents(await resources(stack)).has(system);

/** Makes a part's stack in the backend. */
export async function makeStack({ stack, file }: Part): Promise<void> {
  await engineCommand({ stack, file }, ["stack", "init", stack, "--no-select"]);
}

/** Moves a system with all that is in it. @returns whether there was anything to move */
export async function move(system: string, from: Stack, to: Stack): Promise<boolean> {
  const urn = topComponents(await resources(from.name)).get(system);
  if (urn === undefined) return false;
  // With the passphrase of either: both files have the same salt.
  await engineCommand(idOf(from), ["state", "move", "--source", from.name, "--dest", to.name, "--yes", urn]);
  return true;
}

/** Removes a part's file, and then its emptied stack if the backend has it: nobody deploys into it. @throws if it has anything left */
export async function discard(part: Part, by: Stack, there: boolean): Promise<void> {
  if (there) {
    const left = (await resources(part.stack)).filter(({ type }) => !type.startsWith("pulumi:"));
    if (left.length > 0) throw new Error(`stack ${part.stack} still has ${left.length} resources; it stays`);
  }
  rmSync(part.file, { force: true });
  if (there) await forget(part, by);
}

/** Removes a stack with what its state has; the clouds keep it. */
async function forget(part: Part, by: Stack): Promise<void> {
  await engineCommand(idOf(by), ["stack", "rm", "--force", "--yes", "--preserve-config", "--stack", part.stack]);
}

/**
 * Removes a part's stack if the whole has its system, too: the engine was killed within a move, which saves the destination before the
 * source (pulumi@v3.256.0 pkg/cmd/pulumi/state/state_move.go:497).
 */
async function forgetCopy(part: Part, whole: Stack): Promise<boolean> {
  const twice = (await has(part.stack, part.system)) && (await has(whole.name, part.system));
  if (twice) await forget(part, whole);
  return twice;
}

/** What a journal needs to take a split or its way back to the end. */
export function splitValues({ name, file }: Stack, parts: readonly Part[]): Task["values"] {
  const systems = parts.map(({ system }) => system).join(",");
  return { stack: name, file, systems, began: new Date().toISOString() };
}

interface Split {
  readonly whole: Stack;
  readonly parts: readonly Part[];
  /** ISO 8601. */
  readonly began: string;
}

function splitOf({ stack = "", file = "", systems = "", began = "" }: Task["values"]): Split {
  return { whole: { name: stack, file }, parts: systems.split(",").map((system) => partOf(stack, system)), began };
}

const listOf = (parts: readonly Part[]): string => parts.map(({ system }) => system).join(", ");

/** Waits for engines that outlived the interrupted command, and removes the locks of those that died with it. */
async function freed(whole: Stack, parts: readonly Part[], began: string): Promise<void> {
  await waitForEngines(parts.map(({ stack }) => stack));
  const store = await storeOf(whole).catch((error: unknown) => {
    if (error instanceof UsageError) return undefined; // a backend without lock files
    throw error;
  });
  if (store === undefined) return;
  for (const name of [whole.name, ...parts.map(({ stack }) => stack)])
    await removeEndedLocks({ ...store, name }, began);
}

/** A split that did not come to its end is taken back: the stack has all systems again. */
export const splitTask: TaskSettler = {
  async end(values, end) {
    if (end === "finished") return "";
    const { whole, parts, began } = splitOf(values);
    await freed(whole, parts, began);
    const known = await stacksInBackend(whole);
    for (const part of parts) {
      const there = known.includes(part.stack) && !(await forgetCopy(part, whole));
      if (there) await move(part.system, { name: part.stack, file: part.file }, whole);
      await discard(part, whole, there);
    }
    return `${listOf(parts)} are in stack ${whole.name} as before`;
  },
};

/** A way back that did not come to its end is taken back, too: each system is in its own stack again. */
export const joinTask: TaskSettler = {
  async end(values, end) {
    if (end === "finished") return "";
    const { whole, parts, began } = splitOf(values);
    await freed(whole, parts, began);
    const known = await stacksInBackend(whole);
    for (const part of parts) {
      if (!known.includes(part.stack) || (await forgetCopy(part, whole))) await makeStack(part);
      await move(part.system, whole, { name: part.stack, file: part.file });
    }
    return `${listOf(parts)} are in stacks of their own as before`;
  },
};
