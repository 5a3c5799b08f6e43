/** Reads the files of jobs and packs them for job-config. */
import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";

/** One file of jobs. */
export interface JobFile {
  /** Path below the folder of all jobs. */
  readonly path: string;
  readonly text: string;
}

/** Key of a file in job-config: its base name alone, as Prow's updater makes it. */
export const jobKey = (file: JobFile): string => path.basename(file.path);

/** Bytes of a ConfigMap's data that the API server takes. */
export const configMapLimit = 1024 * 1024;
/** Text beyond this is compressed: jobs grow, and the object must keep fitting until somebody looks. */
const plainLimit = 700 * 1024;

/** All job files below a folder, in a fixed order. @throws if there is no such folder, or no file in it */
export function readJobs(folder: string): readonly JobFile[] {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) throw new Error(`there is no folder ${folder}`);
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".yaml"))
    .sort();
  if (files.length === 0) throw new Error(`${folder} has no .yaml file`);
  return files.map((name) => ({ path: name, text: readFileSync(path.join(folder, name), "utf8") }));
}

/** Data of job-config. */
export interface PackedJobs {
  readonly data: Readonly<Record<string, string>>;
  /** base64 of gzip, which Prow reads as if it were text. */
  readonly binaryData?: Readonly<Record<string, string>>;
  /** What the API server counts. */
  readonly bytes: number;
}

/** Packs job files: as text while they fit, otherwise compressed. */
export function packJobs(files: readonly JobFile[]): PackedJobs {
  const plain = Object.fromEntries(files.map((file) => [jobKey(file), file.text]));
  const bytes = files.reduce((sum, file) => sum + Buffer.byteLength(file.text) + jobKey(file).length, 0);
  if (bytes <= plainLimit) return { data: plain, bytes };
  const packed = files.map((file) => [jobKey(file), gzipSync(file.text, { level: 9 })] as const);
  return {
    data: {},
    binaryData: Object.fromEntries(packed.map(([key, content]) => [key, content.toString("base64")])),
    bytes: packed.reduce((sum, [key, content]) => sum + key.length + content.length, 0),
  };
}
