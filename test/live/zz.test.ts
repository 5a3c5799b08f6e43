import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import path from "node:path";
import { it } from "mocha";
import { stringify } from "yaml";
import { cases } from "./rules/cases.ts";
import { groupsOf, promtool, writeTests } from "./rules/promtool.ts";
const tools = "/tmp/bk/x/usr/bin";
for (const stack of ["prod", "stage"])
  it(stack, async () => {
    const folder = mkdtempSync("/tmp/bk/rules-");
    const groups = await groupsOf(stack);
    writeFileSync(path.join(folder, `${stack}.yaml`), stringify({ groups }));
    const own = cases.filter((one) => one.stack === stack);
    for (const group of groups) { const f = path.join(folder, "g.yaml"); writeFileSync(f, stringify({ groups: [group] })); const { code, said } = await promtool(tools, "check", "rules", "--lint=all", "--lint-fatal", f); assert.equal(code, 0, said); }
    const { code, said } = await promtool(tools, "test", "rules", writeTests(folder, stack, own));
    assert.equal(code, 0, said);
  });
