/** A package archive of one package, as apt reads it from a folder. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

/** The package, which does nothing. */
export const samplePackage = "orrery-sample";

/** A tar of the archive: `old.deb` is version 1.0, and the index has 2.0. */
export function archive(): Buffer {
  const folder = mkdtempSync(path.join(tmpdir(), "callysto-archive-"));
  try {
    build(folder, "old.deb", "1.0");
    const control = build(folder, "new.deb", "2.0");
    const file = readFileSync(path.join(folder, "new.deb"));
    const sum = createHash("sha256").update(file).digest("hex");
    const place = `Filename: ./new.deb\nSize: ${file.length}\nSHA256: ${sum}\n`;
    writeFileSync(path.join(folder, "Packages"), `${control}${place}`);
    return execFileSync("tar", ["-C", folder, "-c", "Packages", "old.deb", "new.deb"]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Builds the package. @returns its control file */
function build(folder: string, name: string, version: string): string {
  const fields = {
    Package: samplePackage,
    Version: version,
    Architecture: "all",
    Maintainer: "Live test <test@lab.test>",
  };
  const control = Object.entries({ ...fields, Description: "Nothing" })
    .map(([field, value]) => `${field}: ${value}\n`)
    .join("");
  const root = path.join(folder, version);
  mkdirSync(path.join(root, "DEBIAN"), { recursive: true });
  writeFileSync(path.join(root, "DEBIAN/control"), control);
  execFileSync("dpkg-deb", ["--root-owner-group", "--build", root, path.join(folder, name)], { stdio: "ignore" });
  return control;
}
