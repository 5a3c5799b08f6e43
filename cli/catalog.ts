/** All commands with their declarations, for what is generated from them: completion, the list in the docs, tests. */
import { commandFiles, loadCommand } from "./find.ts";
import type { Command } from "./command.ts";

/** A command and its name, e.g. "callysto ban". */
export interface NamedCommand {
  readonly name: string;
  readonly command: Command;
}

/** Every command, sorted by name. */
export async function allCommands(): Promise<readonly NamedCommand[]> {
  return Promise.all([...commandFiles()].map(async ([name, file]) => ({ name, command: await loadCommand(file) })));
}
