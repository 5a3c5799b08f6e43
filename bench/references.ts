/** Where an input of an OpenStack resource comes from: the mocks' ids are unique, so a value identifies its resource. */
import { type Call, callResult, resourceState } from "../review/evaluate/outputs.ts";
import type { Recording, Registration } from "../review/evaluate/record.ts";
import { revealed, mapParts } from "../review/evaluate/secret.ts";

/** A value that a cloud assigns at creation; plain data, so that it can stand in a file. */
export interface Reference {
  /** URN of a resource, or position among the calls of data sources. */
  readonly $of: string | number;
  /** `ipv4` and `ipv6`: that address of a port. */
  readonly property: "id" | "ipv4" | "ipv6";
}

/** Values of the mocks with what they stand for. */
export type References = ReadonlyMap<string, Reference>;

export function isReference(value: unknown): value is Reference {
  return typeof value === "object" && value !== null && "$of" in value;
}

/** The lookups whose results are sent to the cloud again; the program's others, e.g. of quotas, are checks of its own. */
export function needed({ resources, calls }: Pick<Recording, "resources" | "calls">): readonly Call[] {
  const sent = JSON.stringify(resources.filter(isOpenstack).map(({ inputs }) => revealed(inputs)));
  return calls.filter((call) => sent.includes(String(callResult(call).id)));
}

/** Every value of the mocks that stands for something of the cloud. */
export function references({ resources, calls }: Pick<Recording, "resources" | "calls">): References {
  const found = new Map<string, Reference>();
  for (const [at, call] of calls.entries()) found.set(String(callResult(call).id), { $of: at, property: "id" });
  for (const { urn, type, name, inputs } of resources.filter(isOpenstack)) {
    const { id, state } = resourceState({ urn, type, name, inputs: revealed(inputs) as Registration["inputs"] }, []);
    found.set(id, { $of: urn, property: "id" });
    const [ipv4, ipv6] = Array.isArray(state.allFixedIps) ? state.allFixedIps.map(String) : [];
    if (ipv4 !== undefined) found.set(ipv4, { $of: urn, property: "ipv4" });
    if (ipv6 !== undefined) found.set(ipv6, { $of: urn, property: "ipv6" });
  }
  return found;
}

/** Inputs of a resource or call in the clear, with references instead of what the mocks made up. */
export function linked({ inputs, ...of }: Call | Registration, known: References): object {
  const own = "urn" in of ? of.urn : undefined;
  return mapParts(revealed(inputs), (part) => {
    const reference = typeof part === "string" ? known.get(part) : undefined;
    return reference === undefined || reference.$of === own ? part : reference; // a name may be its resource's id too
  }) as object;
}

/** Resources of OpenStack's provider. */
export function isOpenstack({ type }: { readonly type: string }): boolean {
  return type.startsWith("openstack:");
}
