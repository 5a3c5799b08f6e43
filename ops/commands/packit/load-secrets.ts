/** `orrery packit load-secrets`. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { defineCommand } from "../../../cli/command.ts";
import { secretProblems, writeSecrets } from "../../lib/secrets.ts";
import { stackOptions } from "../../lib/stack.ts";
import { fileSecrets } from "../../lib/packit/secretFiles.ts";
import { openService, serviceOptions } from "../../lib/packit/service.ts";

/** The name that a secret's file has in a folder: the SSH key's has changed in 2023. */
function fileIn(folder: string, file: string): string {
  const since = file.replace(/^id_rsa/, "id_ed25519");
  return existsSync(path.join(folder, since)) ? since : file;
}

export const command = defineCommand({
  usage: "FOLDER",
  about: `Imports a folder of secret files into a stack. The folder is laid out as secrets/SERVICE/DEPLOYMENT of the secrets repository; the files
are written byte by byte, encrypted with the stack's passphrase. If one is missing or malformed, all problems are reported and nothing is
written.`,
  options: {
    ...stackOptions,
    ...serviceOptions,
    "dry-run": { type: "boolean", help: "write nothing, say what would be written" },
  },
  run(values, [folder]) {
    const opened = openService(values);
    const { schema, service, name: stack } = opened;
    const all = fileSecrets(opened);
    const there = all
      .map((one) => ({ ...one, file: fileIn(folder, one.file) }))
      .filter(({ file }) => existsSync(path.join(folder, file)));
    // An empty file stands for a secret that the environment does not use.
    const contents = there
      .map((one) => ({ ...one, bytes: readFileSync(path.join(folder, one.file)) }))
      .filter(({ bytes, required }) => required || bytes.length > 0);
    const texts = Object.fromEntries(
      contents.map(({ name, bytes, binary }) => [name, binary ? bytes.toString("base64") : bytes.toString("utf8")]),
    );
    const change = { stack: opened, schema, texts };
    const problems = [
      ...all
        .filter((one) => one.required && !there.some(({ name }) => name === one.name))
        .map(({ name, file }) => `${service}:${name}: ${folder} has no ${file}`),
      ...secretProblems(change),
    ];
    if (problems.length > 0) throw new Error(`nothing was written:\n  ${problems.join("\n  ")}`);
    const { dryRun } = values;
    writeSecrets([change], dryRun);
    for (const { name, file } of contents)
      console.log(`${dryRun ? "would set" : "set"} ${service}:${name} from ${file}`);
    if (!dryRun) console.log(`next: npx pulumi up --stack ${stack}; what uses a changed secret restarts`);
    return 0;
  },
});
