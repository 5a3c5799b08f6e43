import type * as pulumi from "@pulumi/pulumi";
import type { z } from "zod";

/** What a secret's text must look like; config/formats.ts has a check and a sample generator for each. */
export type SecretFormat =
  | "text"
  | "token"
  | "ssh-private-key"
  | "ssh-public-key"
  | "pem-private-key"
  | "pem-certificate"
  | "json"
  | "google-service-account"
  | "url"
  | "htpasswd"
  | "kubeconfig"
  | "base64";

/** Where a secret was kept before Orrery; `ops secrets import` reads it from there. */
export interface LegacySource {
  /** As a person finds it: gopass path, vault variable, file of the private repository. */
  readonly description: string;
  /** Entry of a gopass store; after a # one line `<key>: <value>` of it. */
  readonly gopass?: string;
  /** Variable of ansible-vault files. */
  readonly vault?: string;
  /** File in the folder that contained the secrets; after a # a key of that file, which is YAML then. */
  readonly file?: string;
}

/** What single and keyed secrets have in common. */
interface CommonSpec<Settings> {
  readonly description: string;
  /** Checked before any resource is registered; the value is never shown. @default "text" */
  readonly format?: SecretFormat;
  /** What is wrong with the text beyond its format, without repeating it. */
  check?(text: string, about: CheckedSecret<Settings>): string | undefined;
  /** Where it was kept before; for keyed secrets `name` is the key. What a cluster contained is known from what is deployed there. */
  readonly legacySource?: LegacySource | ((name: string) => LegacySource);
  /** Secrets of one seed get samples that belong together, e.g. a certificate and its key. @default the config key */
  readonly sampleSeed?: string;
  /** A sample that passes the check; the same seed gives the same text. @default one of the format */
  sample?(seed: string, settings: Settings): string;
}

/** One secret of a system: config key `<namespace>:<name>`, always encrypted. */
export interface SecretSpec<Settings = unknown> extends CommonSpec<Settings> {
  /**
   * Settings with which the secret is required. With others the component receives undefined, even if the stack has a
   * text for it. @default it is always required
   */
  when?(settings: Settings): boolean;
}

/** What a secret's check may look at besides the text. */
interface CheckedSecret<Settings> {
  /** Another secret of the system, by its name. */
  readonly other: (name: string) => string | undefined;
  readonly settings: Settings;
  /** Name among the single secrets, or the key of a keyed secret. */
  readonly name: string;
}

/** Secrets of one kind: config key `<namespace>:<name>-<member>` for each member. */
export interface KeyedSecretSpec<Settings = unknown> extends CommonSpec<Settings> {
  /** The members' names, e.g. the bots that have a token each. */
  members(settings: Settings): readonly string[];
  /** Name of a member's config key. @default `<name>-<member>` */
  key?(member: string): string;
}

/** A setting that names a cluster or a cloud; the name must be one of `clusters:settings` or `clouds:settings`. */
export interface Reference {
  /** Path inside the settings, dots between keys, e.g. `hubs.stage.cloud`. */
  readonly path: string;
  readonly kind: "cluster" | "cloud";
  readonly name: string;
}

/** A problem across settings. */
export interface RuleProblem {
  /** Path inside the settings that the problem is about. */
  readonly path: string;
  /** Found and expected value, e.g. `must be larger than bots.ogr.minimum (3)`. */
  readonly problem: string;
}

/** Declarations of single secrets, by name. */
export type SecretSpecs<Settings = unknown> = Readonly<Record<string, SecretSpec<Settings>>>;

/** Declarations of keyed secrets, by name. */
export type KeyedSecretSpecs<Settings = unknown> = Readonly<Record<string, KeyedSecretSpec<Settings>>>;

/** Declaration of a system's config: one zod schema for the settings and one entry a secret. */
export interface SystemSchema<
  S extends z.ZodType,
  Secrets extends SecretSpecs<z.infer<S>> = SecretSpecs<z.infer<S>>,
  Keyed extends KeyedSecretSpecs<z.infer<S>> = KeyedSecretSpecs<z.infer<S>>,
> {
  readonly namespace: string;
  /** A `z.strictObject`, so that unknown keys are errors; descriptions come in by `.describe`. */
  readonly settings: S;
  /** Single secrets. */
  readonly secrets: Secrets;
  /** Secrets of one kind with a member each for a bot, an environment or a cluster, by name. */
  readonly keyedSecrets?: Keyed;
  /** The clusters and clouds that the settings name. */
  references?(settings: z.infer<S>): readonly Reference[];
  /** Rules across settings. */
  rules?(settings: z.infer<S>): readonly RuleProblem[];
}

/** Any system's declaration, for code that treats all alike. */
export type AnySystem = SystemSchema<z.ZodType, SecretSpecs, KeyedSecretSpecs>;

/** What a system's component receives. A secret that is declared with `when` is undefined unless it is required. */
export interface ConfigOf<T extends AnySystem> {
  readonly settings: z.infer<T["settings"]>;
  readonly secrets: {
    readonly [Name in keyof T["secrets"]]: "when" extends keyof T["secrets"][Name]
      ? pulumi.Output<string> | undefined
      : pulumi.Output<string>;
  };
  /** By name, then by member. */
  readonly keyedSecrets: {
    readonly [Name in keyof NonNullable<T["keyedSecrets"]>]: Readonly<Record<string, pulumi.Output<string>>>;
  };
}

/**
 * Declares a system's config; the types of settings and secrets follow from it.
 *
 * @example
 * export const botsSchema = defineSystem({
 *   namespace: "bots",
 *   settings: z.strictObject({ cluster: z.string().describe("Cluster that runs the bots.") }),
 *   secrets: { webhookToken: { description: "Token of the webhook.", format: "token" } },
 *   references: ({ cluster }) => [{ path: "cluster", kind: "cluster", name: cluster }],
 * });
 * export type BotsConfig = ConfigOf<typeof botsSchema>;
 */
export function defineSystem<
  S extends z.ZodType,
  Secrets extends SecretSpecs<z.infer<S>>,
  Keyed extends KeyedSecretSpecs<z.infer<S>>,
>(schema: SystemSchema<S, Secrets, Keyed>): SystemSchema<S, Secrets, Keyed> {
  return schema;
}

/** The values if none of them is undefined, for secrets that are used together only. */
export function allOf<T extends object>(values: T): { readonly [N in keyof T]: NonNullable<T[N]> } | undefined {
  const complete = Object.values(values).every((value) => value !== undefined);
  return complete ? (values as { readonly [N in keyof T]: NonNullable<T[N]> }) : undefined;
}
