/** Versions are the user's: the lab's programs stand in for newer ones. */
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { cliVersion, plugins } from "../../../lab/toolchain/artifacts.ts";
import { askedVersions, lagging } from "../../../lab/toolchain/asked.ts";

describe("The lab's toolchain", () => {
  it("stands in for the versions that package.json asks for, and says where it is older", () => {
    const dependencies = { "@pulumi/kubernetes": "4.99.0", "@pulumi/random": plugins.random, zod: "1.0.0" };
    const asked = askedVersions({ dependencies, devDependencies: { pulumi: "3.999.0" } });
    assert.deepEqual(asked, { ...plugins, cli: "3.999.0", kubernetes: "4.99.0" });
    assert.deepEqual(lagging(asked), [
      `the lab's Pulumi CLI is ${cliVersion} and stands in for 3.999.0, which package.json asks for`,
      `the lab's kubernetes plugin is ${plugins.kubernetes} and stands in for 4.99.0, which package.json asks for`,
    ]);
    assert.deepEqual(lagging({ ...plugins, cli: "3.0.0" }), [], "a newer one does what an older one did");
  });

  it("lags by no major version in what is committed", () => {
    const own: Readonly<Record<string, string>> = { cli: cliVersion, ...plugins };
    for (const [name, version] of Object.entries(askedVersions()))
      assert.equal(version.split(".")[0], own[name]?.split(".")[0], name);
  });
});
