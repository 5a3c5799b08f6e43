/** `npm run lab -- ...`, and the second half of `npm start` and `npm test`, after set-up. */
import { parseArgs } from "node:util";
import { down, health, install, up } from "./lab.ts";
import { s3Env } from "./openstack/objectStore.ts";
import { applyStack, environment, exportLines, type Run } from "./pulumi.ts";
import { labSettings } from "./settings.ts";
import { runTests } from "./tests.ts";
import { toolchainFolders } from "./toolchain/toolchain.ts";
import { summary } from "./summary.ts";
import { exitOnBrokenPipe } from "../config/brokenPipe.ts";

exitOnBrokenPipe();

const help = `Usage: npm run lab -- COMMAND

  up              starts OpenStack, Kubernetes and the machines; quick if they are running
  down [--wipe]   stops them; --wipe also removes their data and the stacks' state
  status [--json] prints the health of every service; exit code 1 if one is unhealthy
  env [--s3]      prints exports for your shell: eval "$(npm run --silent lab -- env)"; --s3: keeps
                  Pulumi's state in the lab's Swift (S3 API) instead of a folder
  reset           down --wipe, then up: two empty clouds
  apply STACK     runs pulumi up for that stack, retargeted to the lab
  destroy STACK   runs pulumi destroy for it
  preview STACK   runs pulumi preview for it

Settings (environment): ORRERY_PORTS first of 100 ports (15000), ORRERY_LAB state folder (.lab/main),
ORRERY_CACHE cache folder for downloads and builds (~/.cache/orrery).`;

/** The commands above, and those that `setup.mjs` runs. */
const commands = ["up", "down", "status", "env", "reset", "apply", "destroy", "preview", "setup", "start", "test"];

const began = Date.now();

/** One line of progress, with the seconds since the command began. */
function log(line: string): void {
  console.error(`${((Date.now() - began) / 1000).toFixed(1).padStart(7)} s  ${line}`);
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      help: { type: "boolean" },
      json: { type: "boolean" },
      s3: { type: "boolean" },
      wipe: { type: "boolean" },
    },
  });
  const [command, stack] = positionals;
  if (values.help === true || command === undefined) {
    console.log(help);
    return values.help === true ? 0 : 2;
  }
  if (!commands.includes(command)) {
    throw new Error(`"${command}" is not a command of the lab; npm run lab -- --help lists them`);
  }
  if (["apply", "destroy", "preview"].includes(command) && stack === undefined) {
    throw new Error(`name the stack: npm run lab -- ${command} test`);
  }
  const lab = labSettings();
  // Stopping and asking for the status install nothing.
  const toolchain = ["down", "status"].includes(command) ? toolchainFolders() : await install(log);
  const run: Run = { lab, toolchain, log };
  switch (command) {
    case "setup":
      log("set-up is complete; next: npm start");
      return 0;
    case "start": {
      await up(lab, toolchain, log);
      const status = await applyStack("up", "test", run);
      if (status === 0) console.log(await summary(run));
      return status;
    }
    case "test":
      return runTests(run, positionals.slice(1));
    case "up":
      await up(lab, toolchain, log);
      log('the lab is up; next: eval "$(npm run --silent lab -- env)"');
      return 0;
    case "down":
      await down(lab, toolchain, values.wipe === true);
      return 0;
    case "reset":
      await down(lab, toolchain, true);
      await up(lab, toolchain, log);
      return 0;
    case "status": {
      const rows = await health(lab, toolchain);
      console.log(
        values.json === true
          ? JSON.stringify(rows, undefined, 2)
          : rows.map((row) => `${row.healthy ? "ok  " : "DOWN"}  ${row.name.padEnd(18)} ${row.detail}`).join("\n"),
      );
      return rows.every((row) => row.healthy) ? 0 : 1;
    }
    case "env":
      console.log(exportLines({ ...environment(run, "test"), ...(values.s3 === true ? await s3Env(lab) : {}) }));
      return 0;
    case "destroy":
    case "preview":
      return await applyStack(command, stack ?? "", run);
    default:
      return await applyStack("up", stack ?? "", run);
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
