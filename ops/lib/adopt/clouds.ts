/** What of a stack's OpenStack resources is there already, and how it is taken over. */
import { asText, type Json } from "../../../policy/manifest.ts";
import type { NewResource } from "../../../review/evaluate/outputs.ts";
import type { LiveResource, Recording, Registration } from "../../../review/evaluate/record.ts";
import { titleOf } from "../../../review/report/format.ts";
import type { World } from "./declared.ts";
import type { Adopted } from "./importFile.ts";
import type { Inventory } from "./inventory.ts";
import type { TerraformResource } from "./terraform.ts";
import {
  answerOf,
  candidates,
  keypairState,
  liveInputs,
  outputsOf,
  sameKey,
  serverState,
  type Thing,
} from "./matching.ts";

const cloudOf = (provider: string): string => provider.split("::").at(-1) ?? "";

/** The program's world where the stack's clouds have things; it remembers what was found and what is ambiguous. */
export class CloudWorld implements World {
  readonly adopted = new Map<string, Adopted>();
  readonly problems = new Map<string, string>();
  private readonly projects: ReadonlyMap<string, Inventory>;
  /** Addresses by the resource that declares them, known from a first evaluation. */
  private readonly addresses: ReadonlyMap<string, Thing>;
  /** What Terraform says it made. */
  private readonly terraform: readonly TerraformResource[];

  constructor(
    projects: ReadonlyMap<string, Inventory>,
    terraform: readonly TerraformResource[] = [],
    addresses: ReadonlyMap<string, Thing> = new Map(),
  ) {
    this.projects = projects;
    this.terraform = terraform;
    this.addresses = addresses;
  }

  readonly answer: World["answer"] = (call) => {
    const project = this.projects.get(cloudOf(call.provider));
    return project === undefined ? undefined : answerOf(call, project);
  };

  readonly live: World["live"] = (resource, provider): LiveResource | undefined => {
    const project = this.projects.get(cloudOf(provider));
    if (project === undefined || !resource.type.startsWith("openstack:")) return undefined;
    const address = this.addresses.get(resource.urn);
    const found =
      address === undefined ? known(candidates(resource, project), resource, project, this.terraform) : [address];
    const [thing] = found;
    if (thing === undefined) return undefined;
    if (found.length > 1) {
      const ids = found.map(({ id }) => id).join(", ");
      this.problems.set(
        resource.urn,
        `${titleOf(resource)}: the project has ${found.length} of that name (${ids}); rename those that it is not`,
      );
      return undefined;
    }
    this.adopted.set(resource.urn, adoptThing(resource, thing, project));
    return { id: thing.id, state: outputsOf(resource, thing) };
  };
}

/** Of several things the one that Terraform made; where nothing has the name any more, what Terraform made under it. */
function known(
  found: readonly Thing[],
  { type, inputs }: NewResource,
  project: Inventory,
  terraform: readonly TerraformResource[],
): readonly Thing[] {
  const own = terraform.filter((one) => type.endsWith(`:${one.type}`));
  if (found.length > 1) {
    const made = found.filter(({ id }) => own.some((one) => one.id === id));
    return made.length === 1 ? made : found;
  }
  if (found.length === 1) return found;
  const rows = rowsOf(type, project);
  const named = own.filter(({ name }) => name !== "" && name === inputs.name);
  // Addresses have no names: the only one is it, unless it is on another port.
  const only = type.endsWith(":FloatingIp") && own.length === 1 ? own : [];
  return [...named, ...only].flatMap(({ id }) => {
    const row = rows.find((one) => one.id === id && (only.length === 0 || asText(one.port_id) === ""));
    return row === undefined ? [] : [{ id, row }];
  });
}

/** Everything of the project that could be a resource of the type. */
function rowsOf(type: string, project: Inventory): readonly Json[] {
  const { volumes, servers, groups, zones, ports, floatingIps } = project;
  const rows: Readonly<Partial<Record<string, readonly Json[]>>> = {
    ...{ Volume: volumes, Instance: servers, SecGroup: groups },
    ...{ Zone: zones, Port: ports, FloatingIp: floatingIps },
  };
  return rows[type.split(":").at(-1) ?? ""] ?? [];
}

function adoptThing(resource: NewResource, thing: Thing, project: Inventory): Adopted {
  if (resource.type.endsWith(":Keypair") && sameKey(thing.row.public_key, resource.inputs.publicKey))
    return { id: thing.id, ...keypairState(resource.inputs, thing) };
  const inputs = liveInputs(resource, thing, project);
  if (!resource.type.endsWith(":Instance")) return { id: thing.id, inputs };
  return { id: thing.id, ...serverState(resource.inputs, thing, project) };
}

/** Floating IPs have no names: one that is to be the stack's own is the one on the port that it is declared for. */
export function addressesOnPorts(
  { resources }: Pick<Recording, "resources">,
  projects: ReadonlyMap<string, Inventory>,
): ReadonlyMap<string, Thing> {
  const addresses = new Map<string, Thing>();
  for (const own of resources.filter(({ type }) => type.endsWith(":FloatingIp"))) {
    const isItsAssociation = ({ type, parent }: Registration): boolean =>
      type.endsWith(":FloatingIpAssociate") && parent === own.parent;
    const portId = resources.find(isItsAssociation)?.inputs.portId;
    const rows = projects.get(cloudOf(own.provider))?.floatingIps ?? [];
    const [row, ...more] = rows.filter(({ port_id }) => port_id !== null && port_id === portId);
    if (row !== undefined && more.length === 0) addresses.set(own.urn, { id: asText(row.id), row });
  }
  return addresses;
}
