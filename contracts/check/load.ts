/** Reads the contract files. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { parseDocument } from "yaml";
import { projectFiles } from "../../config/projectFiles.ts";
import { type Contract, contractSchema } from "./format.ts";

const folder = path.dirname(import.meta.dirname);

/** Every folder in components/ is a system. */
const systems = projectFiles("*/index.ts", path.join(folder, "..", "components")).map((file) => path.dirname(file));

/** A contract and its file. */
export interface LoadedContract {
  /** `prow/hook.yaml` */
  readonly file: string;
  readonly system: string;
  readonly contract: Contract;
}

/** All contracts, sorted by file. @throws with every invalid file and key, and every image with two contracts */
export function loadContracts(dir = folder): readonly LoadedContract[] {
  const files = systems.flatMap((system) => projectFiles(`${system}/*.yaml`, dir)).sort();
  const problems: string[] = [];
  const loaded = files.flatMap((file): LoadedContract[] => {
    const document = parseDocument(readFileSync(path.join(dir, file), "utf8"));
    const [error] = document.errors;
    if (error !== undefined) {
      problems.push(`${file}: ${error.message.split("\n")[0] ?? ""}`);
      return [];
    }
    const parsed = contractSchema.safeParse(document.toJS());
    if (!parsed.success) {
      problems.push(...parsed.error.issues.map((issue) => `${file}: ${issue.path.join(".")}: ${issue.message}`));
      return [];
    }
    return [{ file, system: path.dirname(file), contract: parsed.data }];
  });
  const seen = new Map<string, string>();
  for (const { file, contract } of loaded) {
    for (const image of imagesOf(contract)) {
      const other = seen.get(image);
      if (other !== undefined) problems.push(`${file}: image ${image} has a contract already, ${other}`);
      seen.set(image, file);
    }
  }
  if (problems.length > 0) throw new Error(`contracts/ has ${problems.length} problem(s):\n  ${problems.join("\n  ")}`);
  return loaded;
}

/** Names of the images that a contract applies to. */
export function imagesOf({ image }: Contract): readonly string[] {
  return typeof image === "string" ? [image] : image;
}

/** The parts of an image reference: the last segment of its name, and its tag or digest (a digest wins). */
export function imageParts(reference: string): { readonly name: string; readonly version: string } {
  const [before = "", digest] = reference.split("@");
  const last = before.split("/").at(-1) ?? "";
  // The name may be a Template parameter.
  const [name = "", tag] = last.startsWith("${") && !last.includes("}:") ? [last] : last.split(/:(?=[^}]*$)/);
  return { name, version: digest ?? tag ?? "latest" };
}

/** Whether one of the patterns matches a tag or digest. */
export function tagMatches(tags: readonly string[], version: string): boolean {
  return tags.some((tag) => (tag.endsWith("*") ? version.startsWith(tag.slice(0, -1)) : tag === version));
}
