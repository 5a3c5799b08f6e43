/** The front of all command lines; `orrery.mjs` starts it with the project's own Node. */
import { exitOnBrokenPipe } from "../config/brokenPipe.ts";
import { main } from "./main.ts";

exitOnBrokenPipe();

process.exitCode = await main(process.argv.slice(2));
