/** Finds the command that is asked for, loads only it, and reports errors in one line. */
import { suggest } from "../config/problems.ts";
import { readFileSync } from "node:fs";
import path from "node:path";
import { projectDir, UnknownStack } from "../config/stackFile.ts";
import type { Command } from "./command.ts";
import { beforeCommand, commandFiles, groupSummary, loadCommand } from "./find.ts";
import { onEach } from "./group.ts";
import { helpOf, summaryOf, table } from "./help.ts";
import { UsageError } from "./usage.ts";

const isHelp = (word: string): boolean => word === "--help" || word === "-h";

/** Runs one command line. @returns the exit code: 2 if the command line is wrong, 1 if the command fails */
export async function main(args: readonly string[]): Promise<number> {
  try {
    return await dispatch(args);
  } catch (error) {
    console.error(`orrery: ${inWords(error)}`);
    return error instanceof UsageError || error instanceof UnknownStack ? 2 : 1;
  }
}

/** An error's message; what the file system refuses is said in words, not in those of a system call. */
export function inWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, path: named, syscall } = error as NodeJS.ErrnoException;
  // That call names a template; what refuses it is the folder.
  const at = syscall === "mkdtemp" && named !== undefined ? path.dirname(named) : named;
  const reason = {
    // Node says the same of a folder that cannot be made in a file system that is read-only.
    ENOENT: syscall === "mkdir" ? "the folder cannot be made there" : "there is no such file or folder",
    EACCES: "permission denied",
    EISDIR: "it is a folder",
    ENOTDIR: "a part of the path is no folder",
    ENOSPC: "no space left",
    EROFS: "the file system is read-only",
  }[code ?? ""];
  return reason === undefined || at === undefined || !error.message.startsWith(code ?? "")
    ? error.message
    : `${at}: ${reason}`;
}

async function dispatch(given: readonly string[]): Promise<number> {
  // `orrery help state backup` is what many other tools understand.
  const args = given[0] === "help" ? [...given.slice(1), "--help"] : given;
  const files = commandFiles();
  if (args[0] === "--version") {
    const { version } = JSON.parse(readFileSync(path.join(projectDir, "package.json"), "utf8")) as { version: string };
    console.log(version);
    return 0;
  }
  for (const count of [2, 1]) {
    const name = args.slice(0, count).join(" ");
    const file = files.get(name);
    if (file === undefined || args.length < count) continue;
    const words = args.slice(count);
    const end = words.indexOf("--");
    const command = await loadCommand(file);
    if (!(end < 0 ? words : words.slice(0, end)).some(isHelp)) return await prepared(name, command, words)();
    console.log(helpOf(name, command));
    await listBelow(files, name);
    return 0;
  }
  return listOf(files, args);
}

/** A command that is also a group, such as contracts: those below it. */
async function listBelow(files: ReadonlyMap<string, string>, name: string): Promise<void> {
  const below = [...files.keys()].filter((one) => one.startsWith(`${name} `));
  if (below.length === 0) return;
  const rows = await Promise.all(
    below.map(async (one): Promise<[string, string]> => [
      `orrery ${one}`,
      summaryOf(await loadCommand(files.get(one) ?? "")),
    ]),
  );
  console.log(["", "Commands below it:", ...table(rows)].join("\n"));
}

/** Reads the command's words, and says where the help is when they are wrong. */
function prepared(name: string, command: Command, words: readonly string[]): () => Promise<number> {
  try {
    return command.prepare(
      words,
      (values) => beforeCommand(name, values),
      (pattern, inTurn) => onEach(name, words, pattern, inTurn),
    );
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`${error.message}\nnpx orrery ${name} --help explains the command.`, { cause: error });
  }
}

/** The list of all commands, or of one group's. */
async function listOf(files: ReadonlyMap<string, string>, [first, second]: readonly string[]): Promise<number> {
  const names = [...files.keys()];
  const tops = [...new Set(names.map((name) => name.split(" ")[0] ?? ""))];
  if (first === undefined || isHelp(first)) {
    const rows = await Promise.all(tops.map(async (top) => [top, await summary(files, top)] as const));
    console.log(["Usage: npx orrery COMMAND [OPTIONS]", "", ...table(rows), "", overviewEnd].join("\n"));
    return first === undefined ? 2 : 0;
  }
  if (!tops.includes(first)) {
    throw new UsageError(
      `there is no command "${first}"${suggest(first, tops)}\nnpx orrery --help lists all commands.`,
    );
  }
  const own = names.filter((name) => name.startsWith(`${first} `)).map((name) => name.slice(first.length + 1));
  if (second !== undefined && !isHelp(second)) {
    throw new UsageError(
      `${first} has no command "${second}"${suggest(second, own)}\nnpx orrery ${first} --help lists its commands.`,
    );
  }
  const rows = await Promise.all(own.map(async (name) => [name, await summary(files, `${first} ${name}`)] as const));
  const end = `npx orrery ${first} COMMAND --help explains a command.`;
  console.log([`Usage: npx orrery ${first} COMMAND [OPTIONS]`, "", ...table(rows), "", end].join("\n"));
  return second === undefined ? 2 : 0;
}

const overviewEnd = `npx orrery COMMAND --help explains a command or lists those of a group; --version prints the version.`;

async function summary(files: ReadonlyMap<string, string>, name: string): Promise<string> {
  const file = files.get(name);
  return file === undefined ? groupSummary(name) : summaryOf(await loadCommand(file));
}
