// What the lab asks of a machine. Plain JavaScript for any Node from 18: setup.mjs asks it before anything is installed.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, statfsSync } from "node:fs";
import path from "node:path";

/** Gigabytes that the lab takes: until everything is built, and then. */
const room = { first: 25, built: 5 };

/** Gigabytes free where `folder` is or will be. */
function freeGigabytes(folder) {
  while (!existsSync(folder)) folder = path.dirname(folder);
  const { bavail, bsize } = statfsSync(folder);
  return (bavail * bsize) / 1e9;
}

/**
 * Why the lab cannot run on this system at all; undefined where it can.
 * `arch` and `release` (the text of /etc/os-release) are this machine's unless they are given.
 */
export function systemProblem(arch = process.arch, release = osRelease()) {
  const rest =
    "Everything but the lab runs here: npm ci --ignore-scripts, then npm run test:unit, npm run review, npx pulumi.";
  if (arch !== "x64") return `This machine is ${arch}: the lab runs on x86-64 only. ${rest}`;
  if (/^ID=debian$/m.test(release) && /^VERSION_ID="12"$/m.test(release)) return undefined;
  return `This is not Debian 12: the lab is made of its packages; run it on a Debian 12 machine or in the container of .devcontainer. ${rest}`;
}

/**
 * Everything that this machine lacks, a sentence each.
 * `folders`: where the checkout and the cache are or will be; `built`: whether the toolchain is there.
 */
export function machineProblems(folders, built) {
  const problems = [];
  if (process.getuid?.() !== 0)
    problems.push("You are not root: the lab installs packages and makes network namespaces; run it as root.");
  if (!built && !hasGo())
    problems.push("Go 1.26 is missing: the toolchain is built with it; put go 1.26 or newer on PATH.");
  const need = built ? room.built : room.first;
  for (const folder of new Set(folders)) {
    const free = freeGigabytes(folder);
    if (free < need)
      problems.push(
        `Only ${free.toFixed(1)} GB are free at ${folder}: ${need} GB are needed; make room or set ORRERY_CACHE.`,
      );
  }
  return problems;
}

const osRelease = () => (existsSync("/etc/os-release") ? readFileSync("/etc/os-release", "utf8") : "");

function hasGo() {
  const env = { ...process.env, GOTOOLCHAIN: "local" };
  const { stdout } = spawnSync("go", ["env", "GOVERSION"], { encoding: "utf8", env });
  const [, minor] = /^go1\.(\d+)/.exec(stdout ?? "") ?? [];
  return minor !== undefined && Number(minor) >= 26;
}
