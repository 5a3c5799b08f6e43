/** Compares the offline review's verdicts on random edits of a stack's file with the engine's own. */
import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { labTarget } from "../../lab/pulumi.ts";
import { retarget } from "../../lab/retarget.ts";
import { openSalt } from "../../config/passphrase.ts";
import { samplePassphrase } from "../../config/samples.ts";
import { setAt } from "../../config/stackEdit.ts";
import { projectDir, readStackFile, stackPath } from "../../config/stackFile.ts";
import { schemas } from "../../components/registry.ts";
import { createPrerequisites } from "../../lab/prerequisites.ts";
import { changedSecrets } from "../../review/compareCommits.ts";
import { renderForComparison, type Rendered } from "../../review/evaluate/render.ts";
import { withReplacements } from "../../review/diff/replacements.ts";
import { random } from "../../lab/random.ts";
import { lab } from "../../lab/harness/cloud.ts";
import { pulumi, type Target } from "../../lab/harness/engine.ts";
import { type Draft, type Edit, edit, problemsOf } from "./review/edits.ts";

const stack = "test";
const fewest = Number(process.env.ORRERY_EDITS ?? "42");
const seed = Number(process.env.ORRERY_SEED ?? "10");

type Verdict = "create" | "update" | "replace" | "delete" | "same";

/** Resources that the engine adds to the program's. */
const engines = /::pulumi:pulumi:Stack::|::pulumi:providers:\w+::default/;

describe("the offline review and the engine", function () {
  this.timeout(3_000_000);
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
    await createPrerequisites(
      retarget(source, file, labTarget(lab), samplePassphrase(stack)).prerequisites,
      lab,
      () => undefined,
    );
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
    const changes = await withReplacements(
      base,
      (renewed) => renderForComparison(target.stack, renewed, edited.file),
      secrets,
    );
    return new Map(changes.map(({ urn, operation }) => [urn, operation === "keep" ? "same" : operation]));
  }

  /** What the engine says; undefined when it refuses the edit. */
  async function online(): Promise<ReadonlyMap<string, Verdict> | string> {
    const { code, stdout, text: said } = await pulumi(["preview", "--json"], edited);
    if (code !== 0) return errorsOf(said);
    const { steps } = JSON.parse(stdout) as { steps: { op: string; urn: string }[] };
    const verdicts = new Map<string, Verdict>();
    for (const { op, urn } of steps) if (!engines.test(urn)) verdicts.set(urn, verdictOf(op));
    return verdicts;
  }

  it(`the offline review and the engine agree on ${fewest} random edits`, async () => {
    const next = random(seed);
    const systems = Object.keys(schemas).filter((name) => !["clusters", "clouds"].includes(name) && readStackFile(file).entries.has(`${name}:settings`)); // prettier-ignore
    const tally = new Tally();
    while (tally.edits < fewest) {
      const made: Edit[] = [];
      for (const system of systems) made.push(edit(system, made.at(-1)?.text ?? text, draft(), next));
      const words = made.map(({ system, what }) => `${system} ${what}`);
      draft().write(made.at(-1)?.text ?? text);
      const here = await offline().catch((error: unknown) => String(error));
      const there = typeof here === "string" ? here : refusedClaim(here) ? claimRefusal : await online();
      if (typeof here === "string" || typeof there === "string") {
        console.log(`      refused: ${words.join("; ")}: ${typeof there === "string" ? there.slice(0, 400) : ""}`);
        assert.ok(++tally.refused < 30, "nearly every edit is refused");
        continue;
      }
      tally.add([...base.map(({ urn }) => urn), ...here.keys(), ...there.keys()], here, there, words);
      console.log(`      ${tally.summary(systems)}`);
    }
    console.log(`      seed ${seed}: ${tally.summary(systems)}`);
    for (const line of tally.disagreements.slice(0, 60)) console.log(`      offline ${line}`);
    assert.ok(tally.agreed / tally.verdicts >= 0.99, "fewer than 99 % of the verdicts agree");
    assert.ok(tally.agreedOnChanged / tally.changed >= 0.95, "fewer than 95 % of those on what changes agree");
  });
});

/** What was compared so far. */
class Tally {
  edits = 0;
  refused = 0;
  verdicts = 0;
  agreed = 0;
  changed = 0;
  agreedOnChanged = 0;
  readonly disagreements: string[] = [];

  add(
    urns: readonly string[],
    here: ReadonlyMap<string, Verdict>,
    there: ReadonlyMap<string, Verdict>,
    edits: readonly string[],
  ): void {
    this.edits += edits.length;
    for (const urn of new Set(urns)) {
      const [ours, theirs] = [here.get(urn) ?? "same", there.get(urn) ?? "same"];
      const moves = ours !== "same" || theirs !== "same";
      this.verdicts++;
      if (moves) this.changed++;
      if (ours === theirs) {
        this.agreed++;
        if (moves) this.agreedOnChanged++;
      } else this.disagreements.push(`${ours}, the engine ${theirs}: ${short(urn)} (${edits.join("; ")})`);
    }
  }

  summary(systems: readonly string[]): string {
    const percent = (part: number, whole: number): string => `${((100 * part) / Math.max(1, whole)).toFixed(2)} %`;
    return (
      `${this.edits} edits of ${systems.join(", ")}; of ${this.verdicts} verdicts ${percent(this.agreed, this.verdicts)} agree; ` +
      `of ${this.changed} about what changes ${percent(this.agreedOnChanged, this.changed)}; ${this.refused} rounds refused`
    );
  }
}

/** The API refuses in its dry run already what the engine would do: replace a claim under its own name. */
const claimRefusal = "a claim would be replaced under its own name";

function refusedClaim(verdicts: ReadonlyMap<string, Verdict>): boolean {
  return [...verdicts].some(
    ([urn, verdict]) => verdict === "replace" && urn.includes("core/v1:PersistentVolumeClaim::"),
  );
}

function verdictOf(op: string): Verdict {
  if (/replace/.test(op)) return "replace";
  if (op === "create" || op === "update" || op === "delete") return op;
  return "same";
}

function short(urn: string): string {
  return urn.split("$").at(-1) ?? urn;
}

/** What the engine's JSON says of errors. */
function errorsOf(said: string): string {
  const errors = [...said.matchAll(/"message": "((?:[^"\\]|\\.)*)",\s*"severity": "error"/g)].map(
    ([, text = ""]) => text,
  );
  return errors.length > 0 ? errors.join(" | ") : said.slice(-600);
}
