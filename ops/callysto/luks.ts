/** The workstation's encrypted volume. Its passphrase is typed or piped in, and goes to the guest's standard input only. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { workVolumeCommand } from "../../components/callysto/guest/workVolume.ts";
import { type Command, UsageError } from "../command.ts";
import { environmentHelp, environmentOptions, openEnvironment, reach } from "./environment.ts";

const verbs = ["format", "open", "close", "status"];

/** A passphrase from the terminal without showing it, or the first line of standard input. */
function passphrase(twice: boolean): string {
  if (!process.stdin.isTTY) return readFileSync(0, "utf8").split("\n")[0] ?? "";
  const asked = (prompt: string): string => {
    const script = `read -rsp '${prompt}: ' line </dev/tty && echo >/dev/tty && printf %s "$line"`;
    return spawnSync("bash", ["-c", script], { stdio: ["inherit", "pipe", "inherit"], encoding: "utf8" }).stdout;
  };
  const first = asked("Passphrase");
  if (twice && asked("Again") !== first) throw new UsageError("the two passphrases differ");
  return first;
}

export const command: Command = {
  help: `Usage: npm run ops -- callysto luks format|open|close|status --stack S [--environment E] [--dry-run]

format encrypts the workstation's work volume (LUKS2), makes ext4 on it, opens it as "work" and mounts it at
/home/ptty2u/work, owned by ptty2u; it refuses a volume that holds anything. open does the last two steps after a reboot,
close undoes them. The passphrase is asked for, or read from standard input; nobody can get the data back without it, so
keep it in the team's password safe first.

${environmentHelp}
  --dry-run          change nothing, say what would change`,
  options: { ...environmentOptions, "dry-run": { type: "boolean" } },
  async run({ values, words: [verb, ...more] }) {
    if (verb === undefined || !verbs.includes(verb) || more.length > 0) {
      throw new UsageError(`say luks ${verbs.join(", luks ")}`);
    }
    const clavius = await reach(openEnvironment(values, "clavius"));
    if (verb === "status" || values["dry-run"] === true) {
      const state = (await clavius.run(`${workVolumeCommand} status`)).trim();
      console.log(verb === "status" ? state : `the volume is ${state}; would ${verb} it`);
      if (verb === "format" && state !== "blank") throw new Error("only a blank volume is formatted");
      return 0;
    }
    const needs = verb === "format" || verb === "open";
    const input = needs ? `${passphrase(verb === "format")}\n` : "";
    console.log((await clavius.run(`${workVolumeCommand} "$1"`, [verb], input)).trim());
    return 0;
  },
};
