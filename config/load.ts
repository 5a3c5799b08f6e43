/** Reads the whole config of the running stack; the only code that asks Pulumi for config or the stack's name. */
import * as pulumi from "@pulumi/pulumi";
import type { AnySystem, ConfigOf } from "./define.ts";
import { givenPassphrase } from "./givenPassphrase.ts";
import { publishedWarning, realSecrets, sampleRefusal } from "./guard.ts";
import { parseConfig } from "./parse.ts";
import { report } from "./problems.ts";
import { isPublished } from "./published.ts";
import type { ParsedSystem, RawConfig } from "./secrets.ts";

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
  if (pulumi.runtime.getEngine() !== undefined) guard(Object.values(schemas), systems);
  const loaded = Object.entries(schemas).map(([name, { namespace }]) => {
    const parsed = systems.get(namespace);
    return [name, parsed === undefined ? undefined : withOutputs(parsed)];
  });
  return Object.fromEntries(loaded) as Loaded<T>;
}

/**
 * Lets no sample out of the lab, and says when the passphrase that everybody knows guards real secrets. On mocks there is
 * neither: renders, reviews and tests work on samples.
 * @throws pulumi.RunError with every sample and the command that sets it
 */
function guard(schemas: readonly AnySystem[], systems: ReadonlyMap<string, ParsedSystem>): void {
  const [stack, passphrase] = [pulumi.getStack(), givenPassphrase()];
  const refused = sampleRefusal(stack, schemas, systems, passphrase);
  if (refused !== undefined) throw new pulumi.RunError(refused);
  if (passphrase === undefined || !isPublished(passphrase)) return;
  const real = realSecrets(schemas, systems);
  if (real.length > 0) void pulumi.log.warn(publishedWarning(stack, real));
}

/** All config values with their secrecy. The SDK exports `isConfigSecret` but does not declare it. */
function rawConfig(): RawConfig {
  const { isConfigSecret } = pulumi.runtime as unknown as { isConfigSecret: (key: string) => boolean };
  const entries = Object.entries(pulumi.runtime.allConfig());
  return new Map(entries.map(([key, value]) => [key, { value, secret: isConfigSecret(key) }]));
}

function withOutputs({ settings, secrets, keyedSecrets }: ParsedSystem): object {
  return {
    settings,
    secrets: toSecrets(secrets),
    keyedSecrets: Object.fromEntries(Object.entries(keyedSecrets).map(([name, members]) => [name, toSecrets(members)])),
  };
}

function toSecrets(texts: Readonly<Record<string, string>>): Record<string, pulumi.Output<string>> {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, pulumi.secret(text)]));
}
