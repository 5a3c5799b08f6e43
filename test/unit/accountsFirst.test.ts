/** Programs that ask for their rights when they start, and end without them, start after them. */
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { Rendered } from "../../review/evaluate/render.ts";
import { stacks } from "./harness.ts";
import { renderedStack } from "./recordings.ts";

interface Manifest {
  readonly kind?: string;
  readonly metadata?: { readonly namespace?: string; readonly name?: string };
  readonly spec?: { readonly template?: { readonly spec?: { readonly serviceAccountName?: string } } };
  readonly subjects?: readonly { readonly kind: string; readonly namespace?: string; readonly name: string }[];
}

/** Everything that a resource comes after, by its own dependencies and those of the components around it. */
function before(one: Rendered, byUrn: ReadonlyMap<string, Rendered>): ReadonlySet<string> {
  const found = new Set<string>();
  const waiting = [one.urn];
  for (let urn = waiting.pop(); urn !== undefined; urn = waiting.pop()) {
    const { options, parent = "" } = byUrn.get(urn) ?? { options: {} };
    for (const next of [...(options.dependsOn ?? []), ...(parent === "" ? [] : [parent])]) {
      if (!found.has(next)) waiting.push(next);
      found.add(next);
    }
  }
  return found;
}

describe("rights of accounts", () => {
  for (const stack of stacks) {
    it(`every workload of ${stack} starts after what its account is allowed`, async () => {
      const all = await renderedStack(stack);
      const byUrn = new Map(all.map((one) => [one.urn, one]));
      const early: string[] = [];
      for (const one of all) {
        const { kind = "", metadata, spec } = one.inputs as Manifest;
        const account = spec?.template?.spec?.serviceAccountName;
        if (account === undefined) continue;
        const bindings = all.filter(({ provider, inputs }) => {
          const subjects = (inputs as Manifest).subjects ?? [];
          return (
            provider === one.provider &&
            subjects.some(
              (subject) =>
                subject.kind === "ServiceAccount" &&
                subject.name === account &&
                subject.namespace === metadata?.namespace,
            )
          );
        });
        const done = before(one, byUrn);
        const missing = bindings.filter(({ urn }) => !done.has(urn)).map(({ name }) => name);
        if (missing.length > 0)
          early.push(`${kind} ${metadata?.namespace ?? ""}/${metadata?.name ?? ""} before ${missing.join(", ")}`);
      }
      assert.deepEqual(early, []);
    });
  }
});
