/** The files of the secrets repository. */
import { existsSync } from "node:fs";
import path from "node:path";
import { wantedSecrets } from "../../../config/secrets.ts";
import type { Service } from "./service.ts";

/** A secret and the file that it was kept in. */
interface FileSecret {
  readonly name: string;
  readonly file: string;
  readonly required: boolean;
  /** A binary file, kept as base64. */
  readonly binary: boolean;
}

/** The service's secrets that are files of the secrets repository. */
export function fileSecrets({ schema, settings }: Pick<Service, "schema" | "settings">): readonly FileSecret[] {
  return wantedSecrets(schema, settings).flatMap(({ name, spec, required, legacySource }) => {
    const file = legacySource?.file;
    return file === undefined || file.includes("#") ? [] : [{ name, file, required, binary: spec.format === "base64" }];
  });
}

/** Files that a folder lacks. */
export function missingFiles(folder: string, files: readonly string[]): readonly string[] {
  return files.filter((file) => !existsSync(path.join(folder, file)));
}
