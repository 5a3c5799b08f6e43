/** Building blocks as reviewers can read them: golden files with types, names, parents, options, inputs and outputs. */
import assert from "node:assert/strict";
import { stringify } from "yaml";
import type { Recording } from "../../review/evaluate/record.ts";
import { mapParts, Secret } from "../../review/evaluate/secret.ts";
import { golden } from "./harness.ts";

/** Compares `golden/blocks/<name>.yaml` with registrations, invokes and values that no resource shows. */
export function isInCatalogue(name: string, recording: Recording, values: object): void {
  const actual = textOf(recording, values);
  const expected = golden(`blocks/${name}.yaml`, actual).split("\n");
  // Not the complete texts: a diff of thousands of lines takes seconds.
  const line = actual.split("\n").findIndex((one, index) => one !== expected[index]);
  assert.equal(actual.split("\n")[line], expected[line], `line ${line + 1}; UPDATE_GOLDEN=1 takes it as right`);
}

/** Registrations with names instead of URNs. */
function textOf({ resources, outputs, calls }: Recording, values: object): string {
  const name = (urn: string): string => urn.split("::").at(-1) ?? "";
  const rows = resources
    .filter(({ type }) => !type.startsWith("pulumi:providers:"))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ urn, type, parent, provider, options, inputs }) => {
      const { dependsOn = [], aliases = [], ...others } = options;
      return {
        [`${type} ${name(urn)}`]: {
          ...(parent === "" ? {} : { parent: name(parent) }),
          ...(provider === "" ? {} : { provider: name(provider) }),
          ...(dependsOn.length === 0 ? {} : { dependsOn: dependsOn.map(name).toSorted() }),
          // The SDK adds aliases for kinds that changed their version.
          ...(aliases.length === 0 ? {} : { aliases: aliases.length }),
          ...(Object.keys(others).length === 0 ? {} : { options: others }),
          ...(Object.keys(inputs).length === 0 ? {} : { inputs: shown(inputs) }),
          ...(outputs.has(urn) ? { outputs: shown(outputs.get(urn)) } : {}),
        },
      };
    });
  const asked = calls
    .map(({ token, inputs, provider }) => ({ [token]: { provider: name(provider), inputs: shown(inputs) } }))
    .toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  const all = { resources: rows, ...(asked.length === 0 ? {} : { asked }), values: shown(values) };
  return stringify(all, { lineWidth: 140, aliasDuplicateObjects: false });
}

function shown(value: unknown): unknown {
  return mapParts(value, (part) => {
    if (part instanceof Secret) return { "(secret)": part.value };
    return typeof part === "string" ? shortened(part) : part;
  });
}

/** Leaves out scripts that are files in the repository. */
function shortened(text: string): string {
  const lines = text.split("\n");
  return lines.length < 60 ? text : `${lines[0] ?? ""} ... (${lines.length} lines)`;
}
