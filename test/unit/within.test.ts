/** Reading a secret from a live text, with the program's own text as the template. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { holdsProbe, textWithin } from "../../ops/lib/secrets/textWithin.ts";

const probe = { own: "PROBE-1", others: ["PROBE-2"] };
const base64 = (text: string): string => Buffer.from(text).toString("base64");
const read = (template: string, live: string): string | undefined => {
  assert.ok(holdsProbe(template, probe.own), template);
  return textWithin(template, live, probe);
};

describe("reading a secret from a live text", () => {
  it("a secret can be the whole live text, or what remains without surrounding whitespace", () => {
    assert.equal(read("PROBE-1", "old\n"), "old\n");
    assert.equal(read("PROBE-1\n", "old\n"), "old");
    assert.equal(read("PROBE-1", '{"a": "b: c"}'), '{"a": "b: c"}');
  });

  it("a secret is read from a URL, whatever its user, host and path are", () => {
    const template = "postgresql://dials:PROBE-1@db.test:6600";
    assert.equal(read(template, "postgresql://dials:old@db.test:6600"), "old");
    assert.equal(read(template, "postgres+psycopg2://other:o%40l%2Fd@elsewhere.test/dials?sslmode=require\n"), "o@l/d");
    assert.equal(read(template, "postgresql://dials:o@l/d@db.test:6600"), "o@l/d", "an @ that was not escaped");
    assert.equal(read("redis://:PROBE-1@broker:6379/0", "redis://:50%@broker"), "50%");
    assert.equal(read("https://PROBE-1@sentry.test/1", "https://key@o1.sentry.test/2"), "key");
    assert.equal(read("https://chat.test/v1?key=k&token=PROBE-1", "https://chat.test/v1?token=old%3D"), "old=");
  });

  it("no secret is read from a URL without one", () => {
    for (const live of ["postgresql://db.test", "postgresql://dials@db.test", "sqlite:///x", "", "old"]) {
      assert.equal(read("postgresql://dials:PROBE-1@db.test:6600", live), undefined, live);
    }
  });

  it("a secret is read from JSON and YAML by its path, in any layout and order", () => {
    const yaml = "client_id: x\nclient_secret: PROBE-1\nredirect_url: https://deck.test\n";
    assert.equal(
      read(yaml, 'redirect_url: "https://other"\nclient_secret: "o: ld" # since May\nscopes: [a]\n'),
      "o: ld",
    );
    assert.equal(read(yaml, '{"client_secret": "old"}'), "old");
    assert.equal(read(yaml, "client_secret: 1234\n"), "1234");
    assert.equal(read('{"a":[{"b":"x"},{"b":"PROBE-1"}]}', '{"a": [{"b": "y"}, {"b": "old"}]}'), "old");
    assert.equal(read('{"a":{"url":"redis://:PROBE-1@x"}}', '{"a": {"url": "redis://:old@y/3"}}'), "old");
    assert.equal(read(yaml, "client_id: x\n"), undefined);
    assert.equal(read('{"password":"PROBE-1"}', '{"user":"me"}'), undefined);
    assert.equal(read(yaml, "no: [yaml"), undefined);
    assert.equal(read(yaml, "client_secret: {a: b}\n"), undefined);
    assert.equal(read(yaml, "client_secret: *nobody\n"), undefined);
  });

  it("a secret may be the key of a map, found by its value", () => {
    const template = '{"PROBE-1":"client-test","PROBE-2":"client-two"}';
    assert.equal(read(template, '{"two": "client-two", "old": "client-test"}'), "old");
    assert.equal(read(template, '{"old": "client-other"}'), undefined);
    assert.equal(read(template, '{"a": "client-test", "b": "client-test"}'), undefined, "one of two");
  });

  it("a secret is read from a dockerconfig, by the password or by user and password in base64", () => {
    const config = (registry: string, entry: object): string => JSON.stringify({ auths: { [registry]: entry } });
    const template = config("quay.io", { username: "PROBE-2", password: "PROBE-1", auth: base64("PROBE-2:PROBE-1") });
    assert.equal(read(template, config("quay.io", { username: "me", password: "old" })), "old");
    assert.equal(read(template, config("quay.io", { auth: base64("me:o:ld") })), "o:ld");
    assert.equal(read(template, config("https://quay.io/v1/", { auth: base64("me:old"), email: "x" })), "old");
    assert.equal(
      textWithin(template, config("quay.io", { auth: base64("me:old") }), { own: "PROBE-2", others: ["PROBE-1"] }),
      "me",
    );
    const two = JSON.stringify({ auths: { a: { auth: base64("x:y") }, b: { auth: base64("x:z") } } });
    assert.equal(read(template, two), undefined, "which of two registries is it?");
    assert.equal(read(base64(template), base64(config("quay.io", { password: "old" }))), "old");
  });

  it("a secret is read from INI files and shell assignments by section and key", () => {
    const ini = "[copr]\nlogin = PROBE-2\ntoken = PROBE-1\n";
    assert.equal(read(ini, "# mine\n[other]\ntoken=x\n[copr]\nusername=me\ntoken=old\n"), "old");
    assert.equal(read("OS_USERNAME=x\nOS_PASSWORD=PROBE-1\n", "export OS_PASSWORD='o ld'\n"), "o ld");
    assert.equal(read(ini, "[copr]\nlogin = x\n"), undefined);
  });

  it("a secret is read from a text around it if that text is the same", () => {
    assert.equal(read("Bearer PROBE-1", "Bearer old"), "old");
    assert.equal(read("a=PROBE-1 b=PROBE-2", "a=old b=mine"), "old");
    assert.equal(read("Bearer PROBE-1", "Basic old"), undefined);
  });

  it("any secret is read completely from each form", () => {
    const any = fc.string({ minLength: 1, unit: "grapheme-ascii" });
    const forms: readonly ((secret: string) => string)[] = [
      (secret) => secret,
      (secret) => JSON.stringify({ a: { b: secret }, c: "x" }, undefined, 2),
      (secret) => `c: x\na:\n  b: ${JSON.stringify(secret)}\n`,
      (secret) => `amqp://user:${encodeURIComponent(secret)}@host.test/x`,
      (secret) => base64(JSON.stringify({ auths: { "quay.io": { password: secret } } })),
      (secret) => JSON.stringify({ [secret]: "client" }),
    ];
    fc.assert(
      fc.property(any, fc.constantFrom(...forms), (secret, form) => {
        assert.equal(textWithin(form(probe.own), form(secret), probe), secret);
      }),
      { numRuns: 1000, seed: 24 },
    );
  });
});
