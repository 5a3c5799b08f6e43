/** The bad inputs of the audit of 2026-11 (docs/security.md), by its numbers: each is refused by key and remedy, or means what the engine reads. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, describe, it } from "mocha";
import { schemas } from "../../../components/registry.ts";
import { checkFormat } from "../../../config/formats.ts";
import { parseConfig } from "../../../config/parse.ts";
import { newSalt, openSalt } from "../../../config/passphrase.ts";
import { report } from "../../../config/problems.ts";
import { orrery } from "../cli/run.ts";
import { readStackFile, sampleConfig, stackPath } from "../../../config/stackFile.ts";

const all = Object.values(schemas);
const base = readFileSync(stackPath("test"), "utf8");
const dir = mkdtempSync(path.join(tmpdir(), "inputs-"));

/** Output of `config check` for a file; empty if there are no problems. */
function said(content: string | Buffer): string {
  const file = path.join(dir, "Pulumi.test.yaml");
  writeFileSync(file, content);
  try {
    const { problems } = parseConfig(sampleConfig(readStackFile(file), all), all);
    return problems.length === 0 ? "" : report("test", problems);
  } catch (error) {
    return (error as Error).message;
  } finally {
    assert.deepEqual(readFileSync(file), Buffer.from(content), "the file was changed");
  }
}

/** The test stack's file with one piece of text replaced. */
function changed(from: string | RegExp, to: string): string {
  const text = base.replace(from, () => to);
  assert.notEqual(text, base, `nothing to replace: ${String(from)}`);
  return text;
}

const cloud = (line: string): string => changed(/( +)region: .*/, `      ${line}`);
const region = (value: string): string => cloud(`region: ${value}`);
const authUrl = (value: string): string => changed(/authUrl: .*/, `authUrl: ${value}`);
const config = (line: string): string => changed(/^config:$/m, `config:\n  ${line}`);
const empty = /has no map `config`: it describes nothing/;

/** Number in the audit, change, content, and what is said; "" = taken. */
const cases: readonly (readonly [number: string, change: string, content: string | Buffer, expected: RegExp | ""])[] = [
  ["1", "an empty file", "", empty],
  ["2", "only a comment", "# nothing\n", empty],
  ["3", "a NUL in a value", region('"a\\0b"'), /clouds:settings\.\w+\.region: line 1 has the control character 0x00/],
  ["4", "a raw NUL byte", region("a\0b"), /^Pulumi\.test\.yaml: line \d+ has the control character 0x00; remove it$/],
  ["5", "a byte order mark", `\uFEFF${base}`, ""],
  ["6", "lines that end by CRLF", base.replaceAll("\n", "\r\n"), ""],
  ["7", "a tab as indentation", changed(/^ {2}(\S)/m, "\tx"), /at line \d+, column \d+$/],
  [
    "8",
    "a key twice in a map",
    cloud("region: a\n      region: b"),
    /Map keys must be unique at line \d+, column \d+$/,
  ],
  ["9", "a config key twice", config("clouds:settings: {}"), /Map keys must be unique at line \d+/],
  [
    "10",
    "aliases that multiply",
    config(`a: &a [x, x]\n  b: &b [*a, *a]\n  c: [*b, *b]`),
    /Pulumi\.test\.yaml.*\n.*a: got the anchor &a/,
  ],
  ["11", "one alias", config("a: &a [x]\n  b: *a"), /b: got the alias \*a; write the value itself/],
  ["12", "an alias of itself", config("a: &a [*a]"), /a: got the anchor &a; leave it out/],
  [
    "13",
    "an alias of nothing",
    config("a: *none"),
    /^Pulumi\.test\.yaml: a: got the alias \*none; write the value itself$/,
  ],
  [
    "14",
    "a tag of another language",
    region("!!js/function x"),
    /^Pulumi\.test\.yaml: Unresolved tag: .*js\/function at line \d+/,
  ],
  ["15", "binary", region("!!binary aGFsbG8="), /region: got the tag .*binary; leave it out and quote text$/],
  ["16", "a set", config("a: !!set {x}"), /^Pulumi\.test\.yaml: a: got the tag .*set; leave it out/],
  [
    "16",
    "a date",
    region("2001-12-14"),
    /region: 2001-12-14 is "2001-12-14" in YAML 1\.2 and a point in time for Pulumi/,
  ],
  ["17", "a merge key", cloud("<<: {region: a}"), /clouds:settings\.\w+: got the merge key <<; write the members/],
  ["18", "a setting called __proto__", cloud("__proto__: {}"), /no key may be called __proto__/],
  [
    "19",
    "a cloud called __proto__",
    config("clusters:settings: {__proto__: {}}").replace(/^ {2}clusters:settings:$/m, "  x:y:"),
    /no key may be called __proto__/,
  ],
  [
    "20",
    "a cluster called constructor",
    changed(
      /^ {2}clusters:settings:$/m,
      "  clusters:settings:\n    constructor: {platform: kubernetes, appsDomain: a.b}",
    ),
    /clusters:constructor: the secret is missing/,
  ],
  ["22", "config that is a list", "config: [a]\n", empty],
  ["23", "config that is text", "config: a\n", empty],
  ["24", "a document that is a list", "- config\n", empty],
  ["25", "a document that is a number", "5\n", empty],
  ["26", "two documents", `${base}---\nconfig: {}\n`, /^Pulumi\.test\.yaml: Source contains multiple documents/],
  [
    "27",
    "a namespace of no system",
    config("thot:settings: {}"),
    /thot:settings: no system has the namespace "thot"; did you mean "thoth"\?/,
  ],
  [
    "28",
    "a key without colon",
    config("thoth: {}"),
    /^ {2}thoth: has no system; expected a key such as thoth:settings/m,
  ],
  [
    "29",
    "settings that are text",
    changed(/^ {2}clusters:settings:$/m, "  clusters:settings: hello\n  x:y:"),
    /clusters:settings: got "hello"; expected a map\n/,
  ],
  [
    "30",
    "settings that are null",
    changed(/^ {2}clusters:settings:$/m, "  clusters:settings:\n  x:y:"),
    /clusters:settings: got null; expected a map/,
  ],
  ["33", "a number out of range", region("1e309"), /region: 1e309 is Infinity in YAML 1\.2 and "1e309" for Pulumi/],
  ["36", "no number", region(".nan"), /region: \.nan is NaN in YAML 1\.2 and no value at all for Pulumi/],
  [
    "40",
    "an emoji as a name",
    changed(/^ {2}clusters:settings:$/m, "  clusters:settings:\n    😀: {platform: kubernetes, appsDomain: a.b}"),
    /clusters:settings.*got the name "😀"; expected a name of lower-case letters/,
  ],
  ["43", "a very long key that is unknown", cloud(`${"k".repeat(1000)}: 1`), /there is no such setting/],
  [
    "47",
    "a secret in clear",
    changed(/(thoth:githubOauthToken:)\s+secure: .*/, "thoth:githubOauthToken: in-the-clear"),
    /thoth:githubOauthToken: (?!.*in-the-clear)/,
  ],
  [
    "49",
    "an encrypted value that is a number",
    config("thoth:x: {secure: 5}"),
    /thoth:x: `secure` stands alone and holds the encrypted text/,
  ],
  ["50", "an encrypted value that is empty", config('thoth:x: {secure: ""}'), /thoth:x: `secure` stands alone/],
  [
    "51",
    "an encrypted value next to another key",
    config("thoth:x: {secure: v1:a:b, more: 1}"),
    /thoth:x: `secure` stands alone/,
  ],
  [
    "52",
    "encrypted values without a salt",
    changed(/^encryptionsalt: .*\n/m, ""),
    /^Pulumi\.test\.yaml: it has values encrypted by a passphrase but no encryptionsalt/,
  ],
  [
    "53",
    "a salt that is a number",
    changed(/^encryptionsalt: .*/m, "encryptionsalt: 5"),
    /encryptionsalt is malformed; expected v1:/,
  ],
  [
    "54",
    "encrypted settings",
    changed(/^ {2}clusters:settings:$/m, "  clusters:settings: {secure: v1:a:b}\n  x:y:"),
    /clusters:settings: holds an encrypted value; settings are plain/,
  ],
  [
    "55",
    "an encrypted value among settings",
    cloud("userDomainName: {secure: v1:a:b}"),
    /clouds:settings: holds an encrypted value; settings are plain/,
  ],
  [
    "56",
    "5,000 lists inside of each other",
    config(`a: ${"[".repeat(5000)}${"]".repeat(5000)}`),
    /^Pulumi\.test\.yaml: it is nested too deeply at line \d+, column \d+$/,
  ],
  [
    "57",
    "100,000 of them",
    config(`a: ${"[".repeat(100_000)}${"]".repeat(100_000)}`),
    /^Pulumi\.test\.yaml: it is nested too deeply/,
  ],
  [
    "58",
    "a key that is a list",
    config("? [a]\n  : b"),
    /the document: has a key that is no plain text|config: has a key that is no plain text/,
  ],
  [
    "61",
    "bytes that are not UTF-8",
    Buffer.concat([Buffer.from(base), Buffer.from([0xff, 0xfe])]),
    /^Pulumi\.test\.yaml is not UTF-8$/,
  ],
  [
    "62",
    "yes for true",
    changed(/platform: openshift/, "serverSideApply: yes, platform: openshift"),
    /serverSideApply: got "yes"; expected true or false/,
  ],
  [
    "64",
    "a key that is null",
    changed(/^ {2}clusters:settings:$/m, "  clusters:settings:\n    null: {platform: kubernetes, appsDomain: a.b}"),
    /clusters:settings: has a key that is no plain text$/,
  ],
  [
    "67",
    "a URL of JavaScript",
    authUrl("javascript:alert(1)"),
    /authUrl: got "javascript:alert\(1\)"; expected Keystone's URL/,
  ],
  ["68", "a URL of a file", authUrl("file:///etc/passwd"), /authUrl: .*expected Keystone's URL/],
  [
    "69",
    "a URL with a password",
    authUrl("https://user:password@keystone.example.org/v3"),
    /authUrl: has a user or password inside/,
  ],
  [
    "69",
    "a password sent in clear",
    authUrl("http://keystone.example.org/v3"),
    /authUrl: sends the password in clear; expected https/,
  ],
  [
    "75",
    "a number that is octal for Pulumi",
    region("0150"),
    /region: 0150 is 150 in YAML 1\.2 and 104 for Pulumi; write the number in full, or quote it$/,
  ],
  ["76", "escape sequences in a key", config('"\\e[2Jx": 1'), /line 1 has the control character 0x1b/],
];

describe("the audit's bad inputs", () => {
  after(() => {
    rmSync(dir, { recursive: true });
  });

  for (const [number, change, content, expected] of cases) {
    it(`a stack file with ${change} is ${expected === "" ? "accepted" : "refused"} (${number})`, () => {
      const message = said(content);
      if (expected === "") assert.equal(message, "");
      else assert.match(message, expected);
      assert.doesNotMatch(message, /\n\s+at .*:\d+|\[object|SyntaxError/);
      assert.ok(message.length < 200_000);
    });
  }

  it("128 KB of blanks behind base64 are checked at once (77)", () => {
    const began = performance.now();
    assert.equal(checkFormat("base64", `aGFsbG8=${" ".repeat(131_072)}`), undefined);
    assert.match(checkFormat("base64", `aGFsbG8=${" ".repeat(131_072)}!`) ?? "", /^expected base64/);
    assert.ok(performance.now() - began < 5000);
  });

  it("a salt that Pulumi cannot have written is told from a wrong passphrase (73)", () => {
    const salt = newSalt("right");
    assert.throws(() => openSalt(salt, "wrong"), /^Error: incorrect passphrase/);
    assert.throws(() => openSalt(salt.replace(/^v1:[^:]+/, "v1:AAAA"), "right"), /^Error: encryptionsalt is malformed/);
  });

  it("a ciphertext with a shortened tag is refused, without a warning of Node's (74)", () => {
    const crypter = openSalt(newSalt("right"), "right");
    const cut = (bytes: number): string => {
      const [version = "", nonce = "", sealed = ""] = crypter.encrypt("").split(":");
      return [version, nonce, Buffer.from(sealed, "base64").subarray(0, bytes).toString("base64")].join(":");
    };
    assert.equal(crypter.decrypt(cut(16)), "");
    for (const bytes of [0, 4, 15])
      assert.throws(() => crypter.decrypt(cut(bytes)), /^Error: the encrypted value is cut off/);
  });

  it("names that every JavaScript object has are no commands (78)", async () => {
    for (const words of [["constructor"], ["state", "__proto__"], ["packit", "toString"]]) {
      const { code, stderr } = await orrery(...words);
      assert.equal(code, 2);
      assert.match(stderr, /^orrery: (there is no command|\w+ has no command) "/);
    }
  });

  it("a file that is no comparison is refused without a word of it (80)", async () => {
    const { code, stderr } = await orrery("render", "--stack", "test", "--comparison", "/etc/passwd");
    assert.equal(code, 1);
    assert.equal(stderr, 'orrery: --comparison /etc/passwd holds no {"urns": [...], "secrets": [...]}');
  });
});
