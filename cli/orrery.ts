/** The front of all command lines; `orrery.mjs` loads it where Node is new enough. */
import { goOnWithoutReader } from "../config/brokenPipe.ts";
import { main } from "./main.ts";
import { removePassingFoldersAtTheEnd } from "./passingFolder.ts";

goOnWithoutReader();
removePassingFoldersAtTheEnd();

process.exitCode = await main(process.argv.slice(2));
