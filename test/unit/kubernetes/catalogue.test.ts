/**
 * Every building block with the required and with all arguments. blocks.test.ts and pod.test.ts check that the values make
 * sense.
 */
import { describe, it } from "mocha";
import type { Platform } from "../../../blocks/kubernetes/cluster.ts";
import { isInCatalogue } from "../catalogue.ts";
import { platformBlocks } from "./catalogue/platform.ts";
import { storedBlocks } from "./catalogue/stored.ts";
import { trafficBlocks } from "./catalogue/traffic.ts";
import type { Section } from "./catalogue/section.ts";
import { workloadBlocks } from "./catalogue/workloads.ts";
import { build } from "./fixture.ts";

const sections: Readonly<Record<string, { readonly section: Section; readonly on: readonly Platform[] }>> = {
  platform: { section: platformBlocks, on: ["openshift", "kubernetes"] },
  stored: { section: storedBlocks, on: ["kubernetes"] },
  traffic: { section: trafficBlocks, on: ["openshift", "kubernetes"] },
  workloads: { section: workloadBlocks, on: ["openshift", "kubernetes"] },
};

describe("golden files of the Kubernetes building blocks", () => {
  for (const [name, { section, on }] of Object.entries(sections)) {
    for (const platform of on) {
      it(`${name} renders as in its golden file on ${platform}`, async () => {
        let values: object = {};
        const seen = await build(platform, async (cluster, opts) => {
          values = await section(cluster, opts);
        });
        isInCatalogue(`${name}.${platform}`, seen, values);
      });
    }
  }
});
