/** Who can read a stack's secrets, and where: from the program's own objects. */
import { type Command, text } from "../command.ts";
import { offlineConfig, readStackFile, secretsOf } from "../../config/stackFile.ts";
import { schemas } from "../../components/registry.ts";
import { runProgram } from "../../review/render.ts";
import { stackHelp, stackOf, stackOptions } from "../lib/stack.ts";
import { readersOf } from "./secretPlaces.ts";

export const command: Command = {
  help: `Usage: npm run ops -- secrets readers --stack S [--system NAME] [--json]

Tells of every secret that the stack has where it comes to lie and who reads it there: workloads with the container that gets
it, accounts that a declared Role lets read it, guests, and the login of a cluster or cloud. Followed through the program with samples,
offline. Whoever administers a namespace, a node or a guest, and whoever has the stack's passphrase, reads it as well. No text is told.

${stackHelp}
  --system NAME      only this system's secrets
  --json             [{"key", "places": [{"where", "readers"}]}]`,
  options: { ...stackOptions, system: { type: "string" }, json: { type: "boolean" } },
  async run({ values }) {
    const { name, file } = stackOf(values);
    const stack = readStackFile(file);
    const wanted = secretsOf(stack, Object.values(schemas));
    // Not the usual samples, of which some are alike: one secret would be taken for another.
    const config = offlineConfig(stack, (key) => wanted.get(key)?.sample("reader") ?? "");
    const { resources } = await runProgram({ stack: name, config });
    const system = text(values, "system");
    const keys = [...wanted.keys()]
      .filter((key) => stack.entries.has(key))
      .filter((key) => system === undefined || key.startsWith(`${system}:`));
    const rows = readersOf(resources, config, keys);
    if (values.json === true) {
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
};
