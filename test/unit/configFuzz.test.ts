import assert from "node:assert/strict";
import fc from "fast-check";
import { parse } from "yaml";
import type { SecretFormat } from "../../config/define.ts";
import { checkFormat } from "../../config/formats.ts";
import { parseConfig } from "../../config/parse.ts";
import { propertyPath, report } from "../../config/problems.ts";
import { sample } from "../../config/samples.ts";
import type { RawEntry } from "../../config/secrets.ts";
import { setAt, setSalt, setSecret } from "../../config/stackEdit.ts";
import { schemas } from "../../components/registry.ts";
import { stackConfig } from "../../review/evaluate/render.ts";

const all = Object.values(schemas);
const namespaces = all.map(({ namespace }) => namespace);

const formats: readonly SecretFormat[] = [
  "text",
  "token",
  "ssh-private-key",
  "ssh-public-key",
  "pem-private-key",
  "pem-certificate",
  "json",
  "google-service-account",
  "url",
  "htpasswd",
  "kubeconfig",
];

describe("the config parser", () => {
  it("every invalid config is reported without a crash and without showing a secret", () => {
    const canary = "c4nary".repeat(4);
    const name = fc.oneof(fc.constantFrom("settings", "token", "lab"), fc.string({ minLength: 1 }));
    const key = fc.tuple(fc.constantFrom(...namespaces, "other"), name).map(([space, rest]) => `${space}:${rest}`);
    const entry: fc.Arbitrary<RawEntry> = fc.oneof(
      fc.record({ value: fc.json(), secret: fc.constant(false) }),
      fc.record({ value: fc.string(), secret: fc.constant(false) }),
      fc.record({ value: fc.constant(canary), secret: fc.constant(true) }),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(key, entry), { maxLength: 8 }), (entries) => {
        const { problems } = parseConfig(new Map(entries), all);
        for (const problem of problems) assert.ok(problem.path !== "" && problem.text !== "" && problem.fix !== "");
        assert.ok(!report("stage", problems).includes(canary));
      }),
      { numRuns: 150 },
    );
  });

  it("any single setting that is removed or broken is reported by its path", () => {
    const good = stackConfig("test");
    const places = [...good]
      .filter(([key]) => key.endsWith(":settings"))
      .flatMap(([key, { value }]) => paths(JSON.parse(value)).map((path) => ({ key, path })));
    fc.assert(
      fc.property(fc.constantFrom(...places), ({ key, path }) => {
        const settings = JSON.parse(good.get(key)?.value ?? "{}") as unknown;
        replace(settings, path, [{ spoilt: true }]);
        const config = new Map([...good, [key, { value: JSON.stringify(settings), secret: false }]]);
        const { problems } = parseConfig(config, all);
        const place = propertyPath(key, path);
        const near = problems.some(({ path: reported }) => reported.startsWith(place) || place.startsWith(reported));
        assert.ok(near, `${place}: ${JSON.stringify(problems)}`);
      }),
      { numRuns: 100 },
    );
  });
});

/** Paths of all leaves of plain data. */
function paths(value: unknown, at: readonly (string | number)[] = []): readonly (readonly (string | number)[])[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => paths(item, [...at, index]));
  if (typeof value === "object" && value !== null) {
    return Object.entries(value).flatMap(([key, item]) => paths(item, [...at, key]));
  }
  return [at];
}

/** Replaces the value at a path. */
function replace(value: unknown, [first, ...rest]: readonly (string | number)[], leaf: unknown): void {
  if (first === undefined || typeof value !== "object" || value === null) return;
  if (rest.length === 0) Reflect.set(value, first, leaf);
  else replace(Reflect.get(value, first), rest, leaf);
}

describe("samples of secrets", () => {
  for (const format of formats) {
    it(`samples of format ${format} pass their check, differ by seed and are stable`, () => {
      assert.equal(checkFormat(format, sample(format, "a")), undefined);
      assert.equal(sample(format, "a"), sample(format, "a"));
      assert.notEqual(sample(format, "a"), sample(format, "b"));
    });
  }

  it("a truncated sample fails its check, and the check never repeats it", () => {
    fc.assert(
      fc.property(fc.constantFrom(...formats), fc.string(), (format, text) => {
        const wrong = checkFormat(format, text);
        if (text.length > 12 && wrong !== undefined) assert.ok(!wrong.includes(text));
      }),
    );
    for (const format of formats.filter((one) => !["text", "token", "url", "htpasswd"].includes(one))) {
      const text = sample(format, "a");
      assert.notEqual(checkFormat(format, text.slice(0, text.length / 2)), undefined, format);
    }
  });
});

describe("edits of a stack file", () => {
  const config = fc.dictionary(
    fc.constantFrom("a:settings", "b:settings", "b:list", "c:text"),
    fc.oneof(
      fc.dictionary(fc.constantFrom("x", "y"), fc.string(), { noNullPrototype: true }),
      fc.array(fc.string()),
      fc.string(),
    ),
    { minKeys: 1, noNullPrototype: true },
  );
  const lines = (value: Record<string, unknown>): string =>
    Object.entries(value)
      .map(([key, item]) => `  ${key}: ${JSON.stringify(item)} # kept\n`)
      .join("");

  it("an edit changes what it should and keeps every other byte", () => {
    fc.assert(
      fc.property(config, (values) => {
        const text = `# head\nconfig:\n${lines(values)}`;
        const edited = setSecret(setSalt(text, "v1:a:v1:b:c"), "z:secret", "v1:n:c");
        assert.deepEqual(parse(edited), {
          encryptionsalt: "v1:a:v1:b:c",
          config: { ...values, "z:secret": { secure: "v1:n:c" } },
        });
        const kept = edited
          .replace("encryptionsalt: v1:a:v1:b:c\n", "")
          .replace("\n  z:secret:\n    secure: v1:n:c", "");
        assert.equal(kept, text);
        assert.deepEqual(parse(setSecret(edited, "z:secret", "v1:m:d")), {
          encryptionsalt: "v1:a:v1:b:c",
          config: { ...values, "z:secret": { secure: "v1:m:d" } },
        });
      }),
    );
  });

  it("an edit can replace a block by a one-line value and leaves the next block alone", () => {
    const text = "config:\n  a:settings:\n    x: # why\n      y: 1\n      z: 2\n    k: 3\n";
    const edited = setAt(text, ["config", "a:settings", "x"], { n: [1, "two"] });
    assert.deepEqual(parse(edited), { config: { "a:settings": { x: { n: [1, "two"] }, k: 3 } } });
    assert.throws(() => setAt(text, ["config", "b"], 1), /config \/ b is not in the stack file/);
  });
});
