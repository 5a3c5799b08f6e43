/** Loads the SDK without the package manager and the compiler that it has for closures, which nobody serializes here. */
import { createRequire, Module } from "node:module";

/** Must be called before the SDK is imported; it saves a fifth of a render's time. */
export function loadSdkWithoutClosures(): void {
  const require = createRequire(import.meta.resolve("@pulumi/pulumi"));
  for (const name of ["@npmcli/arborist", "typescript"]) {
    const file = require.resolve(name);
    const empty = new Module(file);
    empty.loaded = true;
    require.cache[file] = empty;
  }
}
