import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { describe, it } from "mocha";
import type { SecretFormat } from "../../../config/define.ts";
import { checkFormat } from "../../../config/formats.ts";
import { kubeconfig, sample } from "../../../config/samples.ts";

const encrypted = generateKeyPairSync("ed25519", {
  privateKeyEncoding: { type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "p" },
  publicKeyEncoding: { type: "spki", format: "pem" },
});
const { privateKey: rsa } = generateKeyPairSync("rsa", {
  modulusLength: 512,
  privateKeyEncoding: { type: "pkcs1", format: "pem" },
  publicKeyEncoding: { type: "spki", format: "pem" },
});

const ssh = sample("ssh-private-key", "a");
const [begin, end] = ["-----BEGIN OPENSSH PRIVATE KEY-----", "-----END OPENSSH PRIVATE KEY-----"];
const container = (bytes: Buffer): string => `${begin}\n${bytes.toString("base64")}\n${end}\n`;
const sshBytes = Buffer.from(ssh.split("\n").slice(1, -2).join(""), "base64");
const line = sample("ssh-public-key", "a");
const [, body = ""] = line.split(" ");
const certificate = sample("pem-certificate", "a");
const account = JSON.parse(sample("google-service-account", "a")) as Record<string, unknown>;

/** A public key's line with other bytes. */
const publicLine = (change: (bytes: Buffer) => Buffer, type = "ssh-ed25519"): string =>
  `${type} ${change(Buffer.from(body, "base64")).toString("base64")} me`;

interface Case {
  readonly expected: string;
  readonly right: readonly string[];
  readonly wrong: readonly string[];
}

const cases: Readonly<Partial<Record<SecretFormat, Case>>> = {
  token: {
    expected: "expected a token: printable characters without blanks or line breaks",
    right: ["!", "~", "a:b/c=="],
    wrong: ["a b", "a\n", " a", "ž", "a\x7f"],
  },
  "ssh-private-key": {
    expected:
      "expected an SSH private key without passphrase, whole with its BEGIN and END lines, as ssh-keygen writes it",
    right: [ssh, ssh.trimEnd(), ssh.replaceAll("\n", "\r\n"), rsa, sample("pem-private-key", "a")],
    wrong: [
      `x${ssh}`,
      `${ssh}x`,
      ssh.replace(begin, ""),
      ssh.replace(end, ""),
      ssh.replace(`${begin}\n`, begin),
      ssh.replace("\n", "\n!"),
      container(sshBytes.subarray(0, 100)),
      container(Buffer.from(sshBytes.toString("latin1").replace("none", "aes2"), "latin1")),
      container(Buffer.alloc(300)),
      encrypted.privateKey,
      line,
    ],
  },
  "ssh-public-key": {
    expected: "expected one SSH public key on one line: type, base64 and comment",
    right: [line, `${line}\n`, `  ${line}`, `ssh-ed25519 ${body}`],
    wrong: [
      `${line}\n${line}`,
      "ssh-ed25519",
      `ssh-rsa ${body} me`,
      "ssh-ed25519 AAAA me",
      publicLine((bytes) => bytes.subarray(0, 32)),
      publicLine((bytes) => Buffer.concat([Buffer.from([0, 0, 0, 12]), bytes.subarray(4)])),
      publicLine((bytes) => Buffer.concat([bytes.subarray(0, 4), Buffer.from("ssh-ed25518"), bytes.subarray(15)])),
      ssh,
    ],
  },
  "pem-private-key": {
    expected: "expected a PEM private key without passphrase, whole with its BEGIN and END lines",
    right: [sample("pem-private-key", "a"), rsa],
    wrong: [encrypted.privateKey, encrypted.publicKey, certificate, rsa.slice(0, 100)],
  },
  "pem-certificate": {
    expected: "expected one or more PEM certificates, whole with their BEGIN and END lines",
    right: [certificate, `${certificate}${sample("pem-certificate", "b")}`],
    wrong: [
      certificate.slice(0, 100),
      rsa,
      `${certificate}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`,
    ],
  },
  json: { expected: "expected a JSON document", right: ["{}", "[1]", "null"], wrong: ["{", "a: b"] },
  url: {
    expected: "expected a URL with its scheme, e.g. https://host/path",
    right: ["https://x.test/1", "amqp://u:p@h"],
    wrong: ["x.test", "/a"],
  },
  htpasswd: {
    expected: "expected htpasswd lines, user:hash each, as htpasswd -B writes them",
    right: ["me:$2y$05$abc", "me:$2a$05$abc\n\nyou:$2b$05$abc\n", "me:$apr1$x", "me:$5$x", "a.b@c:$6$x", "me:{SHA}x="],
    wrong: [
      "me:$2x$05$abc",
      "me:plain",
      "me:{SHA}x y",
      "a b:{SHA}x",
      ":{SHA}x",
      "me:{SHA}",
      "a:me:{SHA}x",
      "me:{SHA}x\nyou",
      "me",
    ],
  },
  base64: {
    expected: "expected base64, as `base64 FILE` writes it",
    right: ["AAAA", "AAA=", "AA==\n", "AAAA\nBB==\n", "a+/9"],
    wrong: ["AAA", "A", "AA=A", "AAAA\nA", "====", "AA!!", "!AAAA", "AAAA====", "AA==!!!!", "žAAA"],
  },
};

describe("secrets' formats", () => {
  for (const [format, { expected, right, wrong }] of Object.entries(cases)) {
    it(`a valid ${format} is distinguished from an invalid one`, () => {
      for (const text of right) assert.equal(checkFormat(format as SecretFormat, text), undefined, text);
      for (const text of wrong) assert.equal(checkFormat(format as SecretFormat, text), expected, text);
    });
  }

  it("a text format accepts anything but an empty text or one with a NUL byte", () => {
    assert.equal(checkFormat("text", " any\ntext ž "), undefined);
    for (const empty of ["", " \n\t"]) assert.equal(checkFormat("text", empty), "is empty");
    assert.equal(checkFormat("text", "a\0b"), "expected text; it holds a NUL byte");
  });

  it("an incomplete service account key is refused with the missing fields", () => {
    const check = (value: unknown): string | undefined => checkFormat("google-service-account", JSON.stringify(value));
    const expected = "expected the JSON key file of a Google service account";
    assert.equal(check(account), undefined);
    for (const other of [null, [], ["type"], 5, "text"]) assert.equal(check(other), expected);
    assert.equal(checkFormat("google-service-account", "{"), expected);
    assert.equal(check({ ...account, project_id: "", token_uri: 5 }), `${expected}; it lacks project_id, token_uri`);
    assert.equal(check({}), `${expected}; it lacks type, project_id, private_key, client_email, token_uri`);
  });

  it("an incomplete kubeconfig is refused with the missing fields", () => {
    const text = kubeconfig("https://x.test", "t");
    const all = "expected a kubeconfig; it lacks clusters, users, contexts, current-context";
    assert.equal(checkFormat("kubeconfig", text), undefined);
    assert.equal(checkFormat("kubeconfig", text.replace("users:", "user:")), "expected a kubeconfig; it lacks users");
    for (const other of ["text", "- clusters", "a: 1", `${text}b: [`, `${text}users: []\n`]) {
      assert.equal(checkFormat("kubeconfig", other), all, other);
    }
  });
});
