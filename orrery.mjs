#!/usr/bin/env node
// `npx orrery`: plain JavaScript for any Node from 20, which starts the command line with the project's own Node.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.dirname(fileURLToPath(import.meta.url));
const bin = path.join(root, "node_modules", ".bin");
const node = path.join(bin, "node");
if (!existsSync(node)) {
  console.error(`orrery: ${root} has no node_modules; run npm ci --ignore-scripts there first (or npm run setup)`);
  process.exit(1);
}
const child = spawn(node, [path.join(root, "cli", "orrery.ts"), ...process.argv.slice(2)], {
  stdio: "inherit",
  env: { ...process.env, PATH: `${bin}${path.delimiter}${process.env.PATH ?? ""}` },
});
// A terminal's Ctrl-C reaches the child too; what another program sends only reaches this process.
process.on("SIGINT", () => process.stdin.isTTY || child.kill("SIGINT"));
for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.on("error", (error) => {
  console.error(`orrery: ${node} cannot be started: ${error.message}`);
  process.exit(1);
});
child.on("exit", (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
