/** `orrery render` under the name by which `orrery review` finds it at any commit. */
import { main } from "../cli/main.ts";
import { exitOnBrokenPipe } from "../config/brokenPipe.ts";

exitOnBrokenPipe();

process.exitCode = await main(["render", ...process.argv.slice(2)]);
