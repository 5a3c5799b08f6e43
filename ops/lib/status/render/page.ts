/** Reports as one self-contained page: for each stack an orrery with a planet a system and a moon a part. */
import { readFileSync } from "node:fs";
import path from "node:path";
import type { Report } from "../row.ts";

/** What a page shows: one stack, or several side by side. */
export interface PageData {
  /** Name of the stack, or the pattern of several. */
  readonly title: string;
  readonly reports: readonly Report[];
}

/** The page's HTML. @param every - seconds after which it asks its server again. @default never, it is a file */
export function statusPage(data: PageData, every?: number): string {
  const part = (name: string): string => readFileSync(path.join(import.meta.dirname, "page", name), "utf8");
  const parts: Readonly<Record<string, string>> = {
    "/*STYLE*/": part("status.css"),
    // No "<", so that no text can close the script element.
    "/*DATA*/": JSON.stringify({ ...data, every }).replaceAll("<", "\\u003c"),
    "/*SCRIPT*/": part("status.js"),
  };
  return part("status.html").replaceAll(/\/\*(STYLE|DATA|SCRIPT)\*\//g, (mark) => parts[mark] ?? "");
}
