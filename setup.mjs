// Entry of `npm start`, `npm test` and `npm run setup`. Plain JavaScript for any Node from 18, because it runs before
// anything is installed: it checks what a machine must have, installs node_modules, a Node where the machine's is too old,
// and hands over.
import { spawn, spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { machineProblems, systemProblem } from "./config/machine.mjs";
import { isTooOld } from "./config/nodeVersion.mjs";

const root = path.dirname(fileURLToPath(import.meta.url));
const cache = path.resolve(process.env.ORRERY_CACHE ?? path.join(homedir(), ".cache", "orrery"));
const help = `Usage: npm start | npm test | npm run setup

  npm start        sets up what is missing, brings up the lab, runs pulumi up --stack test on it;
                   npm start -- --fake-nodes runs no containers, on a new lab
  npm test         sets up what is missing, runs the unit tests and the live tests on a lab of their own;
                   npm test -- NAME ... runs only test/live/NAME.test.ts
  npm run setup    sets up what is missing and stops

Settings (environment): ORRERY_PORTS first of 100 ports (those the lab had, else 15000), ORRERY_LAB state folder (.lab/main),
ORRERY_CACHE folder of what is built once per machine (~/.cache/orrery).`;

/** Ports from `first` on, 100 of them, that somebody listens on. */
function takenPorts(first) {
  const taken = new Set();
  for (const table of ["tcp", "tcp6"]) {
    for (const line of readFileSync(`/proc/net/${table}`, "utf8").split("\n").slice(1)) {
      const [, local, , state] = line.trim().split(/\s+/);
      const port = Number.parseInt(local?.split(":")[1] ?? "0", 16);
      if (state === "0A" && port >= first && port < first + 100) taken.add(port);
    }
  }
  return [...taken].sort();
}

/** Whether a lab of this checkout left pid files there: then the ports are its own. */
const labRuns = (dir) =>
  existsSync(path.join(dir, "run")) && readdirSync(path.join(dir, "run")).some((f) => f.endsWith(".pid"));

/** Folder of the lab of `npm start`. */
const labDir = () => path.resolve(root, process.env.ORRERY_LAB ?? ".lab/main");

/** First port of the lab: as set, as it was when the lab was started last (lab/folder.ts), or the usual one. */
function firstPort() {
  const recorded = path.join(labDir(), "first-port");
  return Number(process.env.ORRERY_PORTS ?? (existsSync(recorded) ? readFileSync(recorded, "utf8") : 15000));
}

/** Everything that this machine lacks, a sentence each. */
function unmetRequirements() {
  const system = systemProblem();
  if (system !== undefined) return [system];
  const built =
    existsSync(cache) &&
    readdirSync(cache).some((f) => f.startsWith("toolchain-") && existsSync(path.join(cache, f, "complete")));
  const problems = machineProblems([cache, root], built);
  const taken = takenPorts(firstPort());
  if (taken.length > 0 && !labRuns(labDir())) {
    problems.push(
      `Port ${taken.join(", ")} is taken by another program (another checkout's lab?): stop it, or set ORRERY_PORTS to another multiple of 100, e.g. ORRERY_PORTS=16000.`,
    );
  }
  return problems;
}

/** Whether npm has put all packages of package-lock.json into node_modules; its own list there is the last that it writes. */
function modulesInstalled() {
  const list = path.join(root, "node_modules", ".package-lock.json");
  if (!existsSync(list)) return false;
  const packagesOf = (file) => JSON.parse(readFileSync(file, "utf8")).packages;
  const found = packagesOf(list);
  // What is optional belongs to other platforms, unless it names this one.
  const unneeded = ({ optional, os, cpu, libc }) =>
    optional && !(os?.includes(process.platform) && cpu?.includes(process.arch) && !libc?.includes("musl"));
  return Object.entries(packagesOf(path.join(root, "package-lock.json"))).every(
    ([folder, wanted]) => folder === "" || unneeded(wanted) || found[folder]?.version === wanted.version,
  );
}

/** node_modules as package-lock.json wants it. */
function installModules() {
  if (modulesInstalled()) return;
  console.error("installing node_modules (about half a minute) ...");
  npmInstall(root);
}

/** `npm ci` in a folder. Install scripts would only download what is built or pinned here; without them nothing foreign runs. */
function npmInstall(cwd) {
  const words = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  if (spawnSync("npm", words, { cwd, stdio: ["ignore", 2, 2] }).status === 0) return;
  fail(["npm ci failed (its message is above); check the connection to the npm registry and run the command again."]);
}

/**
 * The Node that runs the project: this one, or where it is too old the one of lab/ownNode, once per machine. That one is
 * linked into node_modules/.bin, where npm's scripts and npx find it before the machine's.
 */
function fittingNode() {
  // A new node_modules has lost the link that this process may have been started by.
  const own = process.execPath.startsWith(path.join(cache, "node-"));
  if (!isTooOld() && !own) return process.execPath;
  const lock = path.join(root, "lab", "ownNode");
  const { dependencies } = JSON.parse(readFileSync(path.join(lock, "package.json"), "utf8"));
  const [[name, version]] = Object.entries(dependencies);
  const folder = path.join(cache, `node-${version}`);
  const program = path.join(folder, "node_modules", name, "bin", "node");
  if (!existsSync(program)) {
    console.error(`Node ${process.versions.node} is too old: installing ${version} into ${folder} ...`);
    mkdirSync(cache, { recursive: true });
    const partial = mkdtempSync(`${folder}.`);
    cpSync(lock, partial, { recursive: true });
    npmInstall(partial);
    rmSync(folder, { recursive: true, force: true });
    renameSync(partial, folder);
  }
  const link = path.join(root, "node_modules", ".bin", "node");
  rmSync(link, { force: true });
  symlinkSync(program, link);
  return link;
}

function fail(problems) {
  for (const problem of problems) console.error(problem);
  process.exit(1);
}

const [command, ...rest] = process.argv.slice(2);
if (!["start", "test", "setup"].includes(command) || rest.includes("--help")) {
  (rest.includes("--help") || command === "--help" ? console.log : console.error)(help);
  process.exit(rest.includes("--help") || command === "--help" ? 0 : 2);
}
if (command === "test") {
  // The live tests have a lab of their own, so that what `npm start` deployed stays as it is.
  process.env.ORRERY_PORTS = String(firstPort() + 100);
  process.env.ORRERY_LAB = `${process.env.ORRERY_LAB ?? ".lab/main"}-test`;
}
const problems = unmetRequirements();
if (problems.length > 0) fail(problems);
installModules();
const bin = path.join(root, "node_modules", ".bin");
// Node keeps what it compiled, which saves a third of its own start; tests begin without, as a fresh clone does.
const compiled = command === "start" ? { NODE_COMPILE_CACHE: path.join(root, "node_modules", ".cache", "node") } : {};
const child = spawn(fittingNode(), ["cli/orrery.ts", "lab", command, ...rest], {
  cwd: root,
  stdio: "inherit",
  env: { ...compiled, ...process.env, PATH: `${bin}:${process.env.PATH}` },
});
// npm's signals arrive here because package.json execs this program: a shell between would die of them alone.
// The child knows how to end in good order: tell it, and wait. It takes a Ctrl-C of the terminal, which it gets twice, as one.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.on("exit", (status) => process.exit(status ?? 1));
