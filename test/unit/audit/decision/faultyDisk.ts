/** Loaded before a command: kills it at its Nth change of the disk (FAULT=kill:N), or lets no more room be left from there on (full:N). */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const [fault, at] = (process.env.FAULT ?? "").split(":");
/** What takes room. */
const growing = ["writeSync", "copyFileSync", "mkdtempSync"] as const;
const others = ["linkSync", "renameSync", "rmSync"] as const;
let changes = 0;

for (const name of fault === "full" ? growing : [...growing, ...others]) {
  const real = fs[name] as (...args: unknown[]) => unknown;
  Object.assign(fs, {
    [name]: (...args: unknown[]): unknown => {
      changes += 1;
      if (fault === "kill" && changes === Number(at)) process.kill(process.pid, "SIGKILL");
      if (fault === "full" && changes >= Number(at)) {
        throw Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
      }
      return real(...args);
    },
  });
}
syncBuiltinESMExports();
