// Plain JavaScript, so that any Node can read it: `node ci/run.mjs NAME ...` starts ci/NAME.ts, and an old Node gets one line. No packages needed.
import { readdirSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { assertNode } from "../config/nodeVersion.mjs";

assertNode();
const folder = import.meta.dirname;
const names = readdirSync(folder).flatMap((file) => (file.endsWith(".ts") ? [path.basename(file, ".ts")] : []));
const [name = "", ...words] = process.argv.slice(2);
// What scripts import is no script.
const scripts = names.filter((one) => !["github", "redact"].includes(one));
if (!scripts.includes(name)) {
  console.error(`Usage: node ci/run.mjs ${scripts.join("|")} ...; a script without words says what it takes`);
  process.exit(1);
}
const script = path.join(folder, `${name}.ts`);
process.argv.splice(1, process.argv.length - 1, script, ...words);
await import(pathToFileURL(script).href);
