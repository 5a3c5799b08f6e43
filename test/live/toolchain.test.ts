/** The plugins that were built here, against npm's packages and against a real SSH server. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { before, describe, it } from "mocha";
import { installPackages } from "../../lab/openstack/packages.ts";
import { root } from "../../lab/settings.ts";
import { ensureToolchain } from "../../lab/toolchain/toolchain.ts";

interface Properties {
  readonly properties?: Record<string, unknown>;
}
interface Schema {
  readonly resources: Record<string, Properties & { readonly inputProperties?: Record<string, unknown> }>;
  readonly functions: Record<string, { readonly inputs?: Properties; readonly outputs?: Properties }>;
  readonly types?: Record<string, Properties>;
}

/** Property names of the interfaces in a declaration file, by the interface's name, with its namespace if it has one. */
function interfaces(text: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  let namespace = "";
  let open: { members: string[]; indent: string } | undefined;
  for (const line of text.split("\n")) {
    namespace = /^export declare namespace (\w+)/.exec(line)?.[1] ?? namespace;
    const [, indent, name] = /^( *)(?:export )?interface (\w+) \{/.exec(line) ?? [];
    if (indent !== undefined && name !== undefined) {
      open = { members: [], indent };
      found.set(indent === "" ? name : `${namespace}.${name}`, open.members);
    } else if (open !== undefined && line === `${open.indent}}`) {
      open = undefined;
    } else if (open !== undefined) {
      const [, inner, member] = /^( *)(?:readonly )?(\w+)\??:/.exec(line) ?? [];
      if (member !== undefined && inner === `${open.indent}    `) open.members.push(member);
    }
  }
  return found;
}

describe("the built plugins", function () {
  this.timeout(300_000);
  let share: string;
  let pulumiHome: string;
  before(async () => {
    ({ share, pulumiHome } = await ensureToolchain(() => undefined));
  });

  it("the built plugins leave no debug log behind, because the engine finds no folder for one", async () => {
    const cli = path.join(root, "node_modules", ".bin", "pulumi");
    const env = { ...process.env, PULUMI_HOME: pulumiHome, PULUMI_SKIP_UPDATE_CHECK: "true" };
    const { stderr } = await promisify(execFile)(cli, ["plugin", "ls"], { cwd: root, env });
    assert.equal(stderr, "");
    const logs = statSync(path.join(pulumiHome, "logs"));
    assert.deepEqual([logs.isFile(), logs.size], [true, 0]);
  });

  for (const name of ["openstack", "random", "tls"]) {
    it(`the built plugins accept exactly the properties of npm's @pulumi/${name}`, function () {
      const file = path.join(share, "schema", `${name}.json`);
      if (!existsSync(file)) this.skip(); // the official plugin was downloaded
      const schema = JSON.parse(readFileSync(file, "utf8")) as Schema;
      const npm = path.join(root, "node_modules", "@pulumi", name);
      const files = readdirSync(npm, { recursive: true, encoding: "utf8" }).filter((entry) => entry.endsWith(".d.ts"));
      const declared = new Map(
        files.map((entry) => [
          entry.slice(0, -5).toLowerCase(),
          interfaces(readFileSync(path.join(npm, entry), "utf8")),
        ]),
      );
      const same = (token: string, ours: Record<string, unknown> | undefined, suffix: string): void => {
        const [, module = "", type = ""] = token.split(":");
        const list = declared.get(module.replace(/^index\//, "").toLowerCase());
        const npmNames = list?.get(type.replace(/^./, (first) => first.toUpperCase()) + suffix) ?? [];
        assert.deepEqual(Object.keys(ours ?? {}).sort(), npmNames.sort(), `${token}${suffix}`);
      };
      for (const [token, resource] of Object.entries(schema.resources)) same(token, resource.inputProperties, "Args");
      const functions = Object.entries(schema.functions).filter(([token]) => !token.startsWith("pulumi:"));
      for (const [token, { inputs, outputs }] of functions) {
        same(token, inputs?.properties, "Args");
        same(token, outputs?.properties, "Result");
      }
      const nested = new Map([...(declared.get("types/input") ?? []), ...(declared.get("types/output") ?? [])]);
      for (const [token, { properties }] of Object.entries(schema.types ?? {})) {
        const [, module = "", type = ""] = token.split(":");
        const npmNames = nested.get(`${module.split("/")[0] ?? ""}.${type}`);
        if (npmNames !== undefined) assert.deepEqual(Object.keys(properties ?? {}).sort(), npmNames.sort(), token);
      }
      assert.ok(Object.keys(schema.resources).length >= 4);
    });
  }

  it("the built command plugin runs commands and copies files locally and over SSH as @pulumi/command does", async function () {
    const tests = path.join(share, "command.test");
    if (!existsSync(tests)) this.skip(); // the official plugin was downloaded
    await installPackages(["openssh-server"], console.log);
    const { stdout } = await promisify(execFile)(tests, ["-test.v"], { cwd: root, maxBuffer: 1 << 24 });
    assert.match(stdout, /^PASS$/m);
    assert.doesNotMatch(stdout, /^--- SKIP/m);
  });
});
