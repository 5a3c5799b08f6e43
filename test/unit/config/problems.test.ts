import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { z } from "zod";
import { defineSystem } from "../../../config/define.ts";
import {
  suggest,
  propertyPath,
  removeCommand,
  secretCommand,
  setCommand,
  formatValue,
} from "../../../config/problems.ts";
import { problems } from "./fixture.ts";

/** The same for one setting, `x`, of a system. */
function messagesFor(schema: z.ZodType, value: unknown): readonly string[] {
  const system = defineSystem({ namespace: "demo", settings: z.strictObject({ x: schema }), secrets: {} });
  return problems([system], { "demo:settings": { x: value } }).said.map((one) => one.replace("demo:settings.x", "x"));
}

describe("problems of a config", () => {
  it("a problem says in words what a setting must be", () => {
    const cases: readonly (readonly [z.ZodType, unknown, string])[] = [
      [z.number(), "a", 'got "a"; expected a number'],
      [z.int(), 1.5, "got 1.5; expected a whole number"],
      [z.int32(), 1.5, "got 1.5; expected a whole number"],
      [z.float32(), "a", 'got "a"; expected a number'],
      [z.boolean(), 1, "got 1; expected true or false"],
      [z.array(z.string()), "a", 'got "a"; expected a list'],
      [z.strictObject({}), [], "got []; expected a map"],
      [z.record(z.string(), z.string()), null, "got null; expected a map"],
      [z.date(), 1, "got 1; expected date"],
      [z.url(), "a", 'got "a"; expected a URL'],
      [z.email(), "a", 'got "a"; expected an e-mail address'],
      [z.ipv4(), "a", 'got "a"; expected an IPv4 address'],
      [z.ipv6(), "a", 'got "a"; expected an IPv6 address'],
      [z.uuid(), "a", 'got "a"; expected a UUID'],
      [z.cidrv4(), "a", 'got "a"; expected cidrv4'],
      [z.string().regex(/^b$/), "a", 'got "a"; expected text like /^b$/'],
      [z.string().min(2), "a", 'got "a"; expected at least 2 character(s)'],
      [z.string().max(1), "ab", 'got "ab"; expected at most 1 character(s)'],
      [z.array(z.string()).min(2), [], "got []; expected at least 2 entries"],
      [z.array(z.string()).max(0), ["a"], 'got ["a"]; expected at most 0 entries'],
      [z.number().min(2), 1, "got 1; expected at least 2"],
      [z.literal([1, "b"]), "a", 'got "a"; expected 1 or "b"'],
      [z.string().refine(() => false, "must not be"), "a", 'got "a"; must not be'],
    ];
    for (const [schema, value, text] of cases) assert.deepEqual(messagesFor(schema, value), [`x: ${text}`]);
    assert.match(messagesFor(z.number().multipleOf(2), 3)[0] ?? "", /^x: got 3; \S/);
  });

  it("a problem shows at most sixty characters of a value", () => {
    assert.equal(formatValue(undefined), "nothing");
    assert.equal(formatValue("a".repeat(58)), `"${"a".repeat(58)}"`);
    assert.equal(formatValue("a".repeat(59)), `"${"a".repeat(56)}...`);
  });

  it("commands in a problem can be pasted into a shell", () => {
    const path = propertyPath("a:settings", ["b", 0, "it's", "c.d", "e-f"]);
    assert.equal(path, `a:settings.b[0]["it's"]["c.d"].e-f`);
    const quoted = `'a:settings.b[0]["it'\\''s"]["c.d"].e-f'`;
    assert.equal(setCommand(path), `npx pulumi config set --stack {stack} --path ${quoted} <value>`);
    assert.equal(setCommand("a:b", "5"), "npx pulumi config set --stack {stack} --path a:b 5");
    assert.equal(removeCommand(path), `npx pulumi config rm --stack {stack} --path ${quoted}`);
    assert.equal(secretCommand("a:b-c"), "npx pulumi config set --stack {stack} --secret a:b-c");
    assert.equal(secretCommand("a:b c", true), "npx pulumi config set --stack {stack} --secret 'a:b c' < FILE");
  });

  it("a problem proposes an edit of the file for lists and maps, and a command for everything else", () => {
    const settings = z.strictObject({ map: z.strictObject({}), list: z.array(z.string()), text: z.string() });
    const { fixes } = problems([defineSystem({ namespace: "demo", settings, secrets: {} })], { "demo:settings": {} });
    const edit = "edit Pulumi.{stack}.yaml: set it under demo:settings";
    assert.deepEqual(fixes, [edit, edit, setCommand("demo:settings.text")]);
    const { fixes: tooFew } = problems(
      [defineSystem({ namespace: "demo", settings: z.strictObject({ x: z.array(z.string()).min(1) }), secrets: {} })],
      { "demo:settings": { x: [] } },
    );
    assert.deepEqual(tooFew, [setCommand("demo:settings.x")]);
  });

  it("a misspelt name gets a suggestion only if one is close", () => {
    const guess = (name: string): string => `; did you mean "${name}"?`;
    assert.equal(suggest("Replica", ["mode", "replicas"]), guess("replicas"));
    assert.equal(suggest("token1", ["tokens2", "token", "tokens3"]), guess("token"));
    assert.equal(suggest("xyabc", ["abc"]), guess("abc"));
    assert.equal(suggest("abcxy", ["abc"]), guess("abc"));
    assert.equal(suggest("abcdefghi", ["abcdef"]), guess("abcdef"));
    assert.equal(suggest("stauts", ["state", "status"]), guess("status"));
    assert.equal(suggest("ba", ["ab"]), guess("ab"));
    assert.equal(suggest("abc", ["xbd"]), guess("xbd"));
    for (const [unknown, known] of [
      ["xyzabc", "abc"],
      ["abc", "xyzabc"],
      ["abcxyz", "abc"],
      ["abc", "abcxyz"],
      ["ab", "cd"],
      ["ab", "abcd"],
      ["a", "b"],
      ["", "ab"],
    ] as const) {
      assert.equal(suggest(unknown, [known]), "", `${unknown} ${known}`);
    }
    assert.equal(suggest("a", []), "");
  });

  it("a problem in a union is that of the closest variant", () => {
    const union = z.union([
      z.strictObject({ a: z.string(), b: z.string(), c: z.string() }),
      z.strictObject({ kind: z.literal("z"), deep: z.strictObject({ n: z.number() }) }),
    ]);
    assert.deepEqual(messagesFor(union, { kind: "z", deep: { n: "x" } }), ['x.deep.n: got "x"; expected a number']);
    assert.deepEqual(messagesFor(z.union([z.string(), z.number()]), true), ["x: got true; expected text"]);
    const variants = z.discriminatedUnion("kind", [
      z.strictObject({ kind: z.literal("one"), size: z.number() }),
      z.strictObject({ kind: z.literal("two") }),
    ]);
    assert.deepEqual(messagesFor(variants, {}), ['x.kind: got nothing; expected "one" or "two"']);
    assert.deepEqual(messagesFor(variants, { size: 1, kind: "on" }), ['x.kind: got "on"; expected "one" or "two"']);
    assert.deepEqual(messagesFor(variants, { kind: "one", size: 1, siz: 2 }), [
      'x.siz: there is no such setting; did you mean "size"?',
    ]);
  });

  it("settings of maps in a list are known, and none below text", () => {
    const list = z.array(z.strictObject({ port: z.number().optional() }));
    assert.deepEqual(messagesFor(list, [{}, { prot: 1, y: 2 }]), [
      'x[1].prot: there is no such setting; did you mean "port"?',
      "x[1].y: there is no such setting",
    ]);
    const tuple = z.tuple([z.strictObject({ port: z.number().optional() })]);
    assert.deepEqual(messagesFor(tuple, [{ prot: 1 }]), ["x[0].prot: there is no such setting"]);
    const union = z.union([z.strictObject({ deep: z.strictObject({ port: z.number().optional() }) })]);
    assert.deepEqual(messagesFor(union, { deep: { prot: 1 } }), [
      'x.deep.prot: there is no such setting; did you mean "port"?',
    ]);
  });

  it("the engine's own keys and values that are not settings are not reported", () => {
    const demo = defineSystem({ namespace: "demo", settings: z.strictObject({}), secrets: {} });
    assert.deepEqual(problems([demo], { "pulumi:disable-default-providers": ["*"] }).said, []);
    for (const [value, text] of [
      [null, "null"],
      [[], "[]"],
      [5, "5"],
    ] as const) {
      const { said, fixes } = problems([demo], { "demo:settings": value });
      assert.deepEqual(said, [`demo:settings: got ${text}; expected a map`]);
      assert.deepEqual(fixes, ["edit Pulumi.{stack}.yaml: demo:settings is a map, see docs/configuration.md"]);
    }
  });
});
