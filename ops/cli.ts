/** `npm run ops -- <system> <command>`. */
import { main } from "./main.ts";
import { exitOnBrokenPipe } from "../config/brokenPipe.ts";

exitOnBrokenPipe();

process.exitCode = await main(process.argv.slice(2));
