/** Prow's own programs, and folders with an environment's files as its pods have them. */
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import type { ConfigMapText } from "../../../components/prow/files/index.ts";
import { ensureTool } from "../../../lab/tools/tools.ts";

/** Folder of checkconfig, hook and deck. */
export const prowTools = (): Promise<string> => ensureTool("prow", console.log);

/** Writes ConfigMaps as a pod mounts them: a folder each, named by its key. Prow reads compressed files itself. */
export function mountConfigMaps(texts: readonly ConfigMapText[], folder: string): void {
  for (const { key, data, binaryData } of texts) {
    mkdirSync(path.join(folder, key), { recursive: true });
    for (const [file, text] of Object.entries(data)) writeFileSync(path.join(folder, key, file), text);
    for (const [file, text] of Object.entries(binaryData ?? {})) {
      const content = Buffer.from(text, "base64");
      gunzipSync(content); // @throws if it is not what it says
      writeFileSync(path.join(folder, key, file), content);
    }
  }
}

/** Flags that name the mounted files. */
const configFlags = (folder: string): readonly string[] => [
  `--config-path=${path.join(folder, "config", "config.yaml")}`,
  `--job-config-path=${path.join(folder, "job-config")}`,
  `--plugin-config=${path.join(folder, "plugins", "plugins.yaml")}`,
];

/** Runs checkconfig, with each of its warnings as an error. @returns what it says is wrong; empty when it accepts */
export function checkconfig(tools: string, folder: string): string {
  const { status, stderr } = spawnSync(path.join(tools, "checkconfig"), ["--strict", ...configFlags(folder)], {
    encoding: "utf8",
  });
  if (status === 0) return "";
  const said = stderr
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { level: string; msg: string; error?: string })
    .filter(({ level }) => /warning|error|fatal/.test(level));
  return said.map(({ msg, error }) => `${msg} ${error ?? ""}`).join("\n") || stderr;
}
