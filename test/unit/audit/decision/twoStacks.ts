/** Files of two stacks that change together, as `orrery promote` does for pairs. */
import { readFileSync } from "node:fs";
import { stackPath } from "../../../../config/stackFile.ts";
import { decideTogether } from "../../../../ops/lib/decision/decide.ts";

const stacks = ["stage", "prod"].map((name) => ({ name, file: stackPath(name) }));
const changes = stacks.map(({ file }) => {
  const before = readFileSync(file, "utf8");
  return { before, text: `${before}# changed\n` };
});

process.exitCode = await decideTogether(stacks, { command: "promote" }, (decisions) => {
  changes.forEach((change, at) => decisions[at]?.change(change));
  if (process.env.THEN === "fail") throw new Error("no room for the text");
  return Promise.resolve(0);
});
