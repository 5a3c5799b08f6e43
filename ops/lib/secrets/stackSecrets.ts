/** The secrets that a stack's systems declare and their state in the stack's file, without their texts. */
import { UsageError } from "../../../cli/usage.ts";
import type { AnySystem } from "../../../config/define.ts";
import { isFromLab } from "../../../config/preflight/samplePassphrase.ts";
import type { Crypter } from "../../../config/passphrase.ts";
import { parseConfig } from "../../../config/parse.ts";
import { report } from "../../../config/problems.ts";
import { publishedSamples, type PublishedSamples } from "../../../config/published.ts";
import { type WantedSecret, wantedSecrets } from "../../../config/secrets.ts";
import { readStackFile, sampleConfig, secretsOf } from "../../../config/stackFile.ts";
import { schemas } from "../../../components/registry.ts";
import { crypterOf } from "../secrets.ts";
import { stackOf, type StackValues, type SystemStack } from "../stack.ts";

/** A secret in the stack: its own text, one that has a published sample in it, the lab's, none, or one under another passphrase. */
export type State = "set" | "sample" | "lab" | "missing" | "unreadable";

/** One secret that a system asks for. */
export interface StackSecret extends WantedSecret {
  readonly schema: AnySystem;
  readonly state: State;
  /** Compares without telling. */
  readonly is: (text: string) => boolean;
}

/** A stack with all of its secrets. */
export interface StackSecrets {
  readonly name: string;
  readonly file: string;
  readonly crypter: Crypter;
  readonly systems: readonly { readonly schema: AnySystem; readonly stack: SystemStack<unknown> }[];
  readonly secrets: readonly StackSecret[];
  /** Texts that everybody knows. */
  readonly samples: PublishedSamples;
  /** Names of keys that no system asks for. */
  readonly unknown: readonly string[];
}

/** Reads the stack that the options name; `--system` limits it to one. @throws UsageError if the passphrase is wrong */
export function openStackSecrets(
  values: StackValues & { readonly system?: string | undefined },
  opened?: Crypter,
): StackSecrets {
  const only = values.system;
  const all: readonly AnySystem[] = Object.values(schemas);
  if (only !== undefined && !all.some(({ namespace }) => namespace === only)) {
    throw new UsageError(`there is no system "${only}"; there are ${all.map(({ namespace }) => namespace).join(", ")}`);
  }
  const { name, file } = stackOf(values);
  const stackFile = readStackFile(file);
  const { entries } = stackFile;
  const crypter = opened ?? crypterOf({ name, file });
  // With samples for texts: what a text lacks is no reason not to look at the others.
  const parsed = parseConfig(sampleConfig(stackFile, all), all);
  const wrong = parsed.problems.filter(({ text: said }) => !said.startsWith("the secret is missing"));
  if (wrong.length > 0) throw new Error(report(name, wrong));
  const systems = all.flatMap((schema) => {
    const settings = parsed.systems.get(schema.namespace)?.settings;
    const asked = settings !== undefined && (only ?? schema.namespace) === schema.namespace;
    return asked ? [{ schema, stack: { name, file, settings } }] : [];
  });
  if (systems.length === 0)
    throw new Error(`Pulumi.${name}.yaml names no system${only === undefined ? "" : ` ${only}`}`);
  const clear = (key: string): string | undefined => {
    const entry = entries.get(key);
    return entry?.secret === true ? crypter.decrypt(entry.value) : undefined;
  };
  // A sample is one under another system's key, too.
  const samples = publishedSamples(secretsOf(stackFile, all).values());
  const secrets = systems.flatMap(({ schema, stack }) =>
    wantedSecrets(schema, stack.settings).map((wanted): StackSecret => {
      try {
        const text = clear(wanted.key);
        return { ...wanted, schema, state: stateOf(text, samples), is: (one) => one === text };
      } catch {
        return { ...wanted, schema, state: "unreadable", is: () => false };
      }
    }),
  );
  const known = new Set(secrets.map(({ key }) => key));
  const mine = (key: string): boolean => systems.some(({ schema }) => key.startsWith(`${schema.namespace}:`));
  const unknown = [...entries]
    .filter(([key, { secret }]) => secret && mine(key) && !known.has(key))
    .map(([key]) => key);
  return { name, file, crypter, systems, secrets, samples, unknown };
}

/** The kubeconfig of one of the stack's clusters. @throws if the stack has none */
export function kubeconfigOf(
  { name, file, crypter }: Pick<StackSecrets, "name" | "file" | "crypter">,
  cluster: string,
): string {
  const entry = readStackFile(file).entries.get(`clusters:${cluster}`);
  if (entry === undefined) throw new Error(`Pulumi.${name}.yaml has no clusters:${cluster}`);
  return crypter.decrypt(entry.value);
}

function stateOf(text: string | undefined, samples: PublishedSamples): State {
  if (text === undefined) return "missing";
  if (isFromLab(text)) return "lab";
  return samples.isIn(text) ? "sample" : "set";
}
