/** Paused clusters: everything is declared as before, but for what acts. */
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { asObject, asText, omit } from "../../../policy/manifest.ts";
import { rendered, runProgram, type Rendered, stackConfig } from "../../../review/evaluate/render.ts";

/** A stack's Kubernetes objects by URN, with its clusters paused or not. */
async function objects(stack: string, paused: boolean): Promise<ReadonlyMap<string, Rendered>> {
  const config = new Map(stackConfig(stack));
  const clusters = config.get("clusters:settings");
  assert.ok(clusters);
  const settings = Object.entries(JSON.parse(clusters.value) as Record<string, object>);
  const value = JSON.stringify(Object.fromEntries(settings.map(([name, one]) => [name, { ...one, paused }])));
  config.set("clusters:settings", { ...clusters, value });
  const all = rendered(await runProgram({ stack, config }));
  return new Map(all.map((one) => [one.urn, one]));
}

/** An object without what pausing changes. */
function still(one: Rendered): unknown {
  const { metadata, spec, ...rest } = asObject(one.inputs);
  const annotations = omit(asObject(asObject(metadata).annotations), "pulumi.com/skipAwait");
  const own = {
    ...omit(asObject(metadata), "annotations"),
    ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
  };
  return { ...one, inputs: { ...rest, metadata: own, spec: omit(asObject(spec), "replicas", "suspend") } };
}

describe("paused clusters", () => {
  for (const stack of ["test", "stage", "prod"]) {
    it(`in ${stack} nothing but databases has pods, nothing is scheduled, and all else is the same`, async () => {
      const [running, paused] = [await objects(stack, false), await objects(stack, true)];
      assert.deepEqual([...paused.keys()], [...running.keys()]);
      const acting: string[] = [];
      for (const [urn, one] of paused) {
        const { kind, spec, metadata } = asObject(one.inputs);
        const { replicas, suspend } = asObject(spec);
        const acts: Readonly<Record<string, boolean>> = {
          ...{
            Deployment: replicas !== 0,
            StatefulSet: replicas !== 0,
            CronJob: suspend !== true,
            Job: suspend !== true,
          },
          ...{ DaemonSet: true, Pod: true },
        };
        const isOn = one.type.startsWith("kubernetes:") && acts[asText(kind)] === true;
        if (isOn) acting.push(asText(asObject(metadata).name));
        const before = running.get(urn);
        assert.ok(before);
        if (isOn || acts[asText(kind)] === undefined) assert.deepEqual(one, before, urn);
        else assert.deepEqual(still(one), still(before), urn);
      }
      assert.ok(acting.length > 0);
      assert.deepEqual(
        acting.filter((name) => !/^postgres-\d+$/.test(name)),
        [],
      );
    });
  }
});
