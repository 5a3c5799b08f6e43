// Plain JavaScript, which any Node can read: an old one gets one line from here, as it cannot even parse a .ts file.
import { readFileSync } from "node:fs";

const { engines } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));

/** The oldest Node that runs the project, from package.json's `engines`, e.g. "22.18". */
export const oldestNode = engines.node.replace(">=", "");

/** Whether a version of Node cannot run the project. */
export function isTooOld(version = process.versions.node) {
  const [major, minor] = version.split(".").map(Number);
  const [oldestMajor, oldestMinor] = oldestNode.split(".").map(Number);
  return major < oldestMajor || (major === oldestMajor && minor < oldestMinor);
}

/** What somebody with an old Node reads. */
export function tooOldText(version = process.versions.node) {
  return `Node ${version} is too old: Orrery runs on Node ${oldestNode} or newer; install it, e.g. with "nvm install" here, or on Debian 12 with "npm run setup", which brings its own`;
}

/** Ends the process with one line if its Node is too old. */
export function assertNode() {
  if (!isTooOld()) return;
  console.error(`orrery: ${tooOldText()}`);
  process.exit(1);
}
