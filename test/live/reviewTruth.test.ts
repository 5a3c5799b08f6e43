/** Whether the offline review tells the truth: its verdicts on random edits of a stack's file against the engine's own. */
import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { aim } from "../../config/aim.ts";
import { openSalt } from "../../config/passphrase.ts";
import { samplePassphrase } from "../../config/samples.ts";
import { setAt } from "../../config/stackEdit.ts";
import { projectDir, readStackFile, stackPath } from "../../config/stackFile.ts";
import { schemas } from "../../config/systems.ts";
import { makePremises } from "../../lab/premises.ts";
import { changedSecrets } from "../../review/between.ts";
import { renderForComparison, type Rendered } from "../../review/render.ts";
import { changesBetween } from "../../review/verdict.ts";
import { random } from "../unit/harness.ts";
import { lab } from "./cloud.ts";
import { pulumi, type Target } from "./engine.ts";
import { type Draft, type Edit, edit, problemsOf } from "./review/edits.ts";

const stack = "test";
const fewest = 40;
const seed = Number(process.env.ORRERY_SEED ?? "10");

type Verdict = "create" | "update" | "replace" | "delete" | "same";

/** Resources that the engine has beside the program's. */
const engines = /::pulumi:pulumi:Stack::|::pulumi:providers:\w+::default/;

describe("the offline review and the engine", function () {
  this.timeout(1_200_000);
  const file = path.join(lab.dir, "Pulumi.test-review.yaml");
  const target: Target = {
    stack: "test-review",
    file,
    env: { PULUMI_CONFIG_PASSPHRASE: samplePassphrase(stack) },
  };
  const edited: Target = { ...target, file: `${file}.edited.yaml` };
  let text: string;
  let base: readonly Rendered[];

  before(async () => {
    const source = `${file}.source`;
    // A server without a machine: what is compared is Nova's resource, not what boots.
    const at = ["config", "callysto:settings", "environments", "hub-ci", "flavor"];
    writeFileSync(source, setAt(readFileSync(stackPath(stack), "utf8"), at, "lab.none"));
    await makePremises(aim(source, file, lab, samplePassphrase(stack)), lab, () => undefined);
    rmSync(source);
    text = readFileSync(file, "utf8");
    const made = await pulumi(["stack", "init"], target);
    rmSync(path.join(projectDir, `Pulumi.${target.stack}.yaml`), { force: true });
    assert.equal(made.code, 0, made.text);
    const up = await pulumi(["up", "--yes", "--skip-preview"], target);
    assert.equal(up.code, 0, up.text);
    base = await renderForComparison(target.stack, { urns: [], secrets: [] }, file);
  });
  after(async () => {
    await pulumi(["state", "unprotect", "--all", "--yes"], target);
    const gone = await pulumi(["destroy", "--yes", "--skip-preview"], target);
    assert.equal(gone.code, 0, gone.text);
    await pulumi(["stack", "rm", "--yes", "--force", "--preserve-config"], target);
    for (const one of [file, edited.file]) rmSync(one, { force: true });
  });

  const draft = (): Draft => ({
    write: (content) => {
      writeFileSync(edited.file, content);
      return edited.file;
    },
    problems: (content) => {
      writeFileSync(edited.file, content);
      return problemsOf(edited.file);
    },
    crypter: openSalt(readStackFile(file).encryptionSalt ?? "", samplePassphrase(stack)),
  });

  /** What the review says, by URN. */
  async function offline(): Promise<ReadonlyMap<string, Verdict>> {
    const secrets = changedSecrets(readStackFile(file), readStackFile(edited.file));
    const changes = await changesBetween(
      base,
      (renewed) => renderForComparison(target.stack, renewed, edited.file),
      secrets,
    );
    return new Map(changes.map(({ urn, operation }) => [urn, operation === "keep" ? "same" : operation]));
  }

  /** What the engine says; undefined when it refuses the edit. */
  async function online(): Promise<ReadonlyMap<string, Verdict> | string> {
    const { code, stdout, text: said } = await pulumi(["preview", "--json"], edited);
    if (code !== 0) return said;
    const { steps } = JSON.parse(stdout) as { steps: { op: string; urn: string }[] };
    const verdicts = new Map<string, Verdict>();
    for (const { op, urn } of steps) if (!engines.test(urn)) verdicts.set(urn, verdictOf(op));
    return verdicts;
  }

  it("agree on forty random edits of all systems", async () => {
    const next = random(seed);
    const systems = Object.keys(schemas).filter((name) => readStackFile(file).entries.has(`${name}:settings`)).filter((name) => !["clusters", "clouds"].includes(name)); // prettier-ignore
    let [verdicts, agreed, changed, agreedOnChanged, edits, refused] = [0, 0, 0, 0, 0, 0];
    const disagreements: string[] = [];
    while (edits < fewest) {
      const made: Edit[] = [];
      for (const system of systems) made.push(edit(system, made.at(-1)?.text ?? text, draft(), next));
      const here = await offline().catch((error: unknown) => String(error));
      const there = await online();
      const refusal = typeof here === "string" ? here : typeof there === "string" ? there : undefined;
      if (typeof here === "string" || typeof there === "string") {
        refused++;
        const what = made.map((one) => `${one.system} ${one.what}`).join("; ");
        console.log(`      refused: ${what}: ${reason(refusal ?? "")}`);
        assert.ok(refused < 30, "the engine refuses nearly every edit");
        continue;
      }
      edits += made.length;
      const urns = new Set([...base.map(({ urn }) => urn), ...here.keys(), ...there.keys()]);
      for (const urn of urns) {
        const [ours, theirs] = [here.get(urn) ?? "same", there.get(urn) ?? "same"];
        const [same, moves] = [ours === theirs, ours !== "same" || theirs !== "same"];
        verdicts++;
        if (same) agreed++;
        if (moves) changed++;
        if (moves && same) agreedOnChanged++;
        if (!same) disagreements.push(`${ours}, the engine ${theirs}: ${short(urn)} (${made.map(({ system, what }) => `${system} ${what}`).join("; ")})`); // prettier-ignore
      }
    }
    const percent = (part: number, whole: number): string => `${((100 * part) / whole).toFixed(2)} %`;
    console.log(`      seed ${seed}: ${edits} edits of ${systems.join(", ")}; ${refused} rounds refused by the engine`);
    console.log(`      of ${verdicts} verdicts ${percent(agreed, verdicts)} agree`);
    console.log(`      of ${changed} about resources that change ${percent(agreedOnChanged, changed)} agree`);
    for (const line of disagreements.slice(0, 60)) console.log(`      offline ${line}`);
    assert.ok(agreed / verdicts >= 0.99, "fewer than 99 % of the verdicts agree");
  });
});

function verdictOf(op: string): Verdict {
  if (/replace/.test(op)) return "replace";
  if (op === "create" || op === "update" || op === "delete") return op;
  return "same";
}

function short(urn: string): string {
  return urn.split("$").at(-1) ?? urn;
}

function reason(said: string): string {
  return (/(?:error|failed|refused|invalid)[^\n]*/i.exec(said)?.[0] ?? said).slice(0, 200);
}
