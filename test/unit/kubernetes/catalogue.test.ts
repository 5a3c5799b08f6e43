/**
 * Every building block with as little as it takes and with every argument, as reviewers can read it in `golden/blocks/`: types,
 * names, parents, options, inputs and outputs. That the values are sensible is blocks.test.ts' and pod.test.ts' affair.
 */
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { stringify } from "yaml";
import type { Platform } from "../../../components/kubernetes/cluster.ts";
import { Secret } from "../../../review/secret.ts";
import { golden } from "../harness.ts";
import { platformBlocks } from "./catalogue/platform.ts";
import { storedBlocks } from "./catalogue/stored.ts";
import { trafficBlocks } from "./catalogue/traffic.ts";
import type { Section } from "./catalogue/section.ts";
import { workloadBlocks } from "./catalogue/workloads.ts";
import { type Built, build } from "./world.ts";

const sections: Readonly<Record<string, { readonly section: Section; readonly on: readonly Platform[] }>> = {
  platform: { section: platformBlocks, on: ["openshift", "kubernetes"] },
  stored: { section: storedBlocks, on: ["kubernetes"] },
  traffic: { section: trafficBlocks, on: ["openshift", "kubernetes"] },
  workloads: { section: workloadBlocks, on: ["openshift", "kubernetes"] },
};

/** What was registered, under names instead of URNs. */
function text({ resources, outputs }: Built, said: object): string {
  const name = (urn: string): string => urn.split("::").at(-1) ?? "";
  const rows = resources
    .filter(({ type }) => !type.startsWith("pulumi:providers:"))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ urn, type, parent, options, inputs }) => {
      const { dependsOn = [], aliases = [], ...others } = options;
      return {
        [`${type} ${name(urn)}`]: {
          ...(parent === "" ? {} : { parent: name(parent) }),
          ...(dependsOn.length === 0 ? {} : { dependsOn: dependsOn.map(name).toSorted() }),
          // The SDK's own, for kinds that changed their version.
          ...(aliases.length === 0 ? {} : { aliases: aliases.length }),
          ...(Object.keys(others).length === 0 ? {} : { options: others }),
          ...(Object.keys(inputs).length === 0 ? {} : { inputs: shown(inputs) }),
          ...(outputs.has(urn) ? { outputs: shown(outputs.get(urn)) } : {}),
        },
      };
    });
  return stringify({ resources: rows, values: shown(said) }, { lineWidth: 140, aliasDuplicateObjects: false });
}

function shown(value: unknown): unknown {
  if (value instanceof Secret) return { "(secret)": shown(value.value) };
  if (Array.isArray(value)) return value.map(shown);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, held]) => [key, shown(held)]));
}

describe("the catalogue of Kubernetes building blocks", () => {
  for (const [name, { section, on }] of Object.entries(sections)) {
    for (const platform of on) {
      it(`has ${name} as the golden file says on ${platform}`, async () => {
        let said: object = {};
        const seen = await build(platform, async (cluster, opts) => {
          said = await section(cluster, opts);
        });
        const actual = text(seen, said);
        const expected = golden(`blocks/${name}.${platform}.yaml`, actual).split("\n");
        // Not the whole texts: to compute how thousands of lines differ takes seconds.
        const line = actual.split("\n").findIndex((one, index) => one !== expected[index]);
        assert.equal(actual.split("\n")[line], expected[line], `line ${line + 1}; UPDATE_GOLDEN=1 takes it as right`);
      });
    }
  }
});
