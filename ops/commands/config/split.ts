/** `orrery config split`. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { defineCommand } from "../../../cli/command.ts";
import { replaceFiles } from "../../../config/replaceFile.ts";
import { readStackFile, stackPath } from "../../../config/stackFile.ts";
import { decide } from "../../lib/decision/decide.ts";
import { dryRunOption } from "../../lib/options.ts";
import { confirm } from "../../lib/prompt.ts";
import { discard, makeStack, move, splitValues, stacksInBackend } from "../../lib/split/moves.ts";
import {
  joined,
  type Part,
  partOf,
  partsOf,
  systemsOf,
  withOnlySystems,
  withoutSystems,
} from "../../lib/split/systemStacks.ts";

interface Source {
  readonly name: string;
  readonly file: string;
}

/** @throws if a stack or a file of a part's name is there already: it is somebody's own */
function assertFree(parts: readonly Part[], known: readonly string[]): void {
  const taken = [
    ...parts.filter(({ stack }) => known.includes(stack)).map(({ stack }) => `stack ${stack}`),
    ...parts.filter(({ file }) => existsSync(file)).map(({ file }) => path.basename(file)),
  ];
  if (taken.length > 0) throw new Error(`there is ${taken.join(", ")} already: nothing was changed`);
}

async function split(source: Source, parts: readonly Part[]): Promise<number> {
  const known = await stacksInBackend(source);
  assertFree(parts, known);
  if (!known.includes(source.name)) throw new Error(`the backend has no stack ${source.name}: nothing was changed`);
  const before = readFileSync(source.file, "utf8");
  const files = parts.map(({ file, system }) => ({
    file,
    before: undefined,
    text: withOnlySystems(source.file, [system]),
  }));
  const task = { kind: "stack split", values: splitValues(source, parts) } as const;
  return decide(source, { command: "config split", task }, (decision) =>
    decision.shield(async () => {
      decision.change({ before, text: withoutSystems(source.file) });
      replaceFiles(files);
      for (const part of parts) {
        await makeStack(part);
        const moved = await move(part.system, source, { name: part.stack, file: part.file });
        console.error(`${part.stack}: ${moved ? "has its system now" : "is empty, as the system is not deployed"}`);
      }
      return 0;
    }),
  );
}

async function join(source: Source, parts: readonly Part[]): Promise<number> {
  const known = await stacksInBackend(source);
  const missing = parts.filter(({ stack }) => !known.includes(stack)).map(({ stack }) => stack);
  if (missing.length > 0) throw new Error(`the backend has no stack ${missing.join(", ")}: nothing was changed`);
  const before = readFileSync(source.file, "utf8");
  const text = joined(source.file, parts);
  const task = { kind: "stack join", values: splitValues(source, parts) } as const;
  const code = await decide(source, { command: "config split --back", task }, (decision) =>
    decision.shield(async () => {
      decision.change({ before, text });
      for (const part of parts) {
        await move(part.system, { name: part.stack, file: part.file }, source);
        console.error(`${source.name}: has ${part.system} again`);
      }
      return 0;
    }),
  );
  // From here on the stack has everything; what was not removed yet is removed by another run.
  if (code === 0) for (const part of parts) await discard(part, source, known.includes(part.stack));
  return code;
}

export const command = defineCommand({
  about: `Makes a stack a system out of a stack with several: prod becomes prod-dials, prod-packit and so on. Each gets a file of its own with the
same passphrase, and the engine moves the state; nothing in the clouds changes, and the next preview of each is empty. The file of the old
stack keeps clusters and clouds only: remove it when all is well. If it is interrupted, the next command takes everything back. --back makes
one stack of them again. Only for stacks with a passphrase.`,
  options: {
    stack: {
      type: "string",
      short: "s",
      value: "S",
      required: true,
      help: "the stack with several systems: reads Pulumi.S.yaml",
    },
    back: { type: "boolean", help: "bring the systems back into the stack, and remove the others" },
    yes: { type: "boolean", help: "do not ask" },
    ...dryRunOption,
  },
  async run({ stack: name, back, yes, dryRun }) {
    const source = { name, file: stackPath(name) };
    const { provider } = readStackFile(source.file);
    if (provider !== undefined) {
      throw new Error(
        `stack ${name} is encrypted by ${provider}, and only stacks with a passphrase are split: change to one first, npx orrery secrets passphrase --stack ${name}; nothing was changed`,
      );
    }
    const systems = systemsOf(source.file);
    const parts = back ? partsOf(name) : systems.map((system) => partOf(name, system));
    if (back ? parts.length === 0 : systems.length < 2) {
      throw new Error(
        back
          ? `there is no Pulumi.${name}-SYSTEM.yaml: ${name} was not split`
          : `Pulumi.${name}.yaml names ${systems.length === 0 ? "no system" : `only ${systems.join("")}`}: there is nothing to split`,
      );
    }
    const list = parts.map(({ stack }) => stack).join(", ");
    const what = back ? `bring ${list} back into ${name}` : `split ${name} into ${list}`;
    if (dryRun) {
      console.log(`would ${what}`);
      return 0;
    }
    if (!(await confirm(`${what}? Nothing in the clouds changes.`, yes))) {
      console.error("nothing was changed");
      return 1;
    }
    const code = await (back ? join(source, parts) : split(source, parts));
    if (code !== 0) return code;
    const [first = name] = back ? [name] : parts.map(({ stack }) => stack);
    console.log(`next: npx pulumi preview --stack ${first} --expect-no-changes${back ? "" : ", and so on for each"}`);
    if (!back) {
      console.log("deploy nothing from the main branch until it has the new files: docs/stacks.md says how");
      console.log(`when all is well: npx pulumi stack rm ${name} --force, and git rm ${path.basename(source.file)}`);
    }
    return 0;
  },
});
