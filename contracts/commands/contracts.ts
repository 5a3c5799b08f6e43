/** `orrery contracts`. */
import { defineCommand } from "../../cli/command.ts";
import { schemas } from "../../components/registry.ts";
import { stackNames } from "../../config/stackFile.ts";
import { runProgram, stackConfig } from "../../review/evaluate/render.ts";
import { violations } from "../check/violations.ts";
import { loadContracts } from "../check/load.ts";

export const command = defineCommand({
  about: `Compares what the stacks declare with what the programs in their images read. Every container is compared with the contract of
its image in contracts/: variables, files, flags, ports, probes, folders, user, peers and permissions. Needs no cloud and no
passphrase. Prints a line per violation; exit code 1 if there is one.`,
  options: {
    stack: { type: "string", short: "s", value: "STACK", multiple: true, help: "only this stack (default: all)" },
    system: { type: "choice", choices: Object.keys(schemas), value: "NAME", help: "only this system" },
    json: { type: "boolean", help: "print JSON" },
  },
  async run({ stack: named, system, json }) {
    const contracts = loadContracts();
    const all: object[] = [];
    for (const stack of named.length > 0 ? named : stackNames()) {
      const { resources } = await runProgram({ stack, config: stackConfig(stack) });
      const found = violations(resources, contracts).filter((one) => system === undefined || one.system === system);
      all.push(...found.map((one) => ({ stack, ...one })));
      if (!json) for (const { where, problem } of found) console.log(`${stack}: ${where}: ${problem}`);
    }
    if (json) console.log(JSON.stringify(all, undefined, 2));
    else console.error(`${system === undefined ? `${contracts.length} contracts, ` : ""}${all.length} violations`);
    return all.length > 0 ? 1 : 0;
  },
});
