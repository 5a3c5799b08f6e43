/** Finds commands by their files: `ops/commands/callysto/ban.ts` is `orrery callysto ban`. */
import path from "node:path";
import { pathToFileURL } from "node:url";
import { projectFiles } from "../config/projectFiles.ts";
import { projectDir } from "../config/stackFile.ts";
import type { Command } from "./command.ts";

/** Folders of the project whose `commands/` hold commands. */
const homes = ["ops", "lab", "review", "policy", "contracts", "bench", "peers", "cli"];

/** What the folders below `commands/` are about; their files say it themselves. */
const groups: Readonly<Record<string, string>> = {
  callysto: "JupyterHub for schools: environments, users' homes, servers, images",
  config: "Settings: check them, list them, write samples and their reference",
  dials: "CMS DIALS: workers, the ETL, images, passwords, certificates",
  lab: "The embedded clouds: bring them up, run a stack on them, stop them",
  packit: "Packit and the Stream service: deploy, roll back, certificates, database",
  prow: "Prow: test clusters, checks, jobs, services",
  secrets: "Secrets of a stack: list, import, rotate, re-encrypt",
  state: "The state of a stack: back up, restore, recover",
  thoth: "Thoth's bots: check, pause, certificates",
};

/** One line about a folder of commands. @throws if {@link groups} lacks it */
export function groupSummary(group: string): string {
  const summary = groups[group];
  if (summary === undefined) throw new Error(`cli/find.ts says nothing about the commands of ${group}`);
  return summary;
}

/** Files of all commands by their names, e.g. "callysto ban"; sorted. */
export function commandFiles(): ReadonlyMap<string, string> {
  const found = projectFiles(`{${homes.join(",")}}/commands/**/*.ts`).map((file) => {
    const name = file.slice(file.indexOf("commands/") + "commands/".length, -".ts".length);
    return [name.replaceAll("/", " "), path.join(projectDir, file)] as const;
  });
  return new Map(found.sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** Loads one command. */
export async function loadCommand(file: string): Promise<Command> {
  const { command } = (await import(pathToFileURL(file).href)) as { readonly command: Command };
  return command;
}

/** Runs what ops/before.ts does before every command that names a stack. @throws if the command must not be run now */
export async function beforeCommand(name: string, values: Readonly<Record<string, unknown>>): Promise<void> {
  if (values.stack === undefined) return;
  // By its path, as the commands are: the front imports nothing that stands above it.
  const { before } = (await import(pathToFileURL(path.join(projectDir, "ops", "before.ts")).href)) as {
    readonly before: (name: string, values: Readonly<Record<string, unknown>>) => Promise<void>;
  };
  await before(name, values);
}

/** A command and its name, e.g. "callysto ban". */
export interface NamedCommand {
  readonly name: string;
  readonly command: Command;
}

/** Every command, sorted by name. */
export async function allCommands(): Promise<readonly NamedCommand[]> {
  return Promise.all([...commandFiles()].map(async ([name, file]) => ({ name, command: await loadCommand(file) })));
}
