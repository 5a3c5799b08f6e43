/** Unpacks an export of Dgraph, and compares it with what was exported. It is not loaded: no Dgraph is on the machines that drill. */
import { createHash } from "node:crypto";
import { createReadStream, existsSync, globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { createGunzip } from "node:zlib";
import { type ExportContents, exportContentsFile } from "../../../components/thoth/dgraph/exports.ts";
import type { DrillOf, DrillResult } from "./drilled.ts";

/** A line of RDF as Dgraph exports it: `<_:uid1f> <name> "Fedora" .`; later versions write `<0x1f>`. */
const quad = /^<(?:_:uid|0x)[0-9a-f]+> <[^>]+> .+ \.$/;

/** Drills a backup of a graph. */
export const drillGraph: DrillOf = async (restore) => {
  const folder = mkdtempSync(path.join(tmpdir(), "orrery-drill-"));
  try {
    await restore(folder);
    const [found] = globSync(`${folder}/**/${exportContentsFile}`);
    if (found === undefined) return { problems: [`the backup has no ${exportContentsFile}`], compared: "" };
    return await compareExport(path.dirname(found));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

/** Compares a folder with its list of what was exported. */
export async function compareExport(folder: string): Promise<DrillResult> {
  const { files } = JSON.parse(readFileSync(path.join(folder, exportContentsFile), "utf8")) as ExportContents;
  const problems: string[] = [];
  let quads = 0;
  for (const [name, saved] of Object.entries(files)) {
    const problem = await compareFile(path.join(folder, name), saved);
    if (problem !== undefined) problems.push(`${name} ${problem}`);
    if (isData(name)) quads += saved.lines;
  }
  const groups = Object.keys(files).filter(isData).length;
  if (groups === 0) problems.push("the export has no data of any group");
  return { problems, compared: `${groups} ${groups === 1 ? "group" : "groups"}, ${quads} N-Quads, not loaded` };
}

const isData = (name: string): boolean => name.endsWith(".rdf.gz");

/** What is wrong with a file. */
async function compareFile(file: string, saved: ExportContents["files"][string]): Promise<string | undefined> {
  if (!existsSync(file)) return "is missing";
  const hash = createHash("sha256");
  const packed = createReadStream(file).on("data", (bytes) => hash.update(bytes));
  const unpacked = createGunzip();
  packed.on("error", (error) => unpacked.destroy(error)).pipe(unpacked);
  let [lines, strange] = [0, 0];
  try {
    for await (const line of createInterface({ input: unpacked })) {
      lines += 1;
      if (isData(file) && !quad.test(line)) strange = strange === 0 ? lines : strange;
    }
  } catch (error) {
    return `cannot be unpacked: ${(error as Error).message}`;
  }
  // A schema's last line may have no end, which wc does not count; its checksum says all.
  if (isData(file) && lines !== saved.lines) return `has ${lines} lines, ${saved.lines} were saved`;
  if (hash.digest("hex") !== saved.sha256) return "is not what was saved";
  return strange === 0 ? undefined : `has a line that is no N-Quad: ${strange}`;
}
