/** `orrery packit zuul-secrets`. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { defineCommand } from "../../../cli/command.ts";
import { missingFiles } from "../../lib/packit/secretFiles.ts";
import { encrypt, fetchPublicKey, project, readPublicKey, secretFile, secrets } from "../../lib/packit/zuul.ts";

export const command = defineCommand({
  about: `Encrypts secrets for Zuul CI with the project's public key. Writes one file per secret: NAME-secret.yaml, field value. Only Zuul can
decrypt them; commit them to the repository whose jobs use them. fedora.keytab is encoded as base64. Secrets:
${Object.keys(secrets).join(", ")}.`,
  options: {
    from: {
      type: "string",
      value: "FOLDER",
      required: true,
      help: `folder with ${Object.values(secrets).join(", ")}; generate-secrets writes one`,
    },
    out: {
      type: "string",
      value: "FOLDER",
      default: path.join("secrets", "zuul"),
      help: "where the files are written",
    },
    "public-key": { type: "string", value: "FILE", help: "the project's public key (default: from Zuul)" },
    url: { type: "string", value: "URL", default: project.url, help: "Zuul's address" },
    tenant: { type: "string", value: "NAME", default: project.tenant, help: "Zuul's tenant" },
    project: { type: "string", value: "NAME", default: project.name, help: "Zuul's project" },
    "dry-run": { type: "boolean", help: "write nothing, say what would be written" },
  },
  async run(values) {
    const { from, out, dryRun } = values;
    const missing = missingFiles(from, Object.values(secrets));
    if (missing.length > 0) throw new Error(`${from} lacks ${missing.join(", ")}; nothing was written`);
    const file = values.publicKey;
    const pem =
      file === undefined ? await fetchPublicKey(values.url, values.tenant, values.project) : readFileSync(file, "utf8");
    const key = readPublicKey(pem);
    const written = Object.entries(secrets).map(([name, source]) => {
      const bytes = readFileSync(path.join(from, source));
      const plain = source === secrets.fedora_keytab ? Buffer.from(bytes.toString("base64")) : bytes;
      return { to: path.join(out, `${name}-secret.yaml`), content: secretFile(name, encrypt(key, plain)) };
    });
    if (!dryRun) mkdirSync(out, { recursive: true });
    for (const { to, content } of written) {
      if (!dryRun) writeFileSync(to, content);
      console.log(`${dryRun ? "would write" : "wrote"} ${to}`);
    }
    return 0;
  },
});
