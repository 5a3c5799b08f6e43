/** Encrypts secrets for Zuul CI. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type Command, text, UsageError } from "../command.ts";
import { encrypt, fetchPublicKey, project, readPublicKey, secretFile, secrets } from "./zuul.ts";

/** Files that a folder lacks. */
export function missingFiles(folder: string, files: readonly string[]): readonly string[] {
  return files.filter((file) => !existsSync(path.join(folder, file)));
}

export const command: Command = {
  help: `Usage: npm run ops -- packit zuul-secrets --from DIR [--out DIR] [--public-key FILE] [--dry-run]

Encrypts the secrets that Zuul's jobs use with the project's public key, one file a secret: NAME-secret.yaml, field value. Zuul
alone can read them; commit them to the repository whose jobs use them. fedora.keytab goes in as base64.
Secrets: ${Object.keys(secrets).join(", ")}

  --from DIR         folder with ${Object.values(secrets).join(", ")}; generate-secrets makes one
  --out DIR          where the files are written (default secrets/zuul)
  --public-key FILE  the project's public key (default: Zuul is asked)
  --url URL          Zuul's address (default ${project.url})
  --tenant NAME      (default ${project.tenant})
  --project NAME     (default ${project.name})
  --dry-run          write nothing, say what would be written`,
  options: {
    from: { type: "string" },
    out: { type: "string" },
    "public-key": { type: "string" },
    url: { type: "string" },
    tenant: { type: "string" },
    project: { type: "string" },
    "dry-run": { type: "boolean" },
  },
  async run({ values }) {
    const from = text(values, "from");
    if (from === undefined) throw new UsageError("whose secrets? name the folder that has them by --from");
    const missing = missingFiles(from, Object.values(secrets));
    if (missing.length > 0) throw new Error(`${from} lacks ${missing.join(", ")}; nothing was written`);
    const file = text(values, "public-key");
    const pem =
      file === undefined
        ? await fetchPublicKey(
            text(values, "url") ?? project.url,
            text(values, "tenant") ?? project.tenant,
            text(values, "project") ?? project.name,
          )
        : readFileSync(file, "utf8");
    const key = readPublicKey(pem);
    const out = text(values, "out") ?? path.join("secrets", "zuul");
    const written = Object.entries(secrets).map(([name, source]) => {
      const bytes = readFileSync(path.join(from, source));
      const plain = source === secrets.fedora_keytab ? Buffer.from(bytes.toString("base64")) : bytes;
      return { to: path.join(out, `${name}-secret.yaml`), content: secretFile(name, encrypt(key, plain)) };
    });
    if (values["dry-run"] !== true) mkdirSync(out, { recursive: true });
    for (const { to, content } of written) {
      if (values["dry-run"] !== true) writeFileSync(to, content);
      console.log(`${values["dry-run"] === true ? "would write" : "wrote"} ${to}`);
    }
    return 0;
  },
};
