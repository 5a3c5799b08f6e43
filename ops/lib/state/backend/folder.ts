/** A backend in a folder of this machine. */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import type { Bucket } from "./bucket.ts";

/** Files that Pulumi writes next to each file, and halves of files that an interruption left. */
const ignored = /\.(attrs|tmp)$/;

/** The folder of `file://PATH`; `~` is the home folder, as the CLI takes it. */
export function folderBucket(url: string): Bucket {
  const [given = ""] = url.slice("file://".length).split("?");
  const root = path.resolve(given.replace(/^~(?=\/|$)/, homedir()));
  const at = (key: string): string => path.join(root, key);
  return {
    list(folder) {
      if (!existsSync(at(folder))) return Promise.resolve([]);
      const found = readdirSync(at(folder), { withFileTypes: true, recursive: true })
        .filter((entry) => entry.isFile() && !ignored.test(entry.name))
        .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)));
      return Promise.resolve(found.sort());
    },
    read: (key) => Promise.resolve(existsSync(at(key)) ? readFileSync(at(key)) : undefined),
    write(key, bytes) {
      mkdirSync(path.dirname(at(key)), { recursive: true });
      // Not in the file's folder: the engine takes every file in the folder of locks for a lock.
      const part = path.join(at(".pulumi"), `${path.basename(key)}.${process.pid}.tmp`);
      try {
        writeFileSync(part, bytes, { mode: 0o600, flush: true });
      } catch (error) {
        rmSync(part, { force: true });
        throw error;
      }
      renameSync(part, at(key));
      // It holds the former file's checksum.
      rmSync(`${at(key)}.attrs`, { force: true });
      return Promise.resolve();
    },
    remove(key) {
      rmSync(at(key), { force: true });
      rmSync(`${at(key)}.attrs`, { force: true });
      return Promise.resolve();
    },
  };
}
