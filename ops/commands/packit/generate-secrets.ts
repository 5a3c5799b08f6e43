/** `orrery packit generate-secrets`. */
import { createPublicKey, generateKeyPair } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { defineCommand } from "../../../cli/command.ts";
import { withPassingFolder } from "../../../cli/passingFolder.ts";
import { UsageError } from "../../../cli/usage.ts";
import { output } from "../../lib/process.ts";
import { devFiles, type DevValues, devValues } from "../../lib/packit/devFiles.ts";

/** A new RSA key in PEM, as OpenSSL and OpenSSH take it. */
async function rsaKey(bits: number): Promise<string> {
  const { privateKey } = await promisify(generateKeyPair)("rsa", { modulusLength: bits });
  return privateKey.export({ format: "pem", type: "pkcs1" }).toString();
}

/** The line of authorized_keys that belongs to an RSA key. */
function sshPublicKey(pem: string, comment: string): string {
  const { e, n } = createPublicKey(pem).export({ format: "jwk" });
  // SSH writes numbers with a sign: a leading 1 bit needs a zero byte before it.
  const number = (text: string | undefined): Buffer => {
    const bytes = Buffer.from(text ?? "", "base64url");
    return (bytes[0] ?? 0) < 0x80 ? bytes : Buffer.concat([Buffer.from([0]), bytes]);
  };
  const parts = [Buffer.from("ssh-rsa"), number(e), number(n)].flatMap((part) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(part.length);
    return [length, part];
  });
  return `ssh-rsa ${Buffer.concat(parts).toString("base64")} ${comment}\n`;
}

/** A certificate for localhost that its own key has signed, good for a year. */
function selfSigned(keyFile: string): Promise<string> {
  const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
  return output("openssl", ["req", "-x509", "-new", "-key", keyFile, "-days", "365", ...names]);
}

/** A certificate with a key that is made for it, one after the other. */
function certificateAndKey(): Promise<readonly [certificate: string, key: string]> {
  return withPassingFolder(async (folder) => {
    const key = await rsaKey(2048);
    writeFileSync(path.join(folder, "key"), key, { mode: 0o600 });
    return [await selfSigned(path.join(folder, "key")), key];
  });
}

/** The options' values. @throws UsageError if there is no such value */
function valuesOf(words: readonly string[]): DevValues {
  const given = words.map((word): [string, string] => {
    const at = word.indexOf("=");
    const name = at < 0 ? word : word.slice(0, at);
    if (at < 0 || !Object.hasOwn(devValues, name)) {
      throw new UsageError(`--set ${word}: give NAME=VALUE, NAME one of ${Object.keys(devValues).join(", ")}`);
    }
    return [name, word.slice(at + 1)];
  });
  return { ...devValues, ...Object.fromEntries(given) };
}

export const command = defineCommand({
  about: `Generates the secret files of a development environment in a folder. They are private-key.pem (of the GitHub App; download your App's key
to that name beforehand and it is kept), privkey.pem and fullchain.pem for localhost, id_rsa and id_rsa.pub, centos-server-ca.cert and
centos.cert, packit-service.yaml, fedora.toml, copr, ssh_config, empty fedora.keytab and sentry_key. Existing files are kept. Then copy the
folder to packit-service for docker-compose, or: npx orrery packit load-secrets FOLDER --stack S. The program itself generates the passwords
of PostgreSQL, Flower and redis-commander.`,
  options: {
    out: { type: "string", value: "FOLDER", default: path.join("secrets", "packit", "dev"), help: "the folder" },
    set: {
      type: "string",
      value: "NAME=VALUE",
      multiple: true,
      help: `a value instead of a placeholder: ${Object.keys(devValues).join(", ")}`,
    },
    "dry-run": { type: "boolean", help: "write nothing, say what would be written" },
  },
  async run(values) {
    const { out } = values;
    const given = valuesOf(values.set);
    const { dryRun } = values;
    if (!dryRun) mkdirSync(out, { recursive: true, mode: 0o755 });
    const file = (name: string): string => path.join(out, name);
    const make = async (name: string, content: () => string | Promise<string>): Promise<void> => {
      if (existsSync(file(name))) {
        console.log(`${file(name)} exists`);
        return;
      }
      if (!dryRun) writeFileSync(file(name), await content(), { mode: 0o600 });
      console.log(`${dryRun ? "would write" : "wrote"} ${file(name)}`);
    };
    await make("private-key.pem", () => rsaKey(2048));
    await make("privkey.pem", () => rsaKey(2048));
    await make("fullchain.pem", () => selfSigned(file("privkey.pem")));
    await make("id_rsa", () => rsaKey(4096));
    await make("id_rsa.pub", () => sshPublicKey(readFileSync(file("id_rsa"), "utf8"), "packit-dev"));
    // Good enough to start the listener, not to log in.
    await make("centos-server-ca.cert", async () => (await certificateAndKey())[0]);
    await make("centos.cert", async () => (await certificateAndKey()).join(""));
    for (const [name, content] of Object.entries(devFiles(given))) await make(name, () => content);
    return 0;
  },
});
