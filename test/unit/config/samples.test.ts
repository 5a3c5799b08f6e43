import assert from "node:assert/strict";
import { createHash, createPrivateKey, createPublicKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, it } from "mocha";
import type { SecretFormat } from "../../../config/define.ts";
import { checkFormat } from "../../../config/formats.ts";
import { kubeconfig, publicKeyLine, sample, sampleCertificate } from "../../../config/samples.ts";
import { stackPath } from "../../../config/stackFile.ts";

const formats: readonly SecretFormat[] = [
  ...(["text", "token", "ssh-private-key", "ssh-public-key", "pem-private-key", "pem-certificate"] as const),
  ...(["json", "google-service-account", "url", "htpasswd", "base64", "kubeconfig"] as const),
];

/** Length-prefixed strings of SSH's wire format, up to the first that is shorter than its length. */
function strings(bytes: Buffer): { readonly found: readonly Buffer[]; readonly rest: Buffer } {
  const found: Buffer[] = [];
  let rest = bytes;
  while (rest.length >= 4 && rest.readUInt32BE(0) <= rest.length - 4) {
    const length = rest.readUInt32BE(0);
    found.push(rest.subarray(4, 4 + length));
    rest = rest.subarray(4 + length);
  }
  return { found, rest };
}

/** The 32 bytes of a public key. */
const publicHalf = (pem: string): Buffer => createPublicKey(pem).export({ format: "der", type: "spki" }).subarray(-32);

/** Go and others refuse what Node and OpenSSL still read: a length in more bytes than it takes. */
function assertStrictDer(bytes: Buffer): void {
  for (let at = 0; at < bytes.length;) {
    const constructed = ((bytes[at] ?? 0) & 0x20) !== 0;
    const first = bytes[at + 1] ?? assert.fail("a tag without a length");
    const more = first < 128 ? 0 : first & 0x7f;
    const length = more === 0 ? first : bytes.readUIntBE(at + 2, more);
    assert.ok(more === 0 || length >= Math.max(128, 256 ** (more - 1)), `length ${length} in ${more} bytes, at ${at}`);
    const from = at + 2 + more;
    assert.ok(from + length <= bytes.length, `content ends after its parent, at ${at}`);
    if (constructed) assertStrictDer(bytes.subarray(from, from + length));
    at = from + length;
  }
}

describe("samples", () => {
  for (const format of formats) {
    it(`a sample of ${format} has its format, and is the same only for the same seed`, () => {
      for (const seed of ["a", "b", "some other seed"]) {
        assert.equal(checkFormat(format, sample(format, seed)), undefined, seed);
        assert.equal(sample(format, seed), sample(format, seed));
      }
      assert.equal(new Set(["a", "b", "c"].map((seed) => sample(format, seed))).size, 3);
    });
  }

  it("a sample certificate belongs to its key and names all its hosts", () => {
    const many = Array.from({ length: 12 }, (_, index) => `host-${index}.sample.test`);
    for (const [hosts, names] of [
      [
        ["a.test", undefined, "b.test"],
        ["a.test", "b.test"],
      ],
      [[undefined], ["sample.invalid"]],
      [many, many],
      // The lengths around those from which DER writes a length in a byte more.
      ...Array.from({ length: 63 }, (_, more) => [[`${"a".repeat(60)}.${"b".repeat(1 + more)}`], undefined] as const),
    ] as const) {
      const text = sampleCertificate("a", hosts);
      const one = new X509Certificate(text);
      const expected = names ?? hosts;
      assert.equal(one.subject, `CN=${expected[0]}`);
      assert.equal(one.subjectAltName, expected.map((name) => `DNS:${name}`).join(", "));
      assert.ok(one.verify(one.publicKey));
      assertStrictDer(one.raw);
      assert.match(text, /^-----BEGIN CERTIFICATE-----\n([^\n]{64}\n)+[^\n]{1,64}\n-----END CERTIFICATE-----\n$/);
    }
    assert.equal(new X509Certificate(sample("pem-certificate", "a")).subject, "CN=sample.invalid");
  });

  it("samples stay identical to those in the committed stacks", () => {
    const line = publicKeyLine("callysto:deployPrivateKey");
    assert.ok(readFileSync(stackPath("test"), "utf8").includes(`deployKey: ${line}\n`), line);
  });

  it("a sample SSH key has the layout of OpenSSH's PROTOCOL.key", () => {
    for (const seed of ["a", "another"]) {
      const text = sample("ssh-private-key", seed);
      assert.match(text, /^-----BEGIN OPENSSH PRIVATE KEY-----\n([^\n]{70}\n)+[^\n]{1,70}\n-----END [A-Z ]+-----\n$/);
      const bytes = Buffer.from(text.split("\n").slice(1, -2).join(""), "base64");
      const magic = Buffer.from("openssh-key-v1\0");
      assert.ok(bytes.subarray(0, magic.length).equals(magic));
      const [cipher, kdf, options, ...none] = strings(bytes.subarray(magic.length, -4)).found.slice(0, 3);
      assert.deepEqual([cipher, kdf, options].map(String), ["none", "none", ""]);
      assert.deepEqual(none, []);
      const after = bytes.subarray(magic.length + 8 + 8 + 4);
      assert.equal(after.readUInt32BE(0), 1, "one key");
      const [blob = assert.fail(), inner = assert.fail(), ...more] = strings(after.subarray(4)).found;
      assert.deepEqual(more, []);
      assert.equal(inner.length % 8, 0);
      assert.equal(inner.readUInt32BE(0), inner.readUInt32BE(4), "the same check twice");
      const {
        found: [type, half, pair = assert.fail(), comment],
        rest,
      } = strings(inner.subarray(8));
      const pem = sample("pem-private-key", seed);
      assert.deepEqual(strings(blob).found, [Buffer.from("ssh-ed25519"), publicHalf(pem)]);
      assert.deepEqual(
        [type, half, comment],
        [Buffer.from("ssh-ed25519"), publicHalf(pem), Buffer.from("orrery-sample")],
      );
      const own = createPrivateKey(pem).export({ format: "der", type: "pkcs8" }).subarray(-32);
      assert.ok(pair.equals(Buffer.concat([own, publicHalf(pem)])));
      assert.deepEqual([...rest], [1, 2, 3, 4, 5, 6, 7].slice(0, rest.length));
      assert.ok(rest.length < 8);
      assert.equal(sample("ssh-public-key", seed), `ssh-ed25519 ${blob.toString("base64")} orrery-sample`);
    }
  });

  it("a sample service account key has all of Google's fields", () => {
    const { private_key: key, ...account } = JSON.parse(sample("google-service-account", "a")) as Record<
      string,
      string
    >;
    assert.equal(key, sample("pem-private-key", "a"));
    const { client_email: email = "", private_key_id: id = "", client_id: client = "", ...rest } = account;
    assert.match(email, /^sample-[0-9a-f]{8}@sample-project\.iam\.gserviceaccount\.com$/);
    assert.match(id, /^[0-9a-f]{40}$/);
    assert.match(client, /^[0-9]{15,20}$/);
    assert.deepEqual(rest, {
      type: "service_account",
      project_id: "sample-project",
      auth_uri: "https://accounts.google.com/o/oauth2/auth",
      token_uri: "https://oauth2.googleapis.com/token",
      auth_provider_x509_cert_url: "https://www.googleapis.com/oauth2/v1/certs",
      client_x509_cert_url: `https://www.googleapis.com/robot/v1/metadata/x509/${encodeURIComponent(email)}`,
    });
    const other = JSON.parse(sample("google-service-account", "b")) as Record<string, string>;
    assert.notEqual(other.private_key_id, id);
    assert.notEqual(other.client_id, client);
  });

  it("samples point to hosts that do not exist", () => {
    const [token = ""] = /sample-[0-9a-f]{32}$/m.exec(sample("kubeconfig", "a")) ?? [];
    assert.equal(sample("kubeconfig", "a"), kubeconfig("https://sample.invalid:6443", token));
    assert.equal(new URL(sample("url", "a")).hostname, "sample.invalid");
    const [user, hash] = sample("htpasswd", "a").split(":{SHA}");
    assert.equal(user, "sample");
    assert.equal(Buffer.from(hash ?? "", "base64").length, createHash("sha1").digest().length);
    assert.equal(Buffer.from(sample("base64", "a"), "base64").length, 24);
    assert.match(sample("text", "a"), /^sample [0-9a-f]{24}$/);
    assert.match(sample("token", "a"), /^sample-[0-9a-f]{32}$/);
  });
});
