/** Moves systems between the states of stacks, by the engine's own command. Nothing in a cloud changes. */
import { existsSync, rmSync } from "node:fs";
import { engineCommand } from "../decision/engine.ts";
import type { TaskSettler } from "../decision/task.ts";
import { resources, type StateResource } from "../resources.ts";
import { type Part, partOf } from "./parts.ts";

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

/** Makes a part's stack in the backend, unless it is there. */
export async function makeStack({ stack, file }: Part, known: readonly string[]): Promise<void> {
  if (!known.includes(stack)) await engineCommand({ stack, file }, ["stack", "init", stack, "--no-select"]);
}

/** Moves a system with all that is in it. @returns whether there was anything to move */
export async function move(system: string, from: Stack, to: Stack): Promise<boolean> {
  const urn = topComponents(await resources(from.name)).get(system);
  if (urn === undefined) return false;
  // With the passphrase of either: both files have the same salt.
  await engineCommand(idOf(from), ["state", "move", "--source", from.name, "--dest", to.name, "--yes", urn]);
  return true;
}

/** Brings a part back into its stack, and removes the part's stack and file. */
export async function bringBack(part: Part, into: Stack, known: readonly string[]): Promise<void> {
  if (known.includes(part.stack)) {
    await move(part.system, { name: part.stack, file: part.file }, into);
    const left = topComponents(await resources(part.stack));
    if (left.size > 0) throw new Error(`stack ${part.stack} still has ${[...left.keys()].join(", ")}; it stays`);
    await engineCommand(idOf(into), ["stack", "rm", "--force", "--yes", "--preserve-config", "--stack", part.stack]);
  }
  rmSync(part.file, { force: true });
}

/** A split that did not come to its end is taken back. */
export const splitTask: TaskSettler = {
  async end({ stack = "", file = "", systems = "" }, end) {
    if (end === "finished") return "";
    const into = { name: stack, file };
    const parts = systems.split(",").map((system) => partOf(stack, system));
    const known = await stacksInBackend(into);
    for (const part of parts)
      if (existsSync(part.file) || known.includes(part.stack)) await bringBack(part, into, known);
    return `${systems.replaceAll(",", ", ")} are in stack ${stack} as before`;
  },
};
