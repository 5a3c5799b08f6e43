/** Images as OpenShift builds them of Python's sources: sclorg's start script and folders, with programs of our own. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { type Recipe, searchPath, trustAuthorities, users } from "./recipes.ts";

/** Text of a file below `thoth/`. */
export const text = (...file: readonly string[]): string =>
  readFileSync(path.join(import.meta.dirname, "thoth", ...file), "utf8");

export const home = "/opt/app-root";

/** As sclorg's image of a Python, in which the cluster builds the programs; Debian's Python is 3.11. */
const python = {
  packages: ["bash", "ca-certificates", "coreutils", "grep", "libnss-wrapper", "python3"],
  checked: true,
  // Some are given a PYTHONPATH of their own, so the packages are where Python looks without one.
  script: `
    ln -sf bash bin/sh
    ${trustAuthorities}
    mkdir -p usr/local/lib/python3.11 && ln -s /opt/python usr/local/lib/python3.11/dist-packages
    mkdir -p tmp && chmod 1777 tmp
    chown -R 1001:0 opt/app-root && chmod -R g=u opt/app-root`,
  config: {
    Entrypoint: ["/usr/libexec/s2i/run"],
    User: "1001",
    Env: [`${searchPath}:/opt/python/bin`, "PYTHONUNBUFFERED=1", `HOME=${home}/src`],
    WorkingDir: `${home}/src`,
  },
} as const;

/** What differs from image to image. */
interface Own extends Required<Pick<Recipe, "name" | "images" | "program" | "python">> {
  /** Files in the program's folder: name to content. */
  readonly sources: Readonly<Record<string, string>>;
  /** Further Debian packages. @default none */
  readonly packages?: readonly string[];
}

/** An image with a program's own files, start script and users. */
export function s2iImage({ sources, packages = [], ...own }: Own): Recipe {
  const inHome = Object.entries(sources).map(([name, content]) => [`${home}/src/${name}`, content] as const);
  return {
    ...python,
    ...own,
    packages: [...python.packages, ...packages],
    files: {
      "/usr/libexec/s2i/run": text("s2i", "run.sh"),
      "/etc/group": users({}),
      [`${home}/etc/passwd`]: users({}),
      ...Object.fromEntries(inHome),
    },
  };
}
