/**
 * Random stack files: each is either refused with a clear message or renders a sound program. To run more:
 * ORRERY_CASES=100000 ORRERY_SEED=7 npm run test:fuzz
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { parseConfig } from "../../config/parse.ts";
import { report } from "../../config/problems.ts";
import { sampleConfig, readStackFile, secretsOf, type StackFile, stackPath } from "../../config/stackFile.ts";
import { schemas } from "../../components/registry.ts";
import { evaluate, stackResources } from "../../policy/violations.ts";
import { rendered, runProgram } from "../../review/evaluate/render.ts";
import { stacks } from "../unit/harness.ts";

/** Number of files, and the share of valid ones that is rendered: rendering takes a hundred times as long as reading. */
const cases = Number(process.env.ORRERY_CASES ?? "10000");
const rendersEvery = Number(process.env.ORRERY_RENDER_EVERY ?? "40");
const seed = Number(process.env.ORRERY_SEED ?? "4");

const all = Object.values(schemas);
const targets = ["clusters", "clouds"];
const files = new Map(stacks.map((stack) => [stack, readStackFile(stackPath(stack))]));

/** A change of one setting: to a similar value, which may be valid, or to nonsense. */
type Change =
  | { readonly kind: "near"; readonly step: number }
  | { readonly kind: "value"; readonly value: unknown }
  | { readonly kind: "remove" | "repeat" }
  | { readonly kind: "key"; readonly key: string };

const change = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("near" as const), step: fc.integer({ min: 0, max: 7 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom("remove" as const, "repeat" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("value" as const), value: fc.jsonValue() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("key" as const), key: fc.string({ minLength: 1 }) }) },
);

interface Edit {
  readonly stack: string;
  readonly system: number;
  readonly changes: readonly { readonly place: number; readonly change: Change }[];
}

const edits: fc.Arbitrary<Edit> = fc.record({
  stack: fc.constantFrom(...stacks),
  system: fc.nat(),
  changes: fc.array(fc.record({ place: fc.nat(), change }), { minLength: 1, maxLength: 2 }),
});

/** One system of a stack with its targets, changed. */
function edited({ stack, system, changes }: Edit): {
  readonly key: string;
  readonly file: StackFile;
} {
  const file = files.get(stack);
  assert.ok(file);
  const names = [...file.entries.keys()].flatMap((key) => /^(\w+):settings$/.exec(key)?.[1] ?? []);
  const own = names.filter((name) => !targets.includes(name));
  const name = own[system % own.length] ?? "";
  const key = `${name}:settings`;
  const kept = new Map([...file.entries].filter(([one]) => [...targets, name].includes(one.split(":")[0] ?? "")));
  let settings = JSON.parse(kept.get(key)?.value ?? "{}") as unknown;
  for (const one of changes) settings = changedAt(settings, one.place, one.change);
  kept.set(key, { value: JSON.stringify(settings), secret: false });
  const without = { ...file, entries: kept };
  for (const [wanted] of secretsOf(without, all)) {
    if (!kept.has(wanted)) kept.set(wanted, { value: "v1:", secret: true });
  }
  return { key, file: without };
}

describe("random stack files", function () {
  this.timeout(1_800_000);
  it(`a random stack file is either refused with a path and a remedy, or renders a sound program (${cases} files)`, async () => {
    const counts = { refused: 0, taken: 0, rendered: 0 };
    await fc.assert(
      fc.asyncProperty(edits, async (edit) => {
        const { key, file } = edited(edit);
        const config = sampleConfig(file, all);
        const { problems } = parseConfig(config, all);
        if (problems.length > 0) {
          counts.refused++;
          for (const { path, text, fix } of problems) {
            assert.ok(path.startsWith(key.split(":")[0] ?? ""), `${path}: ${text}`);
            assert.ok(text !== "" && fix !== "", path);
          }
          assert.doesNotMatch(report(edit.stack, problems), /\n\s+at .*:\d+|\bundefined\b|\[object|NaN/);
          if (counts.refused % rendersEvery === 0) await registersNothing(edit.stack, config);
          return;
        }
        if (++counts.taken % rendersEvery !== 0) return;
        counts.rendered++;
        await isSound(edit.stack, config);
      }),
      { numRuns: cases, seed, endOnFailure: true },
    );
    console.log(
      `      ${counts.refused} refused, ${counts.taken} taken, ${counts.rendered} of them rendered; seed ${seed}`,
    );
    assert.ok(counts.refused > cases / 10 && counts.taken > cases / 10);
  });
});

async function registersNothing(stack: string, config: ReturnType<typeof sampleConfig>): Promise<void> {
  const seen: string[] = [];
  const newResource = ({ urn }: { readonly urn: string }): Record<string, unknown> => {
    seen.push(urn);
    return {};
  };
  await assert.rejects(runProgram({ stack, config, newResource }), (error: Error) => {
    assert.equal(error.constructor.name, "RunError", error.stack);
    return true;
  });
  assert.deepEqual(seen, []);
}

/** It renders, passes every policy, and has the same URNs again. */
async function isSound(stack: string, config: ReturnType<typeof sampleConfig>): Promise<void> {
  const once = rendered(await runProgram({ stack, config }));
  assert.deepEqual(evaluate(stackResources(once), { disposable: stack === "test" }), []);
  const again = rendered(await runProgram({ stack, config }));
  assert.deepEqual(
    again.map(({ urn }) => urn),
    once.map(({ urn }) => urn),
  );
}

type Path = readonly (string | number)[];

/** Plain data with a change at its n-th place. */
function changedAt(settings: unknown, place: number, change: Change): unknown {
  const places = placesOf(settings);
  const at = places[place % Math.max(1, places.length)];
  if (at === undefined) return settings;
  const copy = structuredClone(settings);
  const parent = at.slice(0, -1).reduce<unknown>((node, step) => Reflect.get(node as object, step), copy) as object;
  const last = at.at(-1) ?? "";
  const value: unknown = Reflect.get(parent, last);
  if (change.kind === "value") Reflect.set(parent, last, change.value);
  else if (change.kind === "near") Reflect.set(parent, last, near(value, change.step));
  else if (change.kind === "key")
    Reflect.set(typeof value === "object" && value !== null ? value : parent, change.key, "more");
  else if (change.kind === "repeat" && Array.isArray(parent)) parent.push(structuredClone(value));
  else if (Array.isArray(parent)) parent.splice(Number(last), 1);
  else Reflect.deleteProperty(parent, last);
  return copy;
}

/** Paths of all values in plain data. */
function placesOf(value: unknown, at: Path = []): readonly Path[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => {
    const path = [...at, Array.isArray(value) ? Number(key) : key];
    return [path, ...placesOf(member, path)];
  });
}

/** Another value of the same kind. */
function near(value: unknown, step: number): unknown {
  if (typeof value === "boolean") return !value;
  if (typeof value === "number") return [value + 1, value - 1, 0, -1, value * 10, value + 0.5, 1e9, value][step];
  if (typeof value === "string") {
    const other = value.replace(/\d/, (digit) => String((Number(digit) + 1) % 10));
    return [other, `${value}x`, `x-${value}`, value.toUpperCase(), "", ` ${value}`, `${value}\n`, value.repeat(40)][
      step
    ];
  }
  return value;
}
