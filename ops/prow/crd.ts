/** Checks the pinned definition of ProwJobs against upstream's file, or takes it from another commit. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { type DefinitionPin, definitionFile, prowJobCrd } from "../../components/prow/crd/index.ts";
import { trimDefinition } from "../../components/prow/crd/trim.ts";
import { type Command, text } from "../command.ts";

const help = `Usage: npm run ops -- prow crd [--commit C] [--dry-run]

Without --commit: fetches the file of the pinned commit (Go's module proxy and checksum database), compares its SHA-256 with
the pinned one, and tells whether components/prow/crd/prowjob.json is what it makes. Exit code 1 when it is not.

  --commit C         take the definition of this commit or version of sigs.k8s.io/prow, and pin it
  --dry-run          tell what would change, and leave the file as it is

Needs Go. The definition that is deployed is shorter than upstream's: see components/prow/crd/trim.ts.`;

export const command: Command = {
  help,
  options: { commit: { type: "string" }, "dry-run": { type: "boolean" } },
  async run({ values }) {
    const pinned = prowJobCrd.upstream;
    const wanted = text(values, "commit");
    const { pin, definition } = await fetchDefinition(wanted ?? pinned.version, pinned);
    if (wanted === undefined) return check(pinned, pin, definition);
    if (pin.version === pinned.version) {
      console.log(`${pin.version} is pinned already; nothing to do`);
      return 0;
    }
    console.log(`${pinned.version} (sha256 ${pinned.sha256}) -> ${pin.version} (sha256 ${pin.sha256})`);
    if (values["dry-run"] !== true) {
      writeFileSync(definitionFile, definition);
      console.log(`wrote ${path.relative(process.cwd(), definitionFile)}; look at its diff, then npm run test:unit`);
    }
    return 0;
  },
};

function check(pinned: DefinitionPin, found: DefinitionPin, definition: string): number {
  if (found.sha256 !== pinned.sha256) {
    console.log(`WRONG  ${pinned.version}: the file has sha256 ${found.sha256}, and ${pinned.sha256} is pinned`);
    return 1;
  }
  if (readFileSync(definitionFile, "utf8") !== definition) {
    console.log(`WRONG  ${path.relative(process.cwd(), definitionFile)} is not what the pinned file makes`);
    return 1;
  }
  console.log(`ok     ${pinned.version}, sha256 ${pinned.sha256}`);
  return 0;
}

/** The file at a version, and the text that prowjob.json then has. @throws naming what could not be had */
async function fetchDefinition(
  version: string,
  { module, file }: DefinitionPin,
): Promise<{ pin: DefinitionPin; definition: string }> {
  const folder = mkdtempSync(path.join(tmpdir(), "orrery-prow-"));
  try {
    writeFileSync(path.join(folder, "go.mod"), "module orrery\n");
    const answer = await promisify(execFile)("go", ["mod", "download", "-json", `${module}@${version}`], {
      cwd: folder,
    }).catch((error: unknown) => {
      throw new Error(`${module}@${version} could not be had: ${reason(error)}`);
    });
    const { Version: exact, Dir: dir } = JSON.parse(answer.stdout) as { Version: string; Dir: string };
    const at = path.join(dir, file);
    if (!existsSync(at)) throw new Error(`${module}@${exact} has no ${file}`);
    const content = readFileSync(at);
    const pin = { module, version: exact, file, sha256: createHash("sha256").update(content).digest("hex") };
    return { pin, definition: definitionText(pin, content.toString()) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Text of prowjob.json. */
export function definitionText(upstream: DefinitionPin, content: string): string {
  return `${JSON.stringify({ upstream, ...trimDefinition(content) }, undefined, 1)}\n`;
}

function reason(error: unknown): string {
  if (error instanceof Error && "code" in error && error.code === "ENOENT") return "Go is not installed";
  const said = error instanceof Error && "stdout" in error ? String(error.stdout) : "";
  const told = /"Error": "(.*)"/.exec(said)?.[1];
  return told ?? (error instanceof Error ? (error.message.trim().split("\n").at(-1) ?? "") : String(error));
}
