/** Pages of the docs' site: README.md and docs/, with the links that a site can follow. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { projectFiles } from "../config/projectFiles.ts";
import { projectDir } from "../config/stackFile.ts";

/** Files at the top of the project that are pages of the site, with their names there. */
const top: Readonly<Record<string, string>> = {
  "README.md": "index.md",
  "CHANGELOG.md": "changelog.md",
  "SECURITY.md": "reporting.md",
};

/** Texts of all pages by their path in the site, e.g. `reference/packit.md`. */
export function sitePages(): ReadonlyMap<string, string> {
  const all = [...Object.keys(top), ...projectFiles("docs/**/*.md").toSorted()];
  return new Map(all.map((file) => [placeOf(file), linked(file, readFileSync(path.join(projectDir, file), "utf8"))]));
}

const placeOf = (file: string): string => top[file] ?? file.replace(/^docs\//, "");

/** The text with links to other places of the site; what is no page of it is named, not linked. */
function linked(file: string, text: string): string {
  const home = path.posix.dirname(placeOf(file));
  return text.replaceAll(
    /(!?)\[((?:[^\]\\]|\\.)*)\]\((?!https?:|mailto:|#)([^)\s]+)\)/g,
    (_, image: string, words: string, to: string) => {
      const [target = "", anchor] = to.split("#");
      const aim = path.posix.normalize(path.posix.join(path.posix.dirname(file), target));
      if (!(aim in top) && !aim.startsWith("docs/")) return words;
      const place = path.posix.relative(home, placeOf(aim));
      return `${image}[${words}](${place}${anchor === undefined ? "" : `#${anchor}`})`;
    },
  );
}

/** Sections by their pages; what no section names is in the last one but the history. */
const sections: Readonly<Record<string, readonly string[]>> = {
  "Get started": ["index", "configuration", "moving-in", "troubleshooting", "changelog"],
  Systems: ["callysto", "dials", "packit", "prow", "thoth"],
  Operate: ["releases", "state", "security", "reporting", "review", "policy", "contracts", "faults"],
  Develop: ["contributing", "architecture", "building-blocks", "toolchain", "lab", "performance", "parity"],
};

/** The site's menu, as mkdocs takes it. */
export function navigation(pages: readonly string[]): readonly object[] {
  const named = Object.entries(sections).map(([title, names]) => ({
    title,
    own: names.map((name) => `${name}.md`).filter((page) => pages.includes(page)),
  }));
  const inSections = new Set(named.flatMap(({ own }) => own));
  const rest = pages.filter((page) => !inSections.has(page));
  const more = rest.filter((page) => !page.includes("/"));
  const below = (folder: string): readonly string[] => rest.filter((page) => page.startsWith(`${folder}/`));
  return [
    ...named.map(({ title, own }) => ({ [title]: own })),
    ...(more.length === 0 ? [] : [{ More: more }]),
    { Reference: below("reference") },
    { History: below("history") },
  ];
}
