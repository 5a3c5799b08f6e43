/** `orrery callysto unban`. */
import { defineCommand } from "../../../cli/command.ts";
import { homeAccessOptions, setHomeAccess } from "../../lib/callysto/homeAccess.ts";

export const command = defineCommand({
  usage: "USER",
  about: "Opens a user's home that ban has closed. It becomes writable again.",
  options: homeAccessOptions,
  run: (values, [user]) => setHomeAccess(user, "open", values),
});
