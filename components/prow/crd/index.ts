/** The kind ProwJob, as upstream's pinned commit defines it. */
import { readFileSync } from "node:fs";
import path from "node:path";
import type * as k8s from "@pulumi/kubernetes";

/** Where the definition comes from; `npm run ops -- prow crd` checks and renews it. */
export interface DefinitionPin {
  /** Go module and its version, which ends with the commit. */
  readonly module: string;
  readonly version: string;
  /** Path inside the module. */
  readonly file: string;
  /** SHA-256 of that file, in hexadecimal digits. */
  readonly sha256: string;
}

/** The pinned definition. */
interface PinnedDefinition {
  readonly upstream: DefinitionPin;
  readonly metadata: { readonly name: string; readonly annotations: Readonly<Record<string, string>> };
  readonly spec: k8s.types.input.apiextensions.v1.CustomResourceDefinitionSpec;
}

/** File of the pinned definition. */
export const definitionFile = path.join(import.meta.dirname, "prowjob.json");

/** What the program makes of it. */
export const prowJobCrd = JSON.parse(readFileSync(definitionFile, "utf8")) as PinnedDefinition;
