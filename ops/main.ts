/** Day-2 commands: finds the one that is asked for, loads only it, and tells errors in one line. */
import { parseArgs } from "node:util";
import { type Entry, UsageError, type Values } from "./command.ts";

/** The systems that have day-2 commands, and what is done to a whole stack. */
const systems: Readonly<Record<string, () => Promise<{ readonly commands: Readonly<Record<string, Entry>> }>>> = {
  dials: () => import("./dials/commands.ts"),
  packit: () => import("./packit/commands.ts"),
  prow: () => import("./prow/commands.ts"),
  secrets: () => import("./moving/commands.ts"),
  state: () => import("./state/commands.ts"),
  thoth: () => import("./thoth/commands.ts"),
};

/** Those that are no system. */
const ofStack = ["secrets", "state"];

/** Commands for a whole stack that are one word. */
const whole: Readonly<Record<string, Entry>> = {
  adopt: { summary: "take over what runs already", load: () => import("./commands/adopt.ts") },
  deployer: {
    summary: "the rights that deploying a stack needs, to apply",
    load: () => import("./deployer/command.ts"),
  },
  doctor: { summary: "everything that a stack needs, looked at", load: () => import("./commands/doctor.ts") },
};

function overview(): string {
  return `Usage: npm run ops -- SYSTEM COMMAND [OPTIONS]

Systems: ${Object.keys(systems)
    .filter((name) => !ofStack.includes(name))
    .join(", ")}; and of a whole stack: ${ofStack.join(", ")}, ${Object.keys(whole).join(", ")}
npm run ops -- SYSTEM --help lists the commands of a system, npm run ops -- SYSTEM COMMAND --help explains one.`;
}

function commandList(system: string, commands: Readonly<Record<string, Entry>>): string {
  const width = Math.max(...Object.keys(commands).map((name) => name.length));
  const lines = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`);
  return `Usage: npm run ops -- ${system} COMMAND [OPTIONS]

${lines.join("\n")}

npm run ops -- ${system} COMMAND --help explains a command.`;
}

const isHelp = (word: string | undefined): boolean => word === undefined || word === "--help" || word === "-h";

async function dispatch([system, name, ...words]: readonly string[]): Promise<number> {
  if (isHelp(system) || system === undefined) {
    console.log(overview());
    return system === undefined ? 2 : 0;
  }
  const one = whole[system];
  if (one !== undefined) return call(one, name === undefined ? [] : [name, ...words]);
  const load = systems[system];
  if (load === undefined) {
    const known = [...Object.keys(systems), ...Object.keys(whole)].join(", ");
    throw new UsageError(`there is no system "${system}"; there are: ${known}`);
  }
  const { commands } = await load();
  if (isHelp(name) || name === undefined) {
    console.log(commandList(system, commands));
    return name === undefined ? 2 : 0;
  }
  const entry = commands[name];
  if (entry === undefined) {
    throw new UsageError(`${system} has no command "${name}"; it has: ${Object.keys(commands).join(", ")}`);
  }
  return call(entry, words);
}

async function call(entry: Entry, words: readonly string[]): Promise<number> {
  const { command } = await entry.load();
  const end = words.indexOf("--");
  const [own, rest] = end < 0 ? [words, []] : [words.slice(0, end), words.slice(end + 1)];
  const { values, positionals } = parseArgs({
    args: [...own],
    allowPositionals: true,
    options: { ...command.options, help: { type: "boolean", short: "h" } },
  });
  if (values.help === true) {
    console.log(command.help);
    return 0;
  }
  const typed = {
    ...values,
    configFile: (values as Readonly<Record<string, unknown>>)["config-file"],
  } as unknown as Values;
  return command.run({ values: typed, words: positionals, rest });
}

/** parseArgs' own errors are about how the command was called, too. */
function isUsage(error: unknown): boolean {
  return (
    error instanceof UsageError ||
    (error instanceof TypeError && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS"))
  );
}

/** Runs one command line and tells what went wrong. @returns the exit code */
export async function main(args: readonly string[]): Promise<number> {
  try {
    return await dispatch(args);
  } catch (error) {
    console.error(`ops: ${error instanceof Error ? error.message : String(error)}`);
    return isUsage(error) ? 2 : 1;
  }
}
