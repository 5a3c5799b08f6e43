/** `orrery callysto status`. */
import { defineCommand } from "../../../cli/command.ts";
import { environmentOptions, openEnvironment } from "../../lib/callysto/environment.ts";
import { hubStatus } from "../../lib/callysto/status.ts";
import { jsonOption } from "../../lib/options.ts";

export const command = defineCommand({
  about: `Shows what runs on a hub and what is wrong. Prints which units run, the state of the homes' pool, the number of homes and
servers, how long the certificate is valid and whether a reboot is due. Exit code 1 if anything is wrong. Changes nothing.`,
  options: { ...environmentOptions, ...jsonOption },
  async run(values) {
    const { host, facts, odd } = await hubStatus(openEnvironment(values, "hub"));
    if (values.json) {
      console.log(JSON.stringify({ host, facts, odd }, undefined, 2));
    } else {
      console.log(host);
      for (const [name, value] of Object.entries(facts)) console.log(`  ${name.padEnd(30)} ${value}`);
      for (const one of odd) console.log(`WRONG: ${one}`);
    }
    return odd.length === 0 ? 0 : 1;
  },
});
