/** `orrery prow crd`. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { childEnvironment } from "../../../config/childEnvironment.ts";
import { type DefinitionPin, definitionFile, prowJobCrd } from "../../../components/prow/crd/index.ts";
import { trimDefinition } from "../../../components/prow/crd/trim.ts";
import { defineCommand } from "../../../cli/command.ts";

export const command = defineCommand({
  about: `Checks the definition of ProwJobs against upstream, or updates it. Without --commit it fetches the file of the pinned commit (Go's module
proxy and checksum database), compares its SHA-256 with the pinned one, and checks that components/prow/crd/prowjob.json is generated
from it. Exit code 1 if not. Requires Go. The deployed definition is shorter than upstream's: see components/prow/crd/trim.ts.`,
  options: {
    commit: {
      type: "string",
      value: "C",
      help: "use the definition of this commit or version of sigs.k8s.io/prow, and pin it",
    },
    "dry-run": { type: "boolean", help: "say what would change, and leave the file as it is" },
  },
  async run(values) {
    const pinned = prowJobCrd.upstream;
    const wanted = values.commit;
    const { pin, definition } = await fetchDefinition(wanted ?? pinned.version, pinned);
    if (wanted === undefined) return check(pinned, pin, definition);
    if (pin.version === pinned.version) {
      console.log(`${pin.version} is pinned already; nothing to do`);
      return 0;
    }
    console.log(`${pinned.version} (sha256 ${pinned.sha256}) -> ${pin.version} (sha256 ${pin.sha256})`);
    if (!values.dryRun) {
      writeFileSync(definitionFile, definition);
      console.log(`wrote ${path.relative(process.cwd(), definitionFile)}; review its diff, then npm run test:unit`);
    }
    return 0;
  },
});

function check(pinned: DefinitionPin, found: DefinitionPin, definition: string): number {
  if (found.sha256 !== pinned.sha256) {
    console.log(`WRONG  ${pinned.version}: the file has sha256 ${found.sha256}, and ${pinned.sha256} is pinned`);
    return 1;
  }
  if (readFileSync(definitionFile, "utf8") !== definition) {
    console.log(`WRONG  ${path.relative(process.cwd(), definitionFile)} is not generated from the pinned file`);
    return 1;
  }
  console.log(`ok     ${pinned.version}, sha256 ${pinned.sha256}`);
  return 0;
}

/** The file at a version, and the text of prowjob.json for it. @throws naming what could not be downloaded */
async function fetchDefinition(
  version: string,
  { module, file }: DefinitionPin,
): Promise<{ pin: DefinitionPin; definition: string }> {
  const folder = mkdtempSync(path.join(tmpdir(), "orrery-prow-"));
  try {
    writeFileSync(path.join(folder, "go.mod"), "module orrery\n");
    const answer = await promisify(execFile)("go", ["mod", "download", "-json", `${module}@${version}`], {
      cwd: folder,
      env: childEnvironment("go"),
      timeout: 600_000,
    }).catch((error: unknown) => {
      throw new Error(`${module}@${version} could not be downloaded: ${reason(error)}`);
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
function definitionText(upstream: DefinitionPin, content: string): string {
  return `${JSON.stringify({ upstream, ...trimDefinition(content) }, undefined, 1)}\n`;
}

function reason(error: unknown): string {
  if (error instanceof Error && "code" in error && error.code === "ENOENT") return "Go is not installed";
  const said = error instanceof Error && "stdout" in error ? String(error.stdout) : "";
  const message = /"Error": "(.*)"/.exec(said)?.[1];
  return message ?? (error instanceof Error ? (error.message.trim().split("\n").at(-1) ?? "") : String(error));
}
