/** `orrery thoth registration`. */
import { thothSchema } from "../../../components/thoth/config.ts";
import { defineCommand } from "../../../cli/command.ts";
import { notes } from "../../lib/thoth/registration.ts";
import { jsonOption } from "../../lib/options.ts";
import { openStack, stackOptions } from "../../lib/stack.ts";

export const command = defineCommand({
  about: `Lists the keys that a stack uses, where each is registered and the command that sets it. Replace keys only when it is necessary:
create the new one, set it in every stack that uses it, npx pulumi up, and only then revoke the old one; and inform the team.`,
  options: { ...stackOptions, ...jsonOption },
  run(values) {
    const { name, settings } = openStack(thothSchema, values);
    const found = notes(name, settings);
    const lines = found.map(({ key, description, registered, legacySource, set }) =>
      [key, `  ${description}`, `  registered: ${registered}`, `  formerly:   ${legacySource}`, `  ${set}`].join("\n"),
    );
    console.log(values.json ? JSON.stringify(found, undefined, 2) : lines.join("\n\n"));
    return 0;
  },
});
