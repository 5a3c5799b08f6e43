/** Programs that single commands use, and that the lab runs without. */
import { existsSync } from "node:fs";
import path from "node:path";
import { chromium } from "./browser.ts";

/** A sentence for each that is missing, with what to do. @param searchPath - as in PATH */
export function missingPrograms(searchPath = process.env.PATH ?? ""): readonly string[] {
  const hasSkopeo = searchPath.split(":").some((folder) => existsSync(path.join(folder, "skopeo")));
  return [
    ...(hasSkopeo
      ? []
      : ["skopeo is missing: a start with --upstream-images installs it, or apt-get install skopeo does."]),
    ...(chromium(searchPath) === undefined
      ? ["Chromium is missing: npm run lab -- browse prints a line for curl; apt-get install chromium."]
      : []),
  ];
}
