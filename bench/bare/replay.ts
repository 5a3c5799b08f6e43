/** A program with as many resources as another and nothing else: no config, no components' code, no SDK of a provider. */
import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import type { BareResource } from "./bare.ts";

/** Registers what a file lists, in its order. */
export function replay(file: string): void {
  const made = new Map<string, pulumi.Resource>();
  for (const resource of JSON.parse(readFileSync(file, "utf8")) as readonly BareResource[]) {
    made.set(resource.urn, register(resource, made));
  }
}

/** Resources of any type; their classes in the SDKs only know more names. */
class Provider extends pulumi.ProviderResource {}
class Custom extends pulumi.CustomResource {}

function register(
  { type, name, parent, provider, version, dependsOn, inputs }: BareResource,
  made: ReadonlyMap<string, pulumi.Resource>,
): pulumi.Resource {
  const [above, by] = [made.get(parent), made.get(provider)];
  const opts: pulumi.CustomResourceOptions = {
    ...(above === undefined ? {} : { parent: above }),
    ...(by instanceof Provider ? { provider: by } : {}),
    ...(version === undefined ? {} : { version }),
    dependsOn: dependsOn.flatMap((urn) => made.get(urn) ?? []),
  };
  const values = withSecrets(inputs) as pulumi.Inputs;
  if (type.startsWith("pulumi:providers:")) return new Provider(type.split(":")[2] ?? "", name, values, opts);
  if (type.startsWith("orrery:")) return new pulumi.ComponentResource(type, name, {}, opts);
  return new Custom(type, name, values, opts);
}

/** Inputs with their secrets marked as the engine wants them. */
function withSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withSecrets);
  if (typeof value !== "object" || value === null) return value;
  if ("$secret" in value) return pulumi.secret(withSecrets(value.$secret));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withSecrets(item)]));
}
