/** Stand-ins: an image for each contract whose program is in no package. It has the contract, and links to the program that checks it. */
import { chmod, chown, cp, mkdir, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Contract } from "../../contracts/check/format.ts";
import { imagesOf } from "../../contracts/check/load.ts";
import { type Reading, readingOf } from "../../contracts/check/situation.ts";
import { runToFile } from "../process.ts";
import type { Answer } from "./catalogue.ts";
import type { ImageConfig, Layer, LayoutWriter } from "./layout.ts";
import { searchPath } from "./recipes.ts";

/** Raise it when what {@link addStandIn} writes changes. */
export const standInRevision = 2;

/** Program of the base image that checks contracts. */
const checkerPlace = "/usr/bin/standin";
/** Where it finds the contract. */
export const contractFile = "/etc/orrery/contract.json";
/** Commands that are on the PATH in bash only, and the file by which bash finds them. */
const bashOnly = "/opt/bash-only";
const bashFile = "/etc/orrery/bash_env";
/** Label of a stand-in's image: the image in whose place it is. */
const standInLabel = "orrery.lab/stand-in-for";

/** What a stand-in reads from its image: the contract, each program with the common parts. */
export function standInContract(contract: Contract): object {
  const names = Object.keys(contract.programs ?? { "": {} });
  return {
    image: imagesOf(contract).join(", "),
    about: contract.about,
    entry: contract.entry.command,
    programs: names.map((name) => ({
      name,
      when: contract.programs?.[name]?.when ?? {},
      ...heard(readingOf(contract, name)),
    })),
  };
}

/** Without the ports on which the real program does not listen. */
function heard(reading: Reading): Reading {
  const ports = Object.entries(reading.ports ?? {}).filter(([, { silent }]) => silent !== true);
  return { ...reading, ports: Object.fromEntries(ports) };
}

/**
 * Adds the image of a stand-in.
 * @param base - layers below its own
 * @param root - empty folder for its own layer
 * @param checker - the base's program that checks contracts, on this machine
 * @param log - for the output of commands
 */
export async function addStandIn(
  { contract: { contract }, names }: Answer,
  base: readonly Layer[],
  root: string,
  layout: LayoutWriter,
  checker: string,
  log: string,
): Promise<void> {
  const commands = commandsOf(contract);
  // Another user than root holds a capability only if the program's file grants it.
  const granted =
    userOf(contract) === 0 ? [] : (contract.capabilities ?? []).map((name) => `cap_${name.toLowerCase()}`);
  await write(root, contractFile, JSON.stringify(standInContract(contract)));
  await write(root, bashFile, `PATH=${bashOnly}:$PATH\n`);
  await makeFolders(contract, root);
  for (const [command, shell] of commands) {
    const file = inside(root, placeOf(command, shell));
    await mkdir(path.dirname(file), { recursive: true });
    if (granted.length === 0) await symlink(checkerPlace, file);
    else {
      await cp(checker, file);
      await runToFile("setcap", [`${granted.join(",")}=+ep`, file], log);
    }
  }
  const config: ImageConfig = {
    ...(contract.entry.command.length > 0 ? { Entrypoint: contract.entry.command } : {}),
    User: String(userOf(contract)),
    // The base's real tools win over links of the same name.
    Env: [`${searchPath}:/opt/commands`, `BASH_ENV=${bashFile}`],
    WorkingDir: "/",
    Labels: { [standInLabel]: imagesOf(contract).join(", ") },
  };
  await layout.addImage([...base, await layout.addLayer(root)], config, names);
}

/** Commands that workloads may call in the image, with the only shell that finds them, if there is one. */
function commandsOf(contract: Contract): ReadonlyMap<string, string | undefined> {
  const all = [contract, ...Object.values(contract.programs ?? {})].flatMap(({ commands }) =>
    Object.entries(commands ?? {}),
  );
  const [entry] = contract.entry.command;
  const found = new Map<string, string | undefined>(all.map(([name, { shell }]) => [name, shell]));
  if (entry !== undefined && !found.has(entry)) found.set(entry, undefined);
  return found;
}

/** Where a command is: an absolute path, one relative to the image's working folder, or a folder of the PATH. */
function placeOf(command: string, shell: string | undefined): string {
  if (command.includes("/")) return path.posix.join("/", command);
  return `${shell === "bash" ? bashOnly : "/opt/commands"}/${command}`;
}

/** A path of the image in the folder of a layer; the base has /bin, /sbin and /lib below /usr. */
function inside(root: string, file: string): string {
  return path.join(root, file.replace(/^\/(bin|sbin|lib|lib64)(?=\/|$)/, "/usr/$1"));
}

async function write(root: string, file: string, text: string): Promise<void> {
  await mkdir(path.dirname(inside(root, file)), { recursive: true });
  await writeFile(inside(root, file), text);
}

/** Folders that the program writes into, for those users for whom the real image has made them. */
async function makeFolders(contract: Contract, root: string): Promise<void> {
  const user = userOf(contract);
  const writes = [contract, ...Object.values(contract.programs ?? {})].flatMap((one) => one.writes ?? []);
  const passwd = ["root:x:0:0::/root:/bin/bash", ...(user === 0 ? [] : [`app:x:${user}:0::/:/bin/bash`]), ""];
  await write(root, "/etc/passwd", passwd.join("\n"));
  for (const { path: folder, by = "any" } of writes) {
    const at = inside(root, folder);
    if (folder !== "/etc/passwd") await mkdir(at, { recursive: true });
    if (by === "any") await chmod(at, folder === "/etc/passwd" ? 0o666 : 0o1777);
    else if (by === "image") await chown(at, user, 0);
  }
  // A layer's folder replaces the mode of the base's.
  await mkdir(path.join(root, "tmp"), { recursive: true });
  await chmod(path.join(root, "tmp"), 0o1777);
}

function userOf({ user }: Contract): number {
  return user?.image === undefined || user.image === "root" ? 0 : user.image;
}
