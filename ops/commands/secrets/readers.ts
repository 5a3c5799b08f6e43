/** `orrery secrets readers`. */
import { defineCommand } from "../../../cli/command.ts";
import { jsonOption, systemOption } from "../../lib/options.ts";
import { offlineConfig, readStackFile, secretsOf } from "../../../config/stackFile.ts";
import { schemas } from "../../../components/registry.ts";
import { runProgram } from "../../../review/evaluate/render.ts";
import { stackOf, stackOptions } from "../../lib/stack.ts";
import { readersOf } from "../../lib/secrets/usage.ts";

export const command = defineCommand({
  about: `Lists where each secret of a stack is stored, and who reads it there. The readers are workloads with the container that
gets it, accounts that a declared Role lets read it, guests, and the login of a cluster or cloud. Traced through the program with
samples, offline. The administrators of a namespace, node or guest and everyone who has the stack's passphrase can read it as well. No
secret is printed.

--json prints [{"key", "places": [{"where", "readers"}]}].`,
  options: { ...stackOptions, ...systemOption, ...jsonOption },
  async run(values) {
    const { name, file } = stackOf(values);
    const stack = readStackFile(file);
    const wanted = secretsOf(stack, Object.values(schemas));
    // Not the usual samples, of which some are alike: one secret would be taken for another.
    const config = offlineConfig(stack, (key) => wanted.get(key)?.sample("reader") ?? "");
    const { resources } = await runProgram({ stack: name, config });
    const { system } = values;
    const keys = [...wanted.keys()]
      .filter((key) => stack.entries.has(key))
      .filter((key) => system === undefined || key.startsWith(`${system}:`));
    const rows = readersOf(resources, config, keys);
    if (values.json) {
      console.log(JSON.stringify(rows, undefined, 2));
      return 0;
    }
    for (const { key, places } of rows) {
      console.log(places.length === 0 ? `${key}  is read by nothing in a cluster, cloud or guest` : key);
      for (const { where, readers } of places)
        console.log(`  ${where}: ${readers.join(", ") || "no workload of the program"}`);
    }
    return 0;
  },
});
