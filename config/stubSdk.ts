/** Stubs the package manager and compiler that the SDK loads to serialize closures, which we never do. */
import { createRequire, Module } from "node:module";

/** Call it before the SDK is imported. It saves a fifth of a render's time. */
export function stubSdk(): void {
  const require = createRequire(import.meta.resolve("@pulumi/pulumi"));
  for (const name of ["@npmcli/arborist", "typescript"]) {
    const file = require.resolve(name);
    const empty = new Module(file);
    empty.loaded = true;
    require.cache[file] = empty;
  }
}
