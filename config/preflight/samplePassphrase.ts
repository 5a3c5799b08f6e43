/** Detects published samples, and real secrets under a published passphrase, outside of the lab. */
import { labLogin } from "../samples.ts";
import type { AnySystem, SecretSpec } from "../define.ts";
import { type Problem, propertyPath, secretCommand, setCommand } from "../problems.ts";
import { isPublished, publishedSamples, type PublishedSamples } from "../published.ts";
import { hasManyLines, type ParsedSystem, textOf, wantedSecrets } from "../secrets.ts";

type Systems = ReadonlyMap<string, ParsedSystem>;

/** Whether a secret's text is a login of a lab, which listens on loopback only. */
export function isFromLab(text: string): boolean {
  return (
    new RegExp(`^${labLogin}(-[0-9a-f]{48})?$`).test(text) ||
    (text.startsWith("apiVersion: v1\nkind: Config\n") && text.includes("https://127.0.0.1:"))
  );
}

/** Certificates and public keys are not secret, and their samples depend on the settings' host names. */
export const isPublic = ({ format }: SecretSpec): boolean =>
  format === "pem-certificate" || format === "ssh-public-key";

/** The samples of everything that a stack's systems ask for. */
export function samplesOf(schemas: readonly AnySystem[], systems: Systems): PublishedSamples {
  return publishedSamples(
    schemas.flatMap((schema) => {
      const parsed = systems.get(schema.namespace);
      return parsed === undefined ? [] : wantedSecrets(schema, parsed.settings);
    }),
  );
}

/** Keys of secrets that are neither samples nor the lab's. */
export function realSecrets(schemas: readonly AnySystem[], systems: Systems): readonly string[] {
  const samples = samplesOf(schemas, systems);
  return schemas.flatMap((schema) => {
    const parsed = systems.get(schema.namespace);
    if (parsed === undefined) return [];
    return wantedSecrets(schema, parsed.settings).flatMap((wanted) => {
      const text = textOf(parsed, wanted);
      return text === undefined || isPublic(wanted.spec) || isFromLab(text) || samples.is(text) ? [] : [wanted.key];
    });
  });
}

/** What to say about them. */
export function publishedWarning(stack: string, keys: readonly string[]): string {
  const some = keys.length > 5 ? [...keys.slice(0, 5), `${keys.length - 5} more`] : keys;
  return (
    `the passphrase of stack ${stack} is published with its samples, but it guards secrets that are none: ${some.join(", ")}. ` +
    `Everybody can read them in Pulumi.${stack}.yaml; change it: npm run ops -- secrets passphrase --stack ${stack}, ` +
    "and replace the secrets if the file was ever shared"
  );
}

/** Settings of the clusters and clouds that must not have samples, e.g. `clusters:settings.psi`. */
export function guardedTargets(systems: Systems): ReadonlySet<string> {
  const paths = ["clusters", "clouds"].flatMap((namespace) => {
    const targets = (systems.get(namespace)?.settings ?? {}) as Readonly<
      Record<string, { readonly lab?: boolean; readonly allowSamples?: boolean }>
    >;
    return Object.entries(targets).flatMap(([name, { lab, allowSamples }]) =>
      lab === true || allowSamples === true ? [] : [`${namespace}:settings.${name}`],
    );
  });
  return new Set(paths);
}

/** Every sample that would go to a guarded target: secrets that are in use, and public keys and addresses among the settings. */
export function samplesAtRisk(schemas: readonly AnySystem[], systems: Systems): readonly Problem[] {
  const guarded = guardedTargets(systems);
  if (guarded.size === 0) return [];
  const samples = samplesOf(schemas, systems);
  return schemas.flatMap((schema) => {
    const parsed = systems.get(schema.namespace);
    if (parsed === undefined) return [];
    const own = `${schema.namespace}:settings`;
    const isTarget = ["clusters", "clouds"].includes(schema.namespace);
    const references = schema.references?.(parsed.settings) ?? [];
    if (!isTarget && !references.some(({ kind, name }) => guarded.has(`${kind}s:settings.${name}`))) return [];
    const secrets = wantedSecrets(schema, parsed.settings).flatMap((wanted): readonly Problem[] => {
      const { key, name, required, spec } = wanted;
      const text = textOf(parsed, wanted);
      if (!required || text === undefined || (isTarget && !guarded.has(`${own}.${name}`))) return [];
      const what = isTarget && text.includes(labLogin) ? "the lab's" : "a published sample";
      const isSample = what === "the lab's" || samples.isIn(text);
      return isSample ? [{ path: key, text: `is ${what}`, fix: secretCommand(key, hasManyLines(spec)) }] : [];
    });
    return [...settingsAmong(parsed.settings, own, samples), ...secrets];
  });
}

/** Settings that are samples: public keys whose private half is published or does not exist, and addresses that nothing has. */
function settingsAmong(value: unknown, path: string, samples: PublishedSamples): readonly Problem[] {
  if (typeof value === "string") {
    if (/\bsample\.invalid\b/.test(value)) {
      return [{ path, text: `is a published sample (${value})`, fix: setCommand(path, "VALUE") }];
    }
    return /^(ssh|ecdsa|sk)-/.test(value) && samples.isIn(value)
      ? [{ path, text: "is the public half of a published sample", fix: setCommand(path, "'ssh-...'") }]
      : [];
  }
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => {
    return settingsAmong(inner, propertyPath(path, [Array.isArray(value) ? Number(name) : name]), samples);
  });
}

const passphraseCommand = "ORRERY_NEW_PASSPHRASE=... npm run ops -- secrets passphrase --stack {stack}";

/** Samples that would go to a guarded target, and a published passphrase of a stack that has one. */
export function sampleRisks(
  schemas: readonly AnySystem[],
  systems: Systems,
  passphrase: string | undefined,
): readonly Problem[] {
  const published = guardedTargets(systems).size > 0 && passphrase !== undefined && isPublished(passphrase);
  return [
    ...samplesAtRisk(schemas, systems),
    ...(published ? [{ path: "the stack's passphrase", text: "is published", fix: passphraseCommand }] : []),
  ];
}

/**
 * Why an update is refused: samples, or secrets under a published passphrase, outside of the lab; otherwise undefined.
 * @param outcome - what the message says of the update
 */
export function sampleProblems(
  stack: string,
  schemas: readonly AnySystem[],
  systems: Systems,
  passphrase: string | undefined,
  outcome = "; nothing was changed",
): string | undefined {
  const guarded = [...guardedTargets(systems)];
  const risks = sampleRisks(schemas, systems, passphrase);
  if (risks.length === 0) return undefined;
  const lines = [
    `Pulumi.${stack}.yaml is for clusters and clouds that are not the lab's, and everybody knows ${risks.length} of its texts${outcome}:`,
    ...risks.flatMap(({ path, text, fix }) => [`  ${path} ${text}`, `      ${fix}`]),
    "what lives in a cluster, a password store or a folder is taken over: npm run ops -- secrets import --help",
    "where samples may go nevertheless:",
    ...guarded.map((path) => `      ${setCommand(`${path}.allowSamples`, "true")}`),
  ];
  return lines.join("\n").replaceAll("{stack}", stack);
}
