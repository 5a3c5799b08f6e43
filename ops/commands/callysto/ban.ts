/** `orrery callysto ban`. */
import { defineCommand } from "../../../cli/command.ts";
import { homeAccessOptions, setHomeAccess } from "../../lib/callysto/homeAccess.ts";

export const command = defineCommand({
  usage: "USER",
  about: `Closes a user's home and stops the user's server. The home becomes read-only; a login by that name says that the home is
closed. Nothing in the home changes.`,
  options: homeAccessOptions,
  run: (values, [user]) => setHomeAccess(user, "closed", values),
});
