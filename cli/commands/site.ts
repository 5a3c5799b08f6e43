/** `orrery site`. */
import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { stringify } from "yaml";
import { projectDir } from "../../config/stackFile.ts";
import { defineCommand } from "../command.ts";
import { interruptible } from "../interrupt.ts";
import { navigation, sitePages } from "../site.ts";

/** The site generator; its own requirements are pinned by nothing but it. */
const requirement = "mkdocs-material==9.8.1";

export const command = defineCommand({
  about: `Builds a site with search from README.md and docs/ into the folder site/, and fails on a link or an anchor that leads nowhere.
Needs Python 3.9 or newer with its module venv; ${requirement} is installed into node_modules/.cache once.`,
  options: {},
  run: () => interruptible(build),
});

/** Builds it, unless a signal ends that. */
async function build(ending: AbortSignal): Promise<number> {
  const called = (program: string, args: readonly string[]) => call(program, args, ending);
  const work = path.join(projectDir, "node_modules", ".cache", "site");
  const venv = path.join(work, requirement);
  const bin = path.join(venv, process.platform === "win32" ? "Scripts" : "bin");
  if (!existsSync(path.join(venv, "complete"))) {
    rmSync(venv, { recursive: true, force: true });
    mkdirSync(work, { recursive: true });
    await called(process.platform === "win32" ? "python" : "python3", ["-m", "venv", venv]);
    await called(path.join(bin, "python"), [
      "-m",
      "pip",
      "install",
      "--quiet",
      "--disable-pip-version-check",
      requirement,
    ]);
    writeFileSync(path.join(venv, "complete"), "");
  }
  const source = path.join(work, "docs");
  rmSync(source, { recursive: true, force: true });
  cpSync(path.join(projectDir, "docs"), source, { recursive: true });
  const pages = sitePages();
  for (const [page, text] of pages) writeFileSync(path.join(source, page), text);
  const config = path.join(work, "mkdocs.yml");
  writeFileSync(config, stringify(settings(source, navigation([...pages.keys()]))).replace(slugs, slugFunction));
  await called(path.join(bin, "mkdocs"), ["build", "--strict", "--quiet", "--config-file", config]);
  console.log(`site/index.html: ${pages.size} pages`);
  return 0;
}

/** Anchors as GitHub makes them; YAML's writer knows no such tag. */
const slugs = "SLUGS";
const slugFunction = "!!python/object/apply:pymdownx.slugs.slugify {kwds: {case: lower}}";

function settings(source: string, nav: readonly object[]): object {
  return {
    site_name: "Orrery",
    docs_dir: source,
    site_dir: path.join(projectDir, "site"),
    use_directory_urls: false, // the pages work from a folder, too
    nav,
    plugins: ["search"],
    theme: {
      name: "material",
      font: false,
      features: ["navigation.sections", "navigation.top", "search.highlight", "content.code.copy"],
      palette: [
        {
          media: "(prefers-color-scheme: light)",
          scheme: "default",
          toggle: { icon: "material/weather-night", name: "Dark" },
        },
        {
          media: "(prefers-color-scheme: dark)",
          scheme: "slate",
          toggle: { icon: "material/weather-sunny", name: "Light" },
        },
      ],
    },
    validation: {
      nav: { omitted_files: "warn", not_found: "warn" },
      links: { not_found: "warn", anchors: "warn", absolute_links: "warn", unrecognized_links: "warn" },
    },
    markdown_extensions: [
      "tables",
      "sane_lists",
      { toc: { permalink: true, slugify: slugs } },
      "pymdownx.highlight",
      {
        "pymdownx.superfences": {
          custom_fences: [{ name: "mermaid", class: "mermaid" }],
        },
      },
    ],
  };
}

/** Runs a program on this terminal, out of reach of its Ctrl-C: Python would print its stack. @throws unless it succeeds */
function call(program: string, args: readonly string[], ending: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ["ignore", "inherit", "inherit"],
      detached: process.platform !== "win32",
      signal: ending,
      env: { ...process.env, NO_MKDOCS_2_WARNING: "1" }, // advertising
    });
    child.on("error", (error) => {
      if (ending.aborted) reject(error);
      else reject(new Error(`${program} could not be started; install Python 3.9 or newer with its module venv`));
    });
    child.on("exit", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${path.basename(program)} ${args[0] ?? ""} failed; its message is above`));
    });
  });
}
