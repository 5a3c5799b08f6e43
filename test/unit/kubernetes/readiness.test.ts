/** When containers are asked whether they are ready: until they have answered, their Services lack them and an update waits. */
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { asObject, podOf, title, toManifest } from "../../../policy/manifest.ts";
import { stacks } from "../harness.ts";
import { renderedStack } from "../recordings.ts";

describe("readiness in all stacks", () => {
  for (const stack of stacks) {
    it(`${stack}: from the container's start on, and every five seconds where a request is enough`, async () => {
      let asked = 0;
      const late = (await renderedStack(stack)).flatMap(({ type, inputs }) => {
        const manifest = toManifest(type, asObject(inputs));
        if (manifest === undefined) return [];
        return (podOf(manifest)?.containers ?? []).flatMap(({ name, readinessProbe }) => {
          if (readinessProbe === undefined) return [];
          asked++;
          const { initialDelaySeconds = 0, periodSeconds = 10, exec } = asObject(readinessProbe);
          const inTime = initialDelaySeconds === 0 && (exec !== undefined || Number(periodSeconds) <= 5);
          return inTime ? [] : [`${title(manifest)}, container ${String(name)}`];
        });
      });
      assert.deepEqual(late, []);
      assert.ok(asked > 20, String(asked));
    });
  }
});
