/** Every page of the documentation: links, paths and commands in it are real. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "mocha";
import { main } from "../../cli/main.ts";
import { projectFiles } from "../../config/projectFiles.ts";
import { projectDir } from "../../config/stackFile.ts";

const pages = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", ...projectFiles("docs/**/*.md")];
const textOf = (page: string): string => readFileSync(path.join(projectDir, page), "utf8");

/** Links and headings inside code blocks do not count. */
const proseOf = (page: string): string => textOf(page).replaceAll(/^```[\s\S]*?^```$/gm, "");

/** Anchors that GitHub gives a page's headings. */
function anchorsOf(page: string): readonly string[] {
  return [...proseOf(page).matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

function brokenLinks(page: string): readonly string[] {
  const targets = [...proseOf(page).matchAll(/\]\((?!https?:|mailto:)([^)\s]+)\)/g)].map(([, target = ""]) => target);
  return targets.filter((target) => {
    const [file = "", anchor] = target.split("#");
    const linked = file === "" ? page : path.join(path.dirname(page), file);
    if (!existsSync(path.join(projectDir, linked))) return true;
    return anchor !== undefined && !anchorsOf(linked).includes(anchor);
  });
}

/** Paths in code spans that begin with a folder of the project; `NAME` stands for any. */
function missingPaths(page: string): readonly string[] {
  const folders = "config|blocks|components|review|policy|contracts|lab|ops|bench|ci|test";
  const named = textOf(page).matchAll(new RegExp(`\`((?:${folders})/[\\w./*-]+)\``, "g"));
  return [...named]
    .map(([, found = ""]) => found)
    .filter((found) => projectFiles(found.replace("NAME", "*")).length === 0);
}

const scripts = Object.keys(
  (JSON.parse(textOf("package.json")) as { readonly scripts: Readonly<Record<string, string>> }).scripts,
);

function unknownScripts(page: string): readonly string[] {
  const named = [...textOf(page).matchAll(/\bnpm run (?:--silent )?([\w:-]+)/g)].map(([, script = ""]) => script);
  return named.filter((script) => !scripts.includes(script));
}

/** Names after `npm test --`, which are those of live tests. */
function unknownTests(page: string): readonly string[] {
  const named = [...textOf(page).matchAll(/\bnpm test -- ([a-z][A-Za-z ]*)/g)].flatMap(([, names = ""]) =>
    names.split(" "),
  );
  return named.filter((name) => name !== "" && !existsSync(path.join(projectDir, "test", "live", `${name}.test.ts`)));
}

/** The operators' commands that a page calls, by their words. */
const commandsOf = (page: string): readonly string[] =>
  [...textOf(page).matchAll(/\b(?:npm run (?:--silent )?ops --|npx orrery) ((?:[a-z][a-z-]+)(?: [a-z][a-z-]+)?)/g)].map(
    ([, words = ""]) => words,
  );

async function isCommand(words: string): Promise<boolean> {
  const { log, error } = console;
  console.log = console.error = (): void => undefined;
  try {
    return (await main([...words.split(" "), "--help"])) === 0;
  } finally {
    Object.assign(console, { log, error });
  }
}

/** Messages that a page quotes in the first column of its tables, and that no source has; … stands for what varies. */
function unknownMessages(page: string): readonly string[] {
  const sources = projectFiles([
    "{config,cli,blocks,components,review,contracts,lab,ops}/**/*.ts",
    "config/*.mjs",
    "*.mjs",
  ])
    .map(textOf)
    // A message may be written in several pieces, and a part may come by a variable.
    .map((text) => text.replaceAll(/["`] \+\s*["`]/g, "").replaceAll(/\\(["'`])/g, "$1"));
  const quoted = [...textOf(page).matchAll(/^\| `([^`|]+)`/gm)].map(([, message = ""]) => message);
  return quoted.filter((message) => {
    const fixed = message
      .split("…")
      .map((part) => part.replaceAll(/^[\s:,."]+|[\s:,."]+$/g, ""))
      .filter((part) => part.length > 2);
    return !sources.some((text) => fixed.every((part) => text.includes(part)));
  });
}

describe("the documentation", () => {
  it("quotes only messages in troubleshooting that a command prints", () => {
    const page = "docs/troubleshooting.md";
    assert.ok([...textOf(page).matchAll(/^\| `/gm)].length > 25);
    assert.deepEqual(unknownMessages(page), []);
  });

  for (const page of pages) {
    it(`${page} names only links, paths, npm scripts and live tests that exist`, () => {
      const dangling = [brokenLinks, missingPaths, unknownScripts, unknownTests].flatMap((find) => find(page));
      assert.deepEqual(dangling, []);
    });
  }

  it("the documentation calls only commands that exist", async () => {
    const called = [...new Set(pages.flatMap(commandsOf))];
    assert.ok(called.length > 50, `found only ${called.length} commands`);
    const unknown = [];
    for (const words of called) if (!(await isCommand(words))) unknown.push(words);
    assert.deepEqual(unknown, []);
  });
});
