import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { keepSystems, put, reencrypt, setAt, setSalt, setSecret } from "../../../config/stackEdit.ts";
import { readStrictYaml } from "../../../config/strictYaml.ts";

const file = `# why it is so
config:
  a:settings: # a map
    one: {x: 1, y: [p, q]} # flow
    two:
      y: 2
      z: text of its own

    list:
      - first
      - second # the last
    nothing: {}
    none: []
    empty:
  a:token:
    secure: v1:old
  b:plain: text # in clear
# the end
`;

const at = (...path: readonly (string | number)[]): readonly (string | number)[] => ["config", "a:settings", ...path];

/** The file after a change of one value. */
const changed = (from: string, to: string): string => {
  assert.equal(file.split(from).length, 2, from);
  return file.replace(from, to);
};

describe("edits of a stack file", () => {
  it("writes a value that occurs twice out twice, as a stack file may hold no anchors", () => {
    const zone = { email: "ops@example.org" };
    const text = put(file, at("zones"), { "a.farm": zone, "b.farm": zone });
    assert.match(text, /zones: \{a\.farm: \{email: ops@example\.org\}, b\.farm: \{email: ops@example\.org\}\}/);
  });

  describe("changing a value", () => {
    const cases: readonly (readonly [readonly (string | number)[], unknown, string, string])[] = [
      [at("one", "x"), 22, "x: 1", "x: 22"],
      [at("one", "y", 1), "r", "p, q]", "p, r]"],
      [at("two"), { a: [1] }, "y: 2\n      z: text of its own", "{a: [1]}"],
      [at("list", 1), { b: "c" }, "second #", "{b: c} #"],
      [["config", "b:plain"], "a: b", "text # in", '"a: b" # in'],
      [at("nothing"), "x".repeat(200), "nothing: {}", `nothing: ${"x".repeat(200)}`],
    ];
    for (const [path, value, from, to] of cases) {
      it(`changing ${path.slice(1).join(".")} leaves all other bytes as they are`, () => {
        assert.equal(setAt(file, path, value), changed(from, to));
        assert.equal(put(file, path, value), changed(from, to));
      });
    }

    it("changing a value that does not exist is refused", () => {
      assert.throws(() => setAt(file, at("three", "x"), 1), {
        message: "config / a:settings / three / x is not in the stack file",
      });
    });
  });

  describe("adding a value", () => {
    const cases: readonly (readonly [readonly (string | number)[], unknown, string, string])[] = [
      [at("one", "z"), true, "q]}", "q], z: true}"],
      [at("one", "y", 2), "r", "p, q]", "p, q, r]"],
      [at("two", "a b"), { c: 1 }, "of its own\n", "of its own\n      a b: {c: 1}\n"],
      [at("list", 2), { b: "c" }, "- second # the last", "- second # the last\n      - {b: c}"],
      [at("nothing", "x"), 1, "nothing: {}", "nothing: {x: 1}"],
      [at("none", 0), "v", "none: []", "none: [v]"],
      [at("three", "x"), 1, "    empty:\n", "    empty:\n    three: {x: 1}\n"],
      [at("three", 0, "x"), 1, "    empty:\n", "    empty:\n    three: [{x: 1}]\n"],
    ];
    for (const [path, value, from, to] of cases) {
      it(`a new value goes to the end of its map or list at ${path.slice(1).join(".")}`, () => {
        assert.equal(put(file, path, value), changed(from, to));
      });
    }

    it("a text is quoted where the engine would read a date or a number, as in the token of a rebuild", () => {
      for (const text of [new Date().toISOString(), "2001-12-14", "0150", "1_000", ".inf", "1e3", "today", "yes"]) {
        const { content, problems } = readStrictYaml(put("config:\n  a: {}\n", ["config", "a", "x"], text));
        assert.deepEqual([content, problems], [{ config: { a: { x: text } } }, []]);
      }
    });

    it("adding keeps the style of a one-line map with blanks, and of a map that ends the file", () => {
      assert.equal(put("config:\n  a: { x: 1 }", ["config", "a", "y"], 2), "config:\n  a: {x: 1, y: 2}");
      assert.equal(put("config:\n  a:\n    x: 1", ["config", "a", "y"], 2), "config:\n  a:\n    x: 1\n    y: 2");
      assert.equal(put("a: 1\n", ["b"], 2), "a: 1\nb: 2\n");
      assert.equal(put("config:\n  a: {\n    x: 1\n  }\n", ["config", "a", "y"], 2), "config:\n  a: {x: 1, y: 2}\n");
    });

    it("adding below text is refused", () => {
      assert.throws(() => put(file, ["config", "b:plain", "x", "y"], 1), {
        message: "config / b:plain in the stack file holds no map or list to add to",
      });
      assert.throws(() => put(file, ["config", "b:plain", "x"], 1), /config \/ b:plain in the stack file holds no map/);
    });
  });

  describe("setting a secret", () => {
    it("a secret replaces the old one, even if that was in clear text", () => {
      assert.equal(setSecret(file, "a:token", "v1:new"), changed("v1:old", "v1:new"));
      assert.equal(setSecret(file, "b:plain", "v1:new"), changed("text # in", "{secure: v1:new} # in"));
    });

    it("a new secret goes to the end of the config", () => {
      const text = "config:\n    x:y: z\nother: 1\n";
      const added = "x:y: z\n    x:a:\n      secure: v1:n";
      assert.equal(setSecret(text, "x:a", "v1:n"), text.replace("x:y: z", added));
      assert.equal(setSecret(text.slice(0, 18), "x:a", "v1:n"), `config:\n    ${added}`);
    });

    it("a secret can only be added to a config in block style", () => {
      const message = "the stack file has no block map `config:` to add to; write one key by hand";
      for (const text of [
        "config: {}\n",
        "config: {a: 1}\n",
        "other: 1\n",
        "config:\n",
        "config: text\n",
        "config:\n  - a\n",
      ]) {
        assert.throws(() => setSecret(text, "x:y", "v1:n"), { message }, text);
      }
    });
  });

  describe("setting the salt", () => {
    it("a salt replaces the old one, or goes before the config", () => {
      assert.equal(
        setSalt("encryptionsalt: v1:a # mine\nconfig: {}\n", "v1:b"),
        "encryptionsalt: v1:b # mine\nconfig: {}\n",
      );
      assert.equal(setSalt("# why\nconfig:\n  a: 1\n", "v1:b"), "# why\nencryptionsalt: v1:b\nconfig:\n  a: 1\n");
      assert.equal(
        setSalt("x: config\nconfig:\n  a: 1\n", "v1:b"),
        "x: config\nencryptionsalt: v1:b\nconfig:\n  a: 1\n",
      );
    });

    it("a salt goes to the end of a file without a config", () => {
      assert.equal(setSalt("", "v1:b"), "encryptionsalt: v1:b\n");
      assert.equal(
        setSalt("secretsprovider: passphrase\n", "v1:b"),
        "secretsprovider: passphrase\nencryptionsalt: v1:b\n",
      );
    });
  });

  describe("re-encrypting all secrets", () => {
    const upper = (text: string): string => text.toUpperCase();

    it("re-encrypting secrets changes nothing else", () => {
      const text = `encryptionsalt: v1:a\n${file}`;
      const reencrypted = reencrypt(text, (one) => `<${one}>`, "v1:b", upper);
      assert.equal(reencrypted, text.replace("v1:a", "v1:b").replace("v1:old", "<V1:OLD>"));
      assert.equal(reencrypt("x: 1\n", String, "v1:b", upper), "x: 1\nencryptionsalt: v1:b\n");
      assert.equal(reencrypt("config:\n  a:\n", String, "v1:b", upper), "encryptionsalt: v1:b\nconfig:\n  a:\n");
    });

    it("re-encrypting is refused when one secret is inside another value", () => {
      for (const inside of ["config:\n  x:y:\n    z:\n      secure: v1:a\n", "config:\n  x:y:\n    secure: {a: b}\n"]) {
        const message = "x:y has an encrypted value inside, which only pulumi config can change";
        assert.throws(() => reencrypt(inside, String, "v1:b", upper), { message });
      }
    });
  });

  it("keeping some systems removes the settings of all others", () => {
    const text =
      "# why\nencryptionsalt: v1:a\nconfig:\n  a:s: {x: 1} # one\n  ab:s: 2\n  b:t:\n    secure: v1:b\n  a:t: 3\n  1: 4\n";
    assert.equal(
      keepSystems(text, ["a", "c"]).replaceAll("{ x: 1 }", "{x: 1}"),
      "# why\nencryptionsalt: v1:a\nconfig:\n  a:s: {x: 1} # one\n  a:t: 3\n",
    );
    assert.match(keepSystems(`config:\n  a:s: ${"word ".repeat(60)}\n`, ["a"]), /^ {2}a:s: (word ?){60}$/m);
    for (const none of ["x: 1\n", "config: 1\n"]) {
      assert.throws(() => keepSystems(none, ["a"]), { message: "the stack file has no config" });
    }
  });
});
