/** The openstack plugin's list of names against npm's package and against what the program uses. */
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { describe, it } from "mocha";
import { root } from "../../../lab/settings.ts";

const npm = path.join(root, "node_modules", "@pulumi", "openstack");

/** Texts of the files under a folder whose names end so. */
function texts(folder: string, ending: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(ending) && !name.startsWith("node_modules"))
    .map((name) => readFileSync(path.join(folder, name), "utf8"));
}

const listed = JSON.parse(
  readFileSync(path.join(root, "lab", "toolchain", "bridge", "providers", "openstack.json"), "utf8"),
) as { resources: Record<string, string>; dataSources: Record<string, string> };

/** "compute/Keypair" of "openstack:compute/keypair:Keypair". */
const short = (token: string): string => token.replace(/^openstack:(\w+)\/\w+:(\w+)$/, "$1/$2");

/** All types that npm's package can request from the plugin. */
function offered(pattern: RegExp): string[] {
  const tokens = texts(npm, ".js").flatMap((text) =>
    [...text.matchAll(pattern)].map(([, token]) => short(token ?? "")),
  );
  return [...new Set(tokens)].sort();
}

describe("names of the openstack plugin", () => {
  it("the openstack plugin's names are all of npm's resources, once each", () => {
    const npmNames = offered(/__pulumiType = '(openstack:[^']+)'/g);
    assert.equal(npmNames.length, 105);
    assert.deepEqual(Object.values(listed.resources).sort(), npmNames);
  });

  it("the openstack plugin's names are all of npm's data sources, once each", () => {
    const npmNames = offered(/invoke(?:Output)?\("(openstack:[^"]+)"/g);
    assert.equal(npmNames.length, 53);
    assert.deepEqual(Object.values(listed.dataSources).sort(), npmNames);
  });

  it("the openstack plugin's names include everything that the program uses", () => {
    const known = new Set([...Object.values(listed.resources), ...Object.values(listed.dataSources)]);
    const used = [
      ...["blocks", "components"].flatMap((folder) => texts(path.join(root, folder), ".ts")),
      readFileSync(path.join(root, "index.ts"), "utf8"),
    ]
      .flatMap((text) => [...text.matchAll(/\bopenstack\.([a-z]+)\.([A-Za-z0-9]+)/g)])
      .map(
        ([, module, name]) => `${module ?? ""}/${(name ?? "").replace(/(Output|Args|OutputArgs|Result|State)$/, "")}`,
      )
      .map((name) => name.replace(/\/Get/, "/get"));
    assert.ok(used.includes("compute/Instance"), "the scan finds nothing");
    assert.deepEqual([...new Set(used)].filter((name) => !known.has(name)).sort(), []);
  });
});
