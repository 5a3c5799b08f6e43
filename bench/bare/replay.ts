/** A program with as many resources as another and nothing else: no config, no components' code, no SDK of a provider. */
import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import type { Reference } from "../references.ts";
import type { BareProgram, BareResource } from "./bare.ts";

/** What was made so far. */
interface Made {
  readonly resources: Map<string, pulumi.Resource>;
  /** Ids that data sources answer. */
  readonly answers: pulumi.Output<string>[];
}

/** Asks and registers what a file lists, in its order. */
export function replay(file: string): void {
  const { calls, resources } = JSON.parse(readFileSync(file, "utf8")) as BareProgram;
  const made: Made = { resources: new Map(), answers: [] };
  const [providers, others] = [true, false].map((wanted) => resources.filter((one) => isProvider(one) === wanted));
  for (const one of providers ?? []) made.resources.set(one.urn, register(one, made));
  for (const { token, inputs, provider } of calls) {
    const by = made.resources.get(provider);
    const answer = pulumi.runtime.invoke(token, live(inputs, made), by instanceof Provider ? { provider: by } : {});
    made.answers.push(pulumi.output(answer).apply(({ id }: { id: string }) => id));
  }
  for (const one of others ?? []) made.resources.set(one.urn, register(one, made));
}

/** Resources of any type; their classes in the SDKs only know more names. */
class Provider extends pulumi.ProviderResource {}
class Custom extends pulumi.CustomResource {
  declare readonly allFixedIps: pulumi.Output<readonly string[]>;
}

const isProvider = ({ type }: BareResource): boolean => type.startsWith("pulumi:providers:");

function register(resource: BareResource, made: Made): pulumi.Resource {
  const { type, name, parent, provider, version, dependsOn, deletedWith = "" } = resource;
  const [above, by, end] = [parent, provider, deletedWith].map((urn) => made.resources.get(urn));
  const opts: pulumi.CustomResourceOptions = {
    ...(above === undefined ? {} : { parent: above }),
    ...(by instanceof Provider ? { provider: by } : {}),
    ...(version === undefined ? {} : { version }),
    ...(end === undefined ? {} : { deletedWith: end }),
    dependsOn: dependsOn.flatMap((urn) => made.resources.get(urn) ?? []),
  };
  const inputs = live(resource.inputs, made);
  if (isProvider(resource)) return new Provider(type.split(":")[2] ?? "", name, inputs, opts);
  if (type.startsWith("orrery:")) return new pulumi.ComponentResource(type, name, {}, opts);
  // An output without an input has to be asked for.
  const outputs = type === "openstack:networking/port:Port" ? { allFixedIps: undefined } : {};
  return new Custom(type, name, { ...outputs, ...inputs }, opts);
}

/** Inputs with their secrets marked as the engine wants them, and references as outputs. */
function live(value: unknown, made: Made): pulumi.Inputs {
  const walk = (part: unknown): unknown => {
    if (Array.isArray(part)) return part.map(walk);
    if (typeof part !== "object" || part === null) return part;
    if ("$of" in part) return outputOf(part as Reference, made);
    if ("$secret" in part) return pulumi.secret(walk(part.$secret));
    return Object.fromEntries(Object.entries(part).map(([key, item]) => [key, walk(item)]));
  };
  return walk(value) as pulumi.Inputs;
}

function outputOf({ $of, property }: Reference, { resources, answers }: Made): pulumi.Output<unknown> | undefined {
  if (typeof $of === "number") return answers[$of];
  const resource = resources.get($of);
  if (!(resource instanceof Custom)) throw new Error(`${$of} is used before it is registered`);
  if (property === "id") return resource.id;
  return resource.allFixedIps.apply((all) => all.find((one) => one.includes(":") === (property === "ipv6")));
}
