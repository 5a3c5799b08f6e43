/** The folder that artifacts are written to. It may be anybody's, e.g. a CI job's: only files of an earlier run are removed. */
import {
  appendFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";

/** Marks a folder as ours, and lists the files that were written to it, one path a line. */
export const listFile = ".orrery-artifacts";

/** Folder that `--artifacts` names, else the variable ARTIFACTS; undefined where a temporary one is to be created. */
export function namedFolder({ artifacts }: { readonly artifacts?: string | undefined }): string | undefined {
  const named = artifacts ?? process.env.ARTIFACTS;
  return named === "" ? undefined : named;
}

/** @throws if the folder has files, and none of them is our list */
export function assertOwnFolder(folder: string | undefined): void {
  if (folder === undefined || !existsSync(folder)) return;
  if (!statSync(folder).isDirectory()) {
    throw new Error(`${folder} is not a folder; name an empty or new one by --artifacts`);
  }
  const entries = readdirSync(folder);
  if (entries.length > 0 && !entries.includes(listFile)) {
    throw new Error(
      `${folder} is not empty and was not written by prow artifacts, so nothing is written there; name an empty or new folder by --artifacts`,
    );
  }
}

/** A folder without the files of the run before. */
export class ArtifactsFolder {
  readonly path: string;
  private readonly list: string;

  /** @throws as {@link assertOwnFolder} does */
  constructor(folder: string) {
    assertOwnFolder(folder);
    this.path = folder;
    this.list = path.join(folder, listFile);
    mkdirSync(folder, { recursive: true });
    removeListed(folder);
    writeFileSync(this.list, "");
  }

  /** Writes a file; its name may begin with folders. */
  write(name: string, content: string | Buffer): void {
    const file = path.join(this.path, name);
    mkdirSync(path.dirname(file), { recursive: true });
    // Listed first: an interrupted run leaves no file that the next one does not know.
    appendFileSync(this.list, `${name}\n`);
    writeFileSync(file, content);
  }
}

function removeListed(folder: string): void {
  const list = path.join(folder, listFile);
  if (!existsSync(list)) return;
  const files = readFileSync(list, "utf8").split("\n");
  for (const file of files.map((name) => path.resolve(folder, name))) {
    const inside = file.startsWith(`${path.resolve(folder)}${path.sep}`);
    if (inside && lstatSync(file, { throwIfNoEntry: false })?.isFile() === true) rmSync(file);
  }
}
