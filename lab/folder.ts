/** The folder of a lab, which `down --wipe` removes as root: nothing else may ever be taken for it. */
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { labLogin } from "../config/samples.ts";

const marker = ".orrery-lab";
/** In a folder whose removal has begun. */
const emptying = ".orrery-removing";

/**
 * Path of the lab's folder; an empty setting counts as unset.
 * @throws if the setting names the checkout, the home folder or the root, or a folder that holds one of them
 */
export function labFolder(setting: string | undefined, checkout: string): string {
  const dir = path.resolve(checkout, setting === undefined || setting === "" ? path.join(".lab", "main") : setting);
  const real = realPath(dir);
  const precious = [checkout, homedir(), process.cwd()].map(realPath).find((one) => `${one}/`.startsWith(`${real}/`));
  if (real === "/" || precious !== undefined) {
    throw new Error(
      `ORRERY_LAB is "${setting ?? ""}", which holds ${precious ?? "everything"}; name a folder for the lab alone`,
    );
  }
  return dir;
}

/** File of the lab's password. */
const passwordFile = (dir: string): string => path.join(dir, "password");

/** Whether a lab was started in the folder, and not removed since. */
export const hasLab = (dir: string): boolean => existsSync(passwordFile(dir)) && !existsSync(path.join(dir, emptying));

/** What to say where there is none. */
export const noLab = (dir: string): string => `there is no lab in ${dir}; start it: npm run lab -- up`;

/**
 * Password of the lab's OpenStack users and token of its Kubernetes API: `orrery-lab-` and 48 hexadecimal digits.
 * @throws if there is no lab
 */
export function readPassword(dir: string): string {
  try {
    return readFileSync(passwordFile(dir), "utf8").trim();
  } catch {
    throw new Error(noLab(dir));
  }
}

/** File of the first port of the lab; setup.mjs reads it, too. */
const portFile = (dir: string): string => path.join(dir, "first-port");

/** First port of the lab that was started there last, so that ORRERY_PORTS is said once; undefined where there was none. */
export const recordedPort = (dir: string): string | undefined =>
  existsSync(portFile(dir)) ? readFileSync(portFile(dir), "utf8").trim() : undefined;

/** Keeps it. */
export function recordPort(dir: string, firstPort: number): void {
  writeFileSync(portFile(dir), `${firstPort}\n`);
}

/** Where a lab's folder goes before it is removed, as half a lab would be taken for a whole one after an interruption. */
const removed = (dir: string): string => path.join(path.dirname(dir), `.${path.basename(dir)}.orrery-removed`);

/** Makes the folder, for this user alone, with the lab's mark and password. @throws if it holds something else */
export function createLabFolder(dir: string, checkout: string): void {
  // Of interrupted removals.
  rmSync(removed(dir), { recursive: true, force: true });
  if (existsSync(path.join(dir, emptying))) empty(dir);
  if (!isLab(dir, checkout) && existsSync(dir) && readdirSync(dir).length > 0) {
    throw new Error(`${dir} is not a lab's folder and is not empty; set ORRERY_LAB to another folder`);
  }
  mkdirSync(path.join(dir, "state"), { recursive: true, mode: 0o700 }); // where Pulumi keeps the stacks
  chmodSync(dir, 0o700);
  if (!existsSync(passwordFile(dir))) {
    writeFileSync(passwordFile(dir), `${labLogin}-${randomBytes(24).toString("hex")}\n`, { mode: 0o600 });
  }
  writeFileSync(path.join(dir, marker), "A lab of Orrery; npm run lab -- down --wipe removes this folder.\n");
}

/** Removes the folder with everything in it. @throws if no lab was ever made there */
export function removeLabFolder(dir: string, checkout: string): void {
  if (existsSync(dir)) {
    if (!isLab(dir, checkout))
      throw new Error(`${dir} is not a lab's folder (it has no ${marker}); nothing was removed`);
    rmSync(removed(dir), { recursive: true, force: true });
    moveAside(dir);
  }
  rmSync(removed(dir), { recursive: true, force: true });
}

/** Takes a lab's folder away from its place at once, or, where it cannot be moved, empties it so that an interruption is seen. */
function moveAside(dir: string): void {
  try {
    renameSync(dir, removed(dir));
  } catch (error) {
    // The root of a disk stays where it is, and so does what a container's image has.
    if (!(error instanceof Error && "code" in error && ["EBUSY", "EXDEV"].includes(String(error.code)))) throw error;
    writeFileSync(path.join(dir, emptying), "");
    empty(dir);
  }
}

/** Removes what is in a lab's folder; what says that it is one, and is being emptied, goes last. */
function empty(dir: string): void {
  const last = [emptying, marker];
  const others = readdirSync(dir).filter((name) => !last.includes(name));
  for (const name of [...others, ...last]) rmSync(path.join(dir, name), { recursive: true, force: true });
}

/** Labs below the checkout's own folder for labs need no mark: nothing else is ever kept there. */
function isLab(dir: string, checkout: string): boolean {
  return existsSync(path.join(dir, marker)) || realPath(dir).startsWith(`${realPath(path.join(checkout, ".lab"))}/`);
}

/** Without links in the part of the path that exists. */
function realPath(dir: string): string {
  if (existsSync(dir)) return realpathSync(dir);
  const parent = path.dirname(dir);
  return parent === dir ? dir : path.join(realPath(parent), path.basename(dir));
}
