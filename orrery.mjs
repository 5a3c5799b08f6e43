#!/usr/bin/env node
// The front of all command lines: plain JavaScript, so that any Node can read it.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { assertNode, isTooOld } from "./config/nodeVersion.mjs";

const root = path.dirname(fileURLToPath(import.meta.url));
const modules = path.join(root, "node_modules");
if (!existsSync(modules)) {
  console.error(`orrery: ${root} has no node_modules; run "npm ci --ignore-scripts" there first`);
  process.exit(1);
}
const bin = path.join(modules, ".bin");
process.env.PATH = `${bin}${path.delimiter}${process.env.PATH ?? ""}`;
const own = path.join(bin, "node");
if (isTooOld() && existsSync(own)) {
  // The Node that the lab's setup brought.
  const child = spawn(own, [path.join(root, "orrery.mjs"), ...process.argv.slice(2)], { stdio: "inherit" });
  // A terminal's Ctrl-C reaches the child too; what another program sends only reaches this process.
  process.on("SIGINT", () => process.stdin.isTTY || child.kill("SIGINT"));
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    console.error(`orrery: ${own} cannot be started: ${error.message}`);
    process.exit(1);
  });
  child.on("exit", (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
} else {
  assertNode();
  // Compiled code is kept, also for the processes that this starts.
  process.env.NODE_COMPILE_CACHE ??= path.join(modules, ".cache", "compile");
  (await import("node:module")).enableCompileCache(process.env.NODE_COMPILE_CACHE);
  await import("./cli/orrery.ts");
}
