// What mocha loads first, on any Node: one line for an old one, and compiled code is kept.
import { assertNode } from "../config/nodeVersion.mjs";

assertNode();
const { enableCompileCache } = await import("node:module");
enableCompileCache("node_modules/.cache/compile");
