/** Reads the whole config of the running stack; the only code that asks Pulumi for config or the stack's name. */
import * as pulumi from "@pulumi/pulumi";
import type { AnySystem, ConfigOf } from "./define.ts";
import { givenPassphrase } from "./givenPassphrase.ts";
import { publishedWarning, realSecrets, sampleProblems, samplesOf } from "./preflight/samplePassphrase.ts";
import { openProblem } from "./openDecision.ts";
import { parseConfig } from "./parse.ts";
import { report } from "./problems.ts";
import { isPublished, type PublishedSamples } from "./published.ts";
import { type ParsedSystem, type RawConfig, textOf, wantedSecrets } from "./secrets.ts";

/** Config of each system that the stack names; the others are undefined, they are not deployed. */
export type Loaded<T extends Readonly<Record<string, AnySystem>>> = {
  readonly [N in keyof T]: ConfigOf<T[N]> | undefined;
};

/**
 * Parses the running stack's config by the systems' schemas.
 * @throws pulumi.RunError with every problem at once, or every sample that must not be deployed; nothing is registered before.
 */
export function loadConfig<T extends Readonly<Record<string, AnySystem>>>(schemas: T): Loaded<T> {
  const { systems, problems } = parseConfig(rawConfig(), Object.values(schemas));
  // The stack's name only completes the commands that the message proposes.
  if (problems.length > 0) throw new pulumi.RunError(report(pulumi.getStack(), problems));
  if (pulumi.runtime.getEngine() !== undefined) {
    checkOpen();
    checkSamples(Object.values(schemas), systems);
  }
  const loaded = Object.entries(schemas).map(([name, schema]) => {
    const parsed = systems.get(schema.namespace);
    return [name, parsed === undefined ? undefined : withOutputs(schema, parsed)];
  });
  return Object.fromEntries(loaded) as Loaded<T>;
}

/** @throws pulumi.RunError if another command has changed the stack's file, and has neither finished nor undone that */
function checkOpen(): void {
  const problem = openProblem(pulumi.getStack());
  if (problem !== undefined) throw new pulumi.RunError(problem);
}

/**
 * Refuses samples outside of the lab, and warns of real secrets under a published passphrase. Not on mocks: renders,
 * reviews and tests work on samples.
 * @throws pulumi.RunError with every sample and the command that sets it
 */
function checkSamples(schemas: readonly AnySystem[], systems: ReadonlyMap<string, ParsedSystem>): void {
  const [stack, passphrase] = [pulumi.getStack(), givenPassphrase()];
  const refused = sampleProblems(stack, schemas, systems, passphrase);
  if (refused !== undefined) throw new pulumi.RunError(refused);
  if (passphrase === undefined || !isPublished(passphrase)) return;
  const real = realSecrets(schemas, systems);
  if (real.length > 0) void pulumi.log.warn(publishedWarning(stack, real));
}

/** The running stack, for messages and for the backend; what is deployed never depends on its name. */
export interface RunningStack {
  readonly name: string;
  /** With organization and project, as backends take it. */
  readonly fullName: string;
}

/** The running stack's names. */
export function runningStack(): RunningStack {
  const name = pulumi.getStack();
  return { name, fullName: `${pulumi.getOrganization()}/${pulumi.getProject()}/${name}` };
}

/** What is published of the running stack's secrets. */
export function loadSamples(schemas: Readonly<Record<string, AnySystem>>): PublishedSamples {
  const all = Object.values(schemas);
  return samplesOf(all, parseConfig(rawConfig(), all).systems);
}

/** All config values with their secrecy. The SDK exports `isConfigSecret` but does not declare it. */
function rawConfig(): RawConfig {
  const { isConfigSecret } = pulumi.runtime as unknown as { isConfigSecret: (key: string) => boolean };
  const entries = Object.entries(pulumi.runtime.allConfig());
  return new Map(entries.map(([key, value]) => [key, { value, secret: isConfigSecret(key) }]));
}

/** A system's config for its component: of the secrets those that are required. */
function withOutputs(schema: AnySystem, parsed: ParsedSystem): object {
  const secrets: Record<string, pulumi.Output<string>> = {};
  const keyedSecrets: Record<string, Record<string, pulumi.Output<string>>> = Object.fromEntries(
    Object.keys(schema.keyedSecrets ?? {}).map((name) => [name, {}]),
  );
  for (const wanted of wantedSecrets(schema, parsed.settings)) {
    const text = wanted.required ? textOf(parsed, wanted) : undefined;
    const bucket = wanted.keyed === undefined ? secrets : keyedSecrets[wanted.keyed.name];
    if (text !== undefined && bucket !== undefined) bucket[wanted.name] = pulumi.secret(text);
  }
  return { settings: parsed.settings, secrets, keyedSecrets };
}
