/** The program's resources without a cloud, an engine, a plugin or a passphrase. */
import { createHash } from "node:crypto";
import { schemas } from "../components/registry.ts";
import type { RawConfig } from "../config/secrets.ts";
import { readStackFile, sampleConfig, stackPath } from "../config/stackFile.ts";
import { record, type Recording, type Registration, type World } from "./record.ts";
import { type Hide, redact } from "./secret.ts";

let runs = 0;

/** A stack's config with samples of the right formats instead of the encrypted values; those of `renewed` keys are others. */
export function stackConfig(
  stack: string,
  file = stackPath(stack),
  renewed: ReadonlySet<string> = new Set(),
): RawConfig {
  return sampleConfig(readStackFile(file), Object.values(schemas), renewed);
}

/** Runs the whole program on mocks; it may be called any number of times. @throws what the program throws. */
export async function runProgram(world: World): Promise<Recording> {
  // The differing query makes index.ts run again; the components' modules have no effects when they are imported.
  return record(world, () => import(`../index.ts?run=${++runs}`) as Promise<object>);
}

/** What `npm run render` prints of a resource. */
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

/** What a render for a comparison is told. */
export interface Renewed {
  /** URNs of resources that are made anew. */
  readonly urns: readonly string[];
  /** Config keys of secrets that have another value. */
  readonly secrets: readonly string[];
}

/** A render to be compared with another one: a secret's leaf is a digest of the sample that stands for it. */
export async function renderForComparison(
  stack: string,
  { urns, secrets }: Renewed,
  file = stackPath(stack),
): Promise<readonly Rendered[]> {
  const config = stackConfig(stack, file, new Set(secrets));
  return rendered(await runProgram({ stack, config, renewed: new Set(urns) }), hiddenDigest);
}

/** Stands for a secret's leaf in comparisons: another text, another digest. */
export function hiddenDigest(leaf: unknown): string {
  return `[secret ${createHash("sha256").update(JSON.stringify(leaf)).digest("hex").slice(0, 12)}]`;
}
