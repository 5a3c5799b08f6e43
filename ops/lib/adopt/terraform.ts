/** Terraform's own state as a source of ids: what it made is what it says, whatever else has the name. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { UsageError } from "../../../cli/usage.ts";
import type { Adopted } from "./importFile.ts";
import { type Json, asList, asObject, asText } from "../../../policy/manifest.ts";

/** A resource of a state. Nothing else of it is kept: attributes may be secrets. */
export interface TerraformResource {
  /** As `terraform state rm` takes it: `module.hub.openstack_compute_instance_v2.server[0]`. */
  readonly address: string;
  /** End of the type here: `Instance`. */
  readonly type: string;
  readonly id: string;
  /** In the cloud; "" for what has no name. */
  readonly name: string;
}

/** Types of both, by the versions that the OpenStack provider has had. */
const types: readonly (readonly [RegExp, string])[] = [
  [/^openstack_compute_instance_v2$/, "Instance"],
  [/^openstack_compute_keypair_v2$/, "Keypair"],
  [/^openstack_blockstorage_volume_v[123]$/, "Volume"],
  [/^openstack_compute_volume_attach_v2$/, "VolumeAttach"],
  [/^openstack_dns_recordset_v2$/, "RecordSet"],
  [/^openstack_dns_zone_v2$/, "Zone"],
  [/^openstack_(networking|compute)_floatingip_v2$/, "FloatingIp"],
  [/^openstack_(networking|compute)_floatingip_associate_v2$/, "FloatingIpAssociate"],
  [/^openstack_networking_port_v2$/, "Port"],
  [/^openstack_(networking|compute)_secgroup_v2$/, "SecGroup"],
  [/^openstack_networking_secgroup_rule_v2$/, "SecGroupRule"],
];

/** Reads states of version 4, which Terraform writes since 0.12. @throws UsageError in one line if a file is none */
export function readTerraform(files: readonly string[]): readonly TerraformResource[] {
  return files.flatMap((file) => {
    const state = asObject(jsonOf(file));
    const name = path.basename(file);
    if (state.version !== 4) {
      const has = typeof state.version === "number" ? `version ${state.version}` : "no version";
      throw new UsageError(
        `${name} is no state of Terraform that can be read: it has ${has}, expected 4 (terraform state pull > FILE)`,
      );
    }
    const found = asList(state.resources).flatMap(resourcesOf);
    if (found.length === 0)
      throw new UsageError(`${name} has no openstack_* resource: is it the state of another project?`);
    return found;
  });
}

function jsonOf(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    const why = error instanceof SyntaxError ? "it is no JSON" : "it cannot be read";
    throw new UsageError(`${file}: ${why}; terraform state pull > FILE writes Terraform's state`);
  }
}

function resourcesOf(resource: Json): readonly TerraformResource[] {
  const type = types.find(([pattern]) => pattern.test(asText(resource.type)))?.[1];
  if (type === undefined || resource.mode !== "managed") return [];
  const module = asText(resource.module);
  const base = `${module === "" ? "" : `${module}.`}${asText(resource.type)}.${asText(resource.name)}`;
  return asList(resource.instances).flatMap((one) => {
    const { id, name } = asObject(one.attributes);
    const index = one.index_key === undefined ? "" : `[${JSON.stringify(one.index_key)}]`;
    // One that is about to be destroyed has been replaced.
    if (asText(id) === "" || asText(one.deposed) !== "") return [];
    return [{ address: `${base}${index}`, type, id: asText(id), name: asText(name) }];
  });
}

/** What is adopted, by URN. */
interface Result {
  readonly adopted: ReadonlyMap<string, Adopted>;
}

/** Resources of a state by what becomes of them. */
function sorted(all: readonly TerraformResource[], { adopted }: Result) {
  const ids = new Set([...adopted.values()].map(({ id }) => id));
  return { taken: all.filter(({ id }) => ids.has(id)), left: all.filter(({ id }) => !ids.has(id)) };
}

/** What Terraform must forget, so that it never destroys it, and what stays with it. */
export function terraformLines(all: readonly TerraformResource[], plan: Result): readonly string[] {
  const { taken, left } = sorted(all, plan);
  const section = (title: string, lines: readonly string[]): readonly string[] =>
    lines.length === 0 ? [] : [title, ...lines.map((line) => `  ${line}`)];
  return [
    ...section(
      `in Terraform's state, too: ${taken.length}; after the import let it forget them, or terraform destroy deletes them`,
      taken.map(({ address }) => `terraform state rm '${address}'`),
    ),
    ...section(
      `in Terraform's state, and not adopted: ${left.length}`,
      left.map(({ address, id, name }) => `${address}: ${[name, id].filter((one) => one !== "").join(", ")}`),
    ),
  ];
}

/** The same for a script; nothing without a state. */
export function terraformJson(all: readonly TerraformResource[], plan: Result): object {
  const { taken, left } = sorted(all, plan);
  const addresses = (some: readonly TerraformResource[]): readonly string[] => some.map(({ address }) => address);
  return all.length === 0 ? {} : { terraform: { adopted: addresses(taken), left: addresses(left) } };
}
