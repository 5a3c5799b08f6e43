/** Runs a program on Pulumi's mocks and records every registration, including parents, providers and options. */
import * as pulumi from "@pulumi/pulumi";
import type { RegisterResourceRequest, RegisterResourceResponse } from "@pulumi/pulumi/proto/resource_pb.js";
import type { RawConfig } from "../../config/secrets.ts";
import { type Call, callResult, type NewResource, resourceState } from "./outputs.ts";
import { fromWire, type Properties } from "./secret.ts";

/** The options that are set on a resource. */
interface Options {
  readonly additionalSecretOutputs?: readonly string[];
  readonly aliases?: readonly unknown[];
  readonly customTimeouts?: Readonly<Record<string, string>>;
  readonly deleteBeforeReplace?: boolean;
  readonly deletedWith?: string;
  /** URNs of registered resources that it depends on, by `dependsOn` or by an output among its inputs. */
  readonly dependsOn?: readonly string[];
  readonly ignoreChanges?: readonly string[];
  readonly import?: string;
  readonly protect?: boolean;
  readonly replaceOnChanges?: readonly string[];
  readonly replacementTrigger?: unknown;
  readonly retainOnDelete?: boolean;
}

/** One registered resource. */
export interface Registration {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  /** URN of the parent; empty at the top. */
  readonly parent: string;
  /** URN of the explicit provider; empty for components and for default providers. */
  readonly provider: string;
  /** Secrets among them are instances of `Secret`. */
  readonly inputs: Properties;
  readonly options: Options;
}

/** What a program registered, called and exported. */
export interface Recording {
  /** In the order of registration. */
  readonly resources: readonly Registration[];
  /** Outputs of components, by URN. */
  readonly outputs: ReadonlyMap<string, Properties>;
  readonly calls: readonly Call[];
  /** What the program's module exports. */
  readonly exports: Properties;
}

/** Config and mock answers for a program's run. */
export interface MockEnvironment {
  readonly project?: string;
  readonly stack: string;
  readonly config: RawConfig;
  /** Outputs of a resource that override the generated ones. */
  readonly newResource?: (resource: NewResource) => Record<string, unknown> | undefined;
  /** ID and outputs of a resource that exists already. */
  readonly live?: (resource: NewResource, provider: string) => LiveResource | undefined;
  /** Results of data sources that override the generated ones. */
  readonly answer?: (call: Call) => Record<string, unknown> | undefined;
  /** URNs of replaced resources: they get another ID and other computed outputs. */
  readonly replaced?: ReadonlySet<string>;
  /** Awaited before each answer, to shuffle the order of events. */
  readonly delay?: () => Promise<unknown>;
}

/** A resource that exists already. */
export interface LiveResource {
  readonly id: string;
  readonly state: Readonly<Record<string, unknown>>;
}

type Reply<T> = (error: unknown, response: T | undefined) => void;

/** The members of the SDK's mock monitor that are wrapped; `newUrn` is private there. */
interface Monitor {
  newUrn: (parent: string | undefined, type: string, name: string) => string;
  registerResource: (request: RegisterResourceRequest, reply: Reply<RegisterResourceResponse>) => Promise<void>;
  registerResourceOutputs: (request: OutputsRequest, reply: Reply<unknown>) => void;
}

interface OutputsRequest {
  getUrn(): string;
  getOutputs(): { toJavaScript(): Record<string, unknown> } | undefined;
}

/**
 * Records a program. `program` has to import the modules that create resources, as the mocks are set up before it runs.
 * @throws any error of the program, and an Error if two resources have the same URN.
 */
export async function record(world: MockEnvironment, program: () => Promise<object>): Promise<Recording> {
  // The SDK records a stack trace for each promise: half of a run's time.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return await recordProgram(world, program);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

async function recordProgram(world: MockEnvironment, program: () => Promise<object>): Promise<Recording> {
  const seen = new Map<string, Registration>();
  const outputs = new Map<string, Properties>();
  const calls: Call[] = [];
  const duplicates: string[] = [];
  let current: { readonly urn: string; readonly request: RegisterResourceRequest } | undefined;

  const mocks: pulumi.runtime.Mocks = {
    async newResource({ type, name, inputs }) {
      // The monitor calls this synchronously, so `current` is its request.
      const resource = { type, name, inputs: inputs as Record<string, unknown>, urn: current?.urn ?? "" };
      const secretOutputs = current?.request.getAdditionalsecretoutputsList() ?? [];
      const own = resourceState(resource, secretOutputs, world.replaced?.has(resource.urn) === true);
      const live = world.live?.(resource, withoutId(current?.request.getProvider() ?? ""));
      await world.delay?.();
      return { id: live?.id ?? own.id, state: { ...own.state, ...world.newResource?.(resource), ...live?.state } };
    },
    async call({ token, inputs, provider }) {
      const call = { token, inputs: inputs as Record<string, unknown>, provider: withoutId(provider ?? "") };
      calls.push(call);
      await world.delay?.();
      return { ...callResult(call), ...world.answer?.(call) };
    },
  };
  await pulumi.runtime.setMocks(mocks, world.project ?? "orrery", world.stack, false);
  pulumi.runtime.setAllConfig(
    Object.fromEntries([...world.config].map(([key, { value }]) => [key, value])),
    [...world.config].filter(([, { secret }]) => secret).map(([key]) => key),
  );

  const monitor = pulumi.runtime.getMonitor() as unknown as Monitor;
  const register = monitor.registerResource.bind(monitor);
  const registerOutputs = monitor.registerResourceOutputs.bind(monitor);
  const urnOf = (parent: string | undefined, type: string, name: string): string => {
    // The mock monitor keeps only the parent's type; the engine keeps the whole chain of types.
    const chain = parent === undefined || parent === "" ? type : `${parent.split("::")[2] ?? ""}$${type}`;
    return ["urn:pulumi:" + world.stack, world.project ?? "orrery", chain, name].join("::");
  };
  monitor.newUrn = urnOf;
  monitor.registerResource = (request, reply) => {
    const urn = urnOf(request.getParent(), request.getType(), request.getName());
    if (seen.has(urn)) duplicates.push(urn);
    seen.set(urn, registration(urn, request));
    current = { urn, request };
    const answered = register(request, reply);
    current = undefined;
    return answered;
  };
  monitor.registerResourceOutputs = (request, reply) => {
    outputs.set(request.getUrn(), fromWire(request.getOutputs()?.toJavaScript() ?? {}) as Properties);
    registerOutputs(request, reply);
  };

  const exported = await program();
  const exports = fromWire(await pulumi.runtime.serializeProperties("exports", { ...exported })) as Properties;
  await pulumi.runtime.disconnect(); // waits until every registration has been answered
  // The engine rejects duplicates; the mocks would silently overwrite the first.
  if (duplicates.length > 0) throw new Error(`two resources have the URN ${duplicates.join(", ")}`);
  const resources = [...seen.values()].map((one) => withoutReads(one, seen));
  return { resources, outputs, calls, exports };
}

/** A provider reference is `<urn>::<id>`. */
function withoutId(reference: string): string {
  return reference.split("::").slice(0, 4).join("::");
}

/** Dependencies without resources that are only read (`Resource.get`). */
function withoutReads(one: Registration, registered: ReadonlyMap<string, Registration>): Registration {
  const { dependsOn, ...others } = one.options;
  const kept = dependsOn?.filter((urn) => registered.has(urn)) ?? [];
  return { ...one, options: kept.length === 0 ? others : { ...one.options, dependsOn: kept } };
}

function registration(urn: string, request: RegisterResourceRequest): Registration {
  return {
    urn,
    type: request.getType(),
    name: request.getName(),
    parent: request.getParent(),
    provider: withoutId(request.getProvider()),
    inputs: fromWire(request.getObject()?.toJavaScript() ?? {}) as Properties,
    options: options(request),
  };
}

function options(request: RegisterResourceRequest): Options {
  const list = <T>(items: readonly T[]): readonly T[] | undefined => (items.length === 0 ? undefined : items);
  const text = (value: string): string | undefined => (value === "" ? undefined : value);
  // The generated code renames the field `delete`, a reserved word.
  const timeouts = Object.entries<string>({ ...request.getCustomtimeouts()?.toObject() })
    .filter(([, value]) => value !== "")
    .map(([key, value]) => [key === "pb_delete" ? "delete" : key, value]);
  const trigger: unknown = request.getReplacementTrigger()?.toJavaScript();
  const all: Readonly<Record<string, unknown>> = {
    additionalSecretOutputs: list(request.getAdditionalsecretoutputsList().toSorted()),
    aliases: list(request.getAliasesList().map((alias) => alias.toObject() as unknown)),
    customTimeouts: timeouts.length === 0 ? undefined : Object.fromEntries(timeouts),
    deleteBeforeReplace: request.getDeletebeforereplacedefined() ? request.getDeletebeforereplace() : undefined,
    deletedWith: text(request.getDeletedwith()),
    dependsOn: list(request.getDependenciesList().toSorted()),
    ignoreChanges: list(request.getIgnorechangesList()),
    import: text(request.getImportid()),
    protect: request.hasProtect() ? request.getProtect() : undefined,
    replaceOnChanges: list(request.getReplaceonchangesList()),
    replacementTrigger: trigger === undefined ? undefined : fromWire(trigger),
    retainOnDelete: request.hasRetainondelete() ? request.getRetainondelete() : undefined,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}
