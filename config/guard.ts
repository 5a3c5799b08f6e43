/** Whether a passphrase that everybody knows guards secrets that nobody should know. */
import { labPassword } from "./aim.ts";
import type { AnySystem, SecretSpec } from "./define.ts";
import { type ParsedSystem, wantedSecrets } from "./secrets.ts";
import { samplePassphrase } from "./samples.ts";

/** Whether a passphrase is one of those that are published with the sample stacks. */
export function isPublished(passphrase: string, stack: string): boolean {
  return [stack, "test", "stage", "prod"].some((name) => passphrase === samplePassphrase(name));
}

/** Whether a secret's text is one of the lab's, which listens on loopback only. */
export function isLabs(text: string): boolean {
  return (
    text === labPassword || (text.startsWith("apiVersion: v1\nkind: Config\n") && text.includes("https://127.0.0.1:"))
  );
}

/** Certificates and public keys are no secrets by themselves, and their samples follow the settings' host names. */
export const isPublic = ({ format }: SecretSpec): boolean =>
  format === "pem-certificate" || format === "ssh-public-key";

/** Keys of secrets that are neither samples nor the lab's. */
export function realSecrets(
  schemas: readonly AnySystem[],
  systems: ReadonlyMap<string, ParsedSystem>,
): readonly string[] {
  return schemas.flatMap((schema) => {
    const parsed = systems.get(schema.namespace);
    if (parsed === undefined) return [];
    return wantedSecrets(schema, parsed.settings).flatMap((wanted) => {
      const { family, name, key, spec } = wanted;
      if (isPublic(spec)) return [];
      const text = (family === undefined ? parsed.secrets[name] : parsed.families[family.name]?.[name]) ?? "";
      return text === "" || isLabs(text) || text === wanted.sample() ? [] : [key];
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
