/** `orrery render` under the name by which `orrery review` finds it at any commit. */
import { main } from "../cli/main.ts";
import { goOnWithoutReader } from "../config/brokenPipe.ts";

goOnWithoutReader();

process.exitCode = await main(["render", ...process.argv.slice(2)]);
