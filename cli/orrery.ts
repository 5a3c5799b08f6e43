/** The front of all command lines; `orrery.mjs` loads it where Node is new enough. */
import { exitOnBrokenPipe } from "../config/brokenPipe.ts";
import { main } from "./main.ts";

exitOnBrokenPipe();

process.exitCode = await main(process.argv.slice(2));
