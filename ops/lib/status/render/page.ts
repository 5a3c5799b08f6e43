/** The report as one self-contained page: an orrery with a planet a system and a moon a part. */
import { readFileSync } from "node:fs";
import path from "node:path";
import type { Report } from "../row.ts";

/** The page's HTML. @param every - seconds after which it asks its server again. @default never, it is a file */
export function statusPage(report: Report, every?: number): string {
  const part = (name: string): string => readFileSync(path.join(import.meta.dirname, "page", name), "utf8");
  const parts: Readonly<Record<string, string>> = {
    "/*STYLE*/": part("status.css"),
    // No "<", so that no text can close the script element.
    "/*DATA*/": JSON.stringify({ report, every }).replaceAll("<", "\\u003c"),
    "/*SCRIPT*/": part("status.js"),
  };
  return part("status.html").replaceAll(/\/\*(STYLE|DATA|SCRIPT)\*\//g, (mark) => parts[mark] ?? "");
}
