/** Whether there is a kubectl; `npm test` and CI have one. */
import { spawnSync } from "node:child_process";

const found = spawnSync("kubectl", ["version", "--client"]).status === 0;

/** Hook of tests that log in to a cluster; they are pending where there is no kubectl. */
export function needsKubectl(this: Mocha.Context): void {
  if (!found) this.skip();
}
