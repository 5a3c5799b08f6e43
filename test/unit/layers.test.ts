/** Who may import whom; type imports count. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "mocha";
import { projectFiles } from "../../config/projectFiles.ts";
import { projectDir } from "../../config/stackFile.ts";

/** From the bottom up; a folder may import those of its own line and of the lines above it here. */
const layers = [
  ["config"],
  ["cli"],
  ["blocks"],
  ["components"],
  ["index.ts"],
  ["review"],
  ["policy"],
  ["contracts"],
  ["lab"],
  ["ops"],
  ["lab/harness"],
  ["bench", "ci", "peers"],
  ["test"],
];

const sources = projectFiles(
  "{config,cli,blocks,components,review,policy,contracts,lab,ops,bench,ci,peers,test}/**/*.ts",
).concat("index.ts");

function importsOf(file: string): readonly string[] {
  const text = readFileSync(path.join(projectDir, file), "utf8");
  const found = text.matchAll(/(?:from|import|import\()\s*"(\.{1,2}\/[^"?]+\.ts)"/g);
  return [...found].map(([, to = ""]) => path.posix.join(path.dirname(file), to));
}

const imports = new Map(sources.map((file) => [file, importsOf(file)]));

function layerOf(file: string): number {
  const fits = layers.map((folders) => folders.some((folder) => file === folder || file.startsWith(`${folder}/`)));
  return fits.lastIndexOf(true);
}

describe("the layers", () => {
  it("every file belongs to a layer, and imports from its own or lower ones only", () => {
    assert.deepEqual(
      sources.filter((file) => layerOf(file) < 0),
      [],
    );
    const upwards = [...imports].flatMap(([file, all]) =>
      all.filter((to) => layerOf(to) > layerOf(file)).map((to) => `${file} -> ${to}`),
    );
    assert.deepEqual(upwards, []);
  });

  it("imports have no circles", () => {
    const circles: string[] = [];
    const done = new Set<string>();
    const walk = (file: string, way: readonly string[]): void => {
      if (way.includes(file)) circles.push([...way.slice(way.indexOf(file)), file].join(" -> "));
      else if (!done.has(file)) {
        for (const to of imports.get(file) ?? []) walk(to, [...way, file]);
        done.add(file);
      }
    };
    for (const file of sources) walk(file, []);
    assert.deepEqual(circles, []);
  });

  it("no system imports another, and the list of systems is the list of folders", () => {
    const folders = readdirSync(path.join(projectDir, "components"), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .sort();
    for (const file of ["components/registry.ts", "index.ts"]) {
      const named = (imports.get(file) ?? []).flatMap((to) => /^components\/(\w+)\//.exec(to)?.[1] ?? []);
      assert.deepEqual([...new Set(named)].sort(), folders, file);
    }
    const across = [...imports].flatMap(([file, all]) => {
      const [top, own] = file.split("/");
      if (top !== "components" || own === "registry.ts") return [];
      return all
        .filter((to) => to.startsWith("components/") && to.split("/")[1] !== own)
        .map((to) => `${file} -> ${to}`);
    });
    assert.deepEqual(across, []);
  });

  it("the rest of the program imports only a system's public files", () => {
    const rooms = ["index.ts", "config.ts", "inventory.ts", "images.ts", "guest/software.ts"];
    const inside = [...imports].flatMap(([file, all]) => {
      if (/^(components\/(?!registry)|test\/|ops\/|contracts\/)/.test(file)) return [];
      return all
        .filter((to) => /^components\/\w+\/./.test(to) && !rooms.includes(to.split("/").slice(2).join("/")))
        .map((to) => `${file} -> ${to}`);
    });
    assert.deepEqual(inside, []);
  });
});
