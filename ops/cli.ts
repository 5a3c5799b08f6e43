/** `npm run ops -- <system> <command>`. */
import { main } from "./main.ts";
import { endWithReader } from "../config/brokenPipe.ts";

endWithReader();

process.exitCode = await main(process.argv.slice(2));
