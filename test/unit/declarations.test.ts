/** Kubernetes objects that are known before they are registered. */
import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import * as k8s from "@pulumi/kubernetes";
import { describe, it } from "mocha";
import { Declarations } from "../../blocks/declarations.ts";
import { type DeclaredObject, requiredPermissions } from "../../blocks/kubernetes/requiredPermissions.ts";
import { connectTargets } from "../../blocks/targets.ts";
import { schemas } from "../../components/registry.ts";
import { loadConfig } from "../../config/load.ts";
import { objectsByCluster } from "../../ops/lib/program.ts";
import { record } from "../../review/evaluate/record.ts";
import { rendered, stackConfig } from "../../review/evaluate/render.ts";
import { kubeconfig } from "../../config/samples.ts";

/** Builds a whole stack as index.ts does; returns the objects that are known before anything is registered, and all that is registered then. */
async function build(stack: string) {
  const declared = new Map<string, readonly DeclaredObject[]>();
  const recording = await record({ stack, config: stackConfig(stack) }, async () => {
    const { clusters, clouds, ...config } = loadConfig(schemas);
    const declarations = new Declarations();
    const opts = declarations.options;
    const targets = connectTargets({ clusters, clouds }, opts);
    const { Dials } = await import("../../components/dials/index.ts");
    const { Packit } = await import("../../components/packit/index.ts");
    const { Prow } = await import("../../components/prow/index.ts");
    const { Thoth } = await import("../../components/thoth/index.ts");
    if (config.dials !== undefined) new Dials("dials", { config: config.dials, targets }, opts);
    if (config.packit !== undefined) new Packit("packit", { config: config.packit, targets }, opts);
    if (config.prow !== undefined) new Prow("prow", { config: config.prow, targets }, opts);
    if (config.stream !== undefined) new Packit("stream", { config: config.stream, targets }, opts);
    if (config.thoth !== undefined) new Thoth("thoth", { config: config.thoth, targets }, opts);
    await declarations.register((objects) => {
      for (const cluster of Object.keys(clusters?.settings ?? {})) {
        declared.set(cluster, objects.get(targets.cluster(cluster).provider) ?? []);
      }
      return Promise.resolve();
    });
    return {};
  });
  return { declared, registered: objectsByCluster({ resources: rendered(recording) }) };
}

describe("the objects that a program declares", () => {
  for (const stack of ["prod", "stage", "test"]) {
    it(`stack ${stack} requires the same permissions before it is registered as when it is rendered`, async () => {
      const { declared, registered } = await build(stack);
      const sorted = (objects: readonly DeclaredObject[]): readonly string[] =>
        requiredPermissions(objects)
          .map((one) => JSON.stringify(one, ["namespace", "verb", "resource", "name", "unless"]))
          .sort();
      assert.deepEqual([...declared.keys()].sort(), [...registered.keys()].sort());
      for (const [cluster, objects] of registered) {
        const before = declared.get(cluster) ?? [];
        assert.equal(before.length, objects.length, cluster);
        assert.deepEqual(sorted(before), sorted(objects), cluster);
      }
    });
  }

  it("resources are registered after the check, and never if it fails", async () => {
    for (const refused of [false, true]) {
      const registered: string[] = [];
      const world = {
        ...{ stack: "test", config: new Map() },
        newResource: ({ name }: { readonly name: string }) => void registered.push(name),
      };
      const recorded = record(world, async () => {
        const declarations = new Declarations();
        const { options } = declarations;
        const provider = new k8s.Provider("lab", { kubeconfig: kubeconfig("https://lab.invalid", "t") }, options);
        new k8s.core.v1.Namespace("made", { metadata: { name: "n" } }, { ...options, provider });
        k8s.core.v1.Namespace.get("found", "m", { ...options, provider });
        await declarations.register(async (objects) => {
          const names = objects.get(provider)?.map(({ kind, namespace, name }) => [kind, namespace, name]);
          assert.deepEqual(names, [["Namespace", "", "n"]]);
          await setTimeout(20);
          assert.deepEqual(registered, []);
          if (refused) throw new Error("refused");
        });
        return {};
      });
      if (refused) await assert.rejects(recorded, /^Error: refused$/);
      else await recorded;
      const end = Date.now() + 5000;
      while (!refused && registered.length < 3 && Date.now() < end) await setTimeout(5);
      assert.deepEqual(registered.sort(), refused ? [] : ["found", "lab", "made"]);
    }
  });
});
