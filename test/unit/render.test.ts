import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { projectDir, stackNames } from "../../config/stackFile.ts";
import { render, type Rendered, runProgram, stackConfig } from "../../review/evaluate/render.ts";
import { goldenDifferences, goldenFiles, writeGolden } from "./golden.ts";
import { golden, stacks } from "./harness.ts";
import { renderedStack } from "./recordings.ts";

/** URNs that a resource had before, by its aliases. */
function formerUrns({ urn, type, name, parent, options }: Rendered): readonly string[] {
  interface Alias {
    readonly urn?: string;
    readonly spec?: { name?: string; type?: string; parenturn?: string; noparent?: boolean };
  }
  return ((options.aliases ?? []) as readonly Alias[]).map(({ urn: former, spec }) => {
    if (former !== undefined && former !== "") return former;
    const oldParent = spec?.noparent === true ? "" : spec?.parenturn === "" ? parent : (spec?.parenturn ?? parent);
    const chain = [oldParent.split("::")[2], spec?.type === "" ? type : (spec?.type ?? type)];
    const [stack = "", project = ""] = urn.split("::");
    return [stack, project, chain.filter((part) => part !== undefined).join("$"), text(spec?.name, name)].join("::");
  });
}

const text = (value: string | undefined, otherwise: string): string =>
  value === undefined || value === "" ? otherwise : value;

describe("a stack of one system", () => {
  it("has that system's output alone: the engine would warn of each that is undefined", async () => {
    const config = new Map([...stackConfig("stage")].filter(([key]) => /^(clusters|clouds|dials):/.test(key)));
    const { exports } = await runProgram({ stack: "mine", config });
    assert.deepEqual(Object.keys(exports), ["dials"]);
  });
});

for (const stack of stacks) {
  describe(`stack ${stack}`, () => {
    let resources: readonly Rendered[];

    // Variables that a shell may have set: the golden files would show them.
    const ambient = {
      KUBECONFIG: "/nowhere",
      OS_CLOUD: "nowhere",
      OS_REGION_NAME: "nowhere",
      OS_INSECURE: "true",
      OS_ALLOW_REAUTH: "false",
      OS_ENDPOINT_TYPE: "internal",
      PULUMI_K8S_ENABLE_SERVER_SIDE_APPLY: "false",
      PULUMI_K8S_DELETE_UNREACHABLE: "true",
      PULUMI_K8S_SUPPRESS_DEPRECATION_WARNINGS: "true",
    };

    before(async () => {
      const own = process.env;
      process.env = { ...own, ...ambient };
      try {
        resources = await render(stack);
      } finally {
        process.env = own;
      }
    });

    it("the render equals the golden files, whatever the environment holds", () => {
      const files = goldenFiles(resources);
      if (process.env.UPDATE_GOLDEN === "1") writeGolden(stack, files);
      const lines = goldenDifferences(stack, files);
      if (lines.length === 0) return;
      const more = lines.length > 100 ? `\n... and ${lines.length - 100} more` : "";
      assert.fail(`${lines.slice(0, 100).join("\n")}${more}\nUPDATE_GOLDEN=1 npm run test:unit takes this as right`);
    });

    it("every committed URN still exists, or has an alias", () => {
      const urns = new Set(resources.map(({ urn }) => urn));
      const former = new Set(resources.flatMap(formerUrns));
      // Without the common prefix `urn:pulumi:STACK::orrery::`.
      const start = `urn:pulumi:${stack}::orrery::`;
      const committed = golden(`${stack}.urns`, `${[...urns].map((urn) => urn.slice(start.length)).join("\n")}\n`)
        .trimEnd()
        .split("\n")
        .map((urn) => start + urn);
      const lost = committed.filter((urn) => !urns.has(urn) && !former.has(urn));
      assert.deepEqual(lost, [], "a renamed or moved resource needs an alias; a removed one, UPDATE_GOLDEN=1");
    });

    it("the render is sorted by URN, and refers only to resources that exist", () => {
      const urns = resources.map(({ urn }) => urn);
      assert.deepEqual(urns, urns.toSorted());
      for (const { urn, parent, provider, options } of resources) {
        for (const other of [parent, provider, ...(options.dependsOn ?? [])].filter((one) => one !== "")) {
          assert.ok(urns.includes(other), `${urn} names ${other}`);
        }
      }
    });

    it("every Kubernetes and OpenStack resource has an explicit provider", () => {
      const cloudy = resources.filter(({ type }) => /^(kubernetes|openstack):/.test(type));
      assert.deepEqual(
        cloudy.filter(({ provider }) => provider === "").map(({ urn }) => urn),
        [],
      );
    });
  });
}

describe("npm run render", () => {
  const run = (...args: readonly string[]): { code: number | null; out: string; err: string } => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ["review/cli.ts", ...args], {
      cwd: projectDir,
      encoding: "utf8",
      maxBuffer: 64 * 1024 * 1024,
      env: { PATH: "/usr/bin:/bin" }, // no passphrase, no HOME, no plugin
    });
    return { code: status, out: stdout, err: stderr };
  };

  it("render prints the same as in this process, byte for byte", async () => {
    const { code, out, err } = run("--stack", "test");
    assert.equal(err, "");
    assert.equal(code, 0);
    assert.equal(out, `${JSON.stringify(await renderedStack("test"), undefined, 2)}\n`);
  });

  it("render ends quietly when its output is closed", function () {
    if (process.platform === "win32") this.skip(); // Windows has no broken pipes
    const words = ["-c", `set -o pipefail; "$0" review/cli.ts --stack test | head -1`, process.execPath];
    const { status, stdout, stderr } = spawnSync("bash", words, { cwd: projectDir, encoding: "utf8" });
    assert.deepEqual([status, stdout, stderr], [0, "[\n", ""]);
  });

  it("render reports an unknown stack in one line", () => {
    assert.deepEqual(run("--stack", "nowhere"), {
      code: 2,
      out: "",
      err: `orrery: there is no stack "nowhere": no file Pulumi.nowhere.yaml; there are ${stackNames().join(", ")}\n`,
    });
    assert.match(run().err, /^orrery: --stack STACK is missing: /);
    assert.match(run("--what").err, /^orrery: there is no option --what/);
  });
});
