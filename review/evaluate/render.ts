/** Renders the program's resources without a cloud, an engine, a plugin or a passphrase. */
import { createHash } from "node:crypto";
import { schemas } from "../../components/registry.ts";
import type { RawConfig } from "../../config/secrets.ts";
import { readStackFile, sampleConfig, stackPath } from "../../config/stackFile.ts";
import { record, type Recording, type Registration, type MockEnvironment } from "./record.ts";
import { type Hide, redact } from "./secret.ts";

let runs = 0;

/** A stack's config with samples in place of the encrypted values; keys in `changed` get another sample. */
export function stackConfig(
  stack: string,
  file = stackPath(stack),
  changed: ReadonlySet<string> = new Set(),
): RawConfig {
  return sampleConfig(readStackFile(file), Object.values(schemas), changed);
}

/** Runs the whole program on mocks; it can be called any number of times. @throws any error of the program */
export function runProgram(world: MockEnvironment): Promise<Recording> {
  // A new query runs index.ts again; importing the components' modules has no side effects.
  return record(world, async () => {
    const program = (await import(`../../index.ts?run=${++runs}`)) as { readonly default: object };
    return program.default;
  });
}

/** A resource as `npm run render` prints it. */
export type Rendered = Omit<Registration, "inputs"> & { readonly inputs: unknown };

/** A recording as plain data: sorted by URN, keys sorted, every leaf of a secret hidden. */
export function rendered({ resources }: Recording, hide?: Hide): readonly Rendered[] {
  return resources
    .map(({ urn, type, name, parent, provider, inputs, options }) => ({
      ...{ urn, type, name, parent, provider },
      inputs: redact(inputs, hide),
      options: redact(options, hide) as Registration["options"],
    }))
    .sort((a, b) => (a.urn < b.urn ? -1 : 1));
}

/** Renders a stack by its name. @throws if there is no such stack or its config has problems. */
export async function render(stack: string): Promise<readonly Rendered[]> {
  return rendered(await runProgram({ stack, config: stackConfig(stack) }));
}

/** Replaced resources and changed secrets that a render for a comparison assumes. */
export interface Replacements {
  /** URNs of replaced resources. */
  readonly urns: readonly string[];
  /** Config keys of secrets with another value. */
  readonly secrets: readonly string[];
}

/** A render to compare with another one: each leaf of a secret is the digest of its sample. */
export async function renderForComparison(
  stack: string,
  { urns, secrets }: Replacements,
  file = stackPath(stack),
): Promise<readonly Rendered[]> {
  const config = stackConfig(stack, file, new Set(secrets));
  return rendered(await runProgram({ stack, config, replaced: new Set(urns) }), secretDigest);
}

/** Placeholder of a secret's leaf in comparisons; it differs with the value. */
export function secretDigest(leaf: unknown): string {
  return `[secret ${createHash("sha256").update(JSON.stringify(leaf)).digest("hex").slice(0, 12)}]`;
}
