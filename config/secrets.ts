/** The secrets of a system, found in the raw config and checked. */
import type { AnySystem, KeyedSecretSpec, LegacySource, SecretSpec } from "./define.ts";
import { checkFormat } from "./formats.ts";
import * as messages from "./problems.ts";
import type { Problem } from "./problems.ts";
import { sample } from "./samples.ts";

/** A config value as the engine hands it to a program: text, or JSON text of an object. */
export interface RawEntry {
  readonly value: string;
  readonly secret: boolean;
}

/** Whole config of a stack by full key, e.g. `thoth:settings`. */
export type RawConfig = ReadonlyMap<string, RawEntry>;

/** One system's config, its secrets still plain text; those that the stack lacks are absent. */
export interface ParsedSystem {
  readonly settings: unknown;
  readonly secrets: Readonly<Record<string, string>>;
  readonly keyedSecrets: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** A secret of a system. */
export interface WantedSecret {
  /** Full config key. */
  readonly key: string;
  readonly spec: SecretSpec | KeyedSecretSpec;
  /** False when its `when` does not hold; the stack may have a text nevertheless. */
  readonly required: boolean;
  readonly keyed?: { readonly name: string; readonly member: string };
  /** Name among the single secrets, or the member. */
  readonly name: string;
  /** Where it was kept before Orrery, if anywhere. */
  readonly legacySource: LegacySource | undefined;
  /** What is wrong with a text beyond its format; `other` is another secret of the system. */
  readonly check: (text: string, other: (name: string) => string | undefined) => string | undefined;
  /** A sample that passes the checks; another mark gives another sample. */
  readonly sample: (mark?: string) => string;
}

/** Every secret of a system with these settings. */
export function wantedSecrets(system: AnySystem, settings: unknown): readonly WantedSecret[] {
  const wanted = (key: string, spec: WantedSecret["spec"], name: string): WantedSecret => ({
    key: `${system.namespace}:${key}`,
    spec,
    required: !("when" in spec) || spec.when(settings),
    name,
    legacySource: typeof spec.legacySource === "function" ? spec.legacySource(name) : spec.legacySource,
    check: (text, other) => spec.check?.(text, { other, settings, name }),
    sample: (mark) => {
      const own = spec.sampleSeed ?? `${system.namespace}:${key}`;
      const seed = mark === undefined ? own : `${mark} ${own}`;
      return spec.sample?.(seed, settings) ?? sample(spec.format ?? "text", seed);
    },
  });
  const single = Object.entries(system.secrets).map(([name, spec]) => wanted(name, spec, name));
  const members = Object.entries(system.keyedSecrets ?? {}).flatMap(([keyed, spec]) =>
    spec.members(settings).map((member) => ({
      ...wanted(spec.key?.(member) ?? `${keyed}-${member}`, spec, member),
      keyed: { name: keyed, member },
    })),
  );
  return [...single, ...members];
}

/** With broken settings the required secrets are unknown, but none may be in plain text. */
export function secretsInClear(keys: readonly string[], raw: RawConfig): readonly Problem[] {
  return keys.filter((key) => !key.endsWith(":settings") && raw.get(key)?.secret === false).map(inClear);
}

function inClear(key: string): Problem {
  return {
    path: key,
    text: "the secret is in plain text; encrypt it, and rotate it where it is used",
    fix: messages.secretCommand(key),
  };
}

/** Whether a secret's text usually comes from a file. */
export function hasManyLines({ format }: SecretSpec): boolean {
  return /key|pem|json|account|kubeconfig|htpasswd/.test(format ?? "");
}

/** Text of a secret in a parsed system; undefined when the stack lacks it. */
export function textOf(
  { secrets, keyedSecrets }: Pick<ParsedSystem, "secrets" | "keyedSecrets">,
  { keyed, name }: WantedSecret,
): string | undefined {
  return keyed === undefined ? secrets[name] : keyedSecrets[keyed.name]?.[name];
}

/** Secrets of one system by name, what is wrong with them and which are missing. */
export function parseSecrets(
  system: AnySystem,
  wanted: readonly WantedSecret[],
  raw: RawConfig,
  own: readonly string[],
): Pick<ParsedSystem, "secrets" | "keyedSecrets"> & { readonly problems: Problem[]; readonly missing: Problem[] } {
  const secrets: Record<string, string> = {};
  const keyedSecrets: Record<string, Record<string, string>> = {};
  const [problems, missing]: [Problem[], Problem[]] = [[], []];
  for (const keyed of Object.keys(system.keyedSecrets ?? {})) keyedSecrets[keyed] = {};
  const other = (name: string): string | undefined => raw.get(`${system.namespace}:${name}`)?.value;
  for (const { key, spec, required, keyed, name, legacySource, check } of wanted) {
    const entry = raw.get(key);
    const manyLines = hasManyLines(spec);
    if (entry === undefined) {
      if (required) {
        const before = legacySource === undefined ? "" : ` Formerly: ${legacySource.description}.`;
        const text = `the secret is missing; ${spec.description}${before}`;
        missing.push({ path: key, text, fix: messages.secretCommand(key, manyLines) });
      }
    } else if (!entry.secret) {
      problems.push(inClear(key));
    } else {
      const wrong = checkFormat(spec.format ?? "text", entry.value) ?? check(entry.value, other);
      if (wrong !== undefined) {
        problems.push({
          path: key,
          text: `the secret's text is not as it must be: ${wrong}`,
          fix: messages.secretCommand(key, manyLines),
        });
      }
    }
    const bucket = keyed === undefined ? secrets : (keyedSecrets[keyed.name] ?? {});
    if (entry !== undefined) bucket[name] = entry.value;
  }
  const names = wanted.map(({ key }) => key);
  for (const key of own.filter((one) => !names.includes(one) && one !== `${system.namespace}:settings`)) {
    problems.push({
      path: key,
      text: `there is no such secret${messages.suggest(key, names)}`,
      fix: messages.removeCommand(key),
    });
  }
  return { secrets, keyedSecrets, problems, missing };
}
