/** The workstation's encrypted volume. Its passphrase is typed or piped in, and is only written to the guest's standard input. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { childEnvironment } from "../../../config/childEnvironment.ts";
import { workVolumeCommand } from "../../../components/callysto/guest/workVolume.ts";
import { defineCommand } from "../../../cli/command.ts";
import { UsageError } from "../../../cli/usage.ts";
import { dryRunOption } from "../../lib/options.ts";
import { environmentOptions, openEnvironment, reach } from "../../lib/callysto/environment.ts";

/** A passphrase from the terminal without showing it, or the first line of standard input. */
function passphrase(twice: boolean): string {
  if (!process.stdin.isTTY) return readFileSync(0, "utf8").split("\n")[0] ?? "";
  const asked = (prompt: string): string => {
    const script = `IFS= read -rsp '${prompt}: ' line </dev/tty && echo >/dev/tty && printf %s "$line"`;
    return spawnSync("bash", ["-c", script], {
      env: childEnvironment("bash"),
      stdio: ["inherit", "pipe", "inherit"],
      encoding: "utf8",
    }).stdout;
  };
  const first = asked("Passphrase");
  if (twice && asked("Again") !== first) throw new UsageError("the two passphrases differ");
  return first;
}

export const command = defineCommand({
  usage: "format|open|close|status",
  about: `Formats, opens and closes the workstation's encrypted volume. format encrypts the work volume (LUKS2), creates ext4 on
it, opens it as "work" and mounts it at /home/ptty2u/work, owned by ptty2u; a volume that is not blank is refused. open repeats
the last two steps after a reboot, close undoes them. The passphrase is asked for, or read from standard input. Without it the
data is lost, so store it in the team's password safe first.`,
  options: { ...environmentOptions, ...dryRunOption },
  async run(values, [verb]) {
    const clavius = await reach(openEnvironment(values, "clavius"));
    if (verb === "status" || values.dryRun) {
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
});
