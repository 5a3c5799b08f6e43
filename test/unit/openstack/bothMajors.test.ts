/** The program's OpenStack resources move to major 5 of the provider by a change of the version alone. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "mocha";
import { projectFiles } from "../../../config/projectFiles.ts";
import { projectDir } from "../../../config/stackFile.ts";
import { runProgram } from "../../../review/evaluate/render.ts";
import { canaryConfig, stacks } from "../harness.ts";

type Inputs = Readonly<Record<string, unknown>>;

const shared = JSON.parse(readFileSync(path.join(import.meta.dirname, "bothMajors.json"), "utf8")) as Record<
  "resources" | "functions",
  Readonly<Record<string, string>>
> & { readonly provider: string };

/** "compute/Keypair" of "openstack:compute/keypair:Keypair". */
const short = (token: string): string => token.replace(/^openstack:(\w+)\/\w+:(\w+)$/, "$1/$2");

/** Paths of what is set: `networks`, `networks.port`; a map of free keys is one path. */
function pathsOf(value: unknown, known: ReadonlySet<string>, at = ""): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((one) => pathsOf(one, known, at));
  if (typeof value !== "object" || value === null) return at === "" ? [] : [at];
  const free = at !== "" && ![...known].some((one) => one.startsWith(`${at}.`));
  if (free) return [at];
  return Object.entries(value as Inputs)
    .filter(([key, one]) => one !== undefined && !key.startsWith("__"))
    .flatMap(([key, one]) => [at, pathsOf(one, known, at === "" ? key : `${at}.${key}`)].flat())
    .filter((one) => one !== "");
}

/** What of these inputs one of the majors lacks. */
function lacking(what: string, inputs: Inputs, list: string | undefined): readonly string[] {
  if (list === undefined) return [`${what} is not in bothMajors.json: add what both majors' schemas have of it`];
  const known = new Set(list.split(" "));
  return [...new Set(pathsOf(inputs, known))].filter((one) => !known.has(one)).map((one) => `${what}: ${one}`);
}

describe("both majors of OpenStack's provider", () => {
  it("have every resource, lookup and field that the committed stacks use", async () => {
    const seen = new Set<string>();
    const missing = new Set<string>();
    for (const stack of stacks) {
      const { resources, calls } = await runProgram({ stack, config: canaryConfig(stack) });
      for (const { type, inputs } of resources) {
        if (type === "pulumi:providers:openstack") {
          for (const one of lacking("the provider", inputs, shared.provider)) missing.add(one);
        } else if (type.startsWith("openstack:")) {
          seen.add(short(type));
          for (const one of lacking(short(type), inputs, shared.resources[short(type)])) missing.add(one);
        }
      }
      for (const { token, inputs } of calls.filter(({ token }) => token.startsWith("openstack:"))) {
        seen.add(short(token));
        for (const one of lacking(short(token), inputs, shared.functions[short(token)])) missing.add(one);
      }
    }
    assert.deepEqual([...missing], []);
    // No stack looks up a volume or a key pair, but the source can.
    const listed = [...Object.keys(shared.resources), ...Object.keys(shared.functions)];
    assert.deepEqual(
      [...seen].filter((one) => !listed.includes(one)),
      [],
    );
    const named = projectFiles(["blocks/**/*.ts", "components/**/*.ts"])
      .map((file) => readFileSync(path.join(projectDir, file), "utf8"))
      .flatMap((text) => [...text.matchAll(/\bopenstack\.([a-z]+)\.((?:get)?[A-Z]\w+)\(/g)])
      .map(([, module = "", name = ""]) => `${module}/${name}`);
    assert.deepEqual([...new Set(named)].sort(), listed.sort());
  });

  it("differ in fields that this test would find", () => {
    const { resources } = shared;
    assert.deepEqual(lacking("x", { networks: [{ port: "p", floatingIp: "f" }] }, resources["compute/Instance"]), [
      "x: networks.floatingIp",
    ]);
    assert.deepEqual(lacking("x", { metadata: { any: "y" }, multiattach: true }, resources["blockstorage/Volume"]), [
      "x: multiattach",
    ]);
    assert.deepEqual(lacking("x", { useOctavia: "true" }, shared.provider), ["x: useOctavia"]);
  });
});
