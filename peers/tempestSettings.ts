/** tempest.conf for a lab: what it has, and what it does not. */
import { openstackApi } from "../lab/openstack/api.ts";
import { type Ini, ini } from "../lab/openstack/config/ini.ts";
import { host, region, url } from "../lab/openstack/config/shared.ts";
import type { LabSettings } from "../lab/settings.ts";
import type { Prepared } from "./preparation.ts";

/** What a lab answers about itself, and what was made for the tests. */
export interface Facts {
  readonly prepared: Prepared;
  /** An image unlike {@link Prepared.image}. */
  readonly otherImage: string;
  /** Aliases of Neutron's extensions. */
  readonly networkExtensions: readonly string[];
  /** Aliases of Cinder's extensions. */
  readonly volumeExtensions: readonly string[];
  /** What Swift's /info names. */
  readonly objectFeatures: readonly string[];
}

/** The role that Swift lets into every account. */
const resellerAdmin = "ResellerAdmin";

/** Asks the lab, and makes what DevStack would have made for tempest. */
export async function learn(lab: LabSettings, prepared: Prepared): Promise<Facts> {
  const cloud = openstackApi(lab, "admin");
  const images = await cloud.list("image", "/images?name=peers");
  if (!(await cloud.list("identity", "/roles")).some(({ name }) => name === resellerAdmin)) {
    await cloud.post("identity", "/roles", { role: { name: resellerAdmin } });
  }
  const aliases = async (service: "network" | "volume"): Promise<readonly string[]> =>
    (await cloud.list(service, "/extensions")).map(({ alias }) => String(alias));
  const info = (await (await fetch(`${url(lab.ports.swift)}/info`)).json()) as object;
  return {
    prepared,
    otherImage: images[0]?.id ?? (await upload(cloud)),
    networkExtensions: await aliases("network"),
    volumeExtensions: await aliases("volume"),
    objectFeatures: Object.keys(info),
  };
}

async function upload(cloud: ReturnType<typeof openstackApi>): Promise<string> {
  const shape = { name: "peers", disk_format: "raw", container_format: "bare", visibility: "public" };
  const { id } = await cloud.post("image", "/images", shape);
  const headers = { "content-type": "application/octet-stream" };
  await cloud.request("image", `/images/${id}/file`, { method: "PUT", headers, body: Buffer.alloc(65536, 1) });
  return id;
}

/** The text of tempest.conf. It has the administrator's password. */
export function tempestConf(lab: LabSettings, folder: string, facts: Facts): string {
  const own = { DEFAULT: { log_file: "tempest.log", log_dir: folder }, oslo_concurrency: { lock_path: folder } };
  return ini({ ...own, ...accounts(lab), ...features(facts), ...networks(facts), ...names(lab) });
}

function accounts(lab: LabSettings): Ini {
  return {
    auth: {
      use_dynamic_credentials: true,
      admin_username: "admin",
      admin_password: lab.password,
      admin_project_name: "admin",
      admin_domain_name: "Default",
    },
    identity: { uri_v3: `${url(lab.ports.keystone)}/v3`, region, v3_endpoint_type: "public" },
    "identity-feature-enabled": { access_rules: true, external_idp: false },
    service_available: { neutron: true, horizon: false, barbican: false },
  };
}

/** One host, servers without a screen, and no guest that anybody could log in to. */
function features({ prepared, otherImage, volumeExtensions, objectFeatures }: Facts): Ini {
  const [small, large] = prepared.flavors;
  return {
    compute: {
      image_ref: prepared.image,
      image_ref_alt: otherImage,
      flavor_ref: small,
      flavor_ref_alt: large,
      min_microversion: "2.1",
      max_microversion: "latest",
      build_timeout: 600,
      hypervisor_type: "fake",
      volume_device_name: "vdc", // the flavours have an ephemeral disk, vdb
    },
    "compute-feature-enabled": {
      resize: true,
      hostname_fqdn_sanitization: true,
      cold_migration: false,
      live_migration: false,
      metadata_service: false,
      attach_encrypted_volume: false,
      volume_multiattach: true,
      scheduler_enabled_filters:
        "ComputeFilter,ComputeCapabilitiesFilter,ImagePropertiesFilter,ServerGroupAntiAffinityFilter,ServerGroupAffinityFilter",
    },
    validation: { run_validation: false },
    placement: { min_microversion: "1.0", max_microversion: "latest" },
    "image-feature-enabled": { import_image: true },
    volume: {
      min_microversion: "3.0",
      max_microversion: "latest",
      build_timeout: 600,
      storage_protocol: "file",
      vendor_name: "orrery",
    },
    "volume-feature-enabled": {
      backup: false,
      extend_attached_volume: true,
      volume_revert: true,
      api_extensions: volumeExtensions.join(","),
    },
    "object-storage": { operator_role: "member", reseller_admin_role: resellerAdmin, build_timeout: 60 },
    "object-storage-feature-enabled": { container_sync: false, discoverable_apis: objectFeatures.join(",") },
  };
}

function networks({ prepared, networkExtensions }: Facts): Ini {
  return {
    network: { public_network_id: prepared.public, floating_network_name: "public" },
    "network-feature-enabled": {
      api_extensions: networkExtensions.join(","),
      ipv6_subnet_attributes: true,
      port_security: true,
    },
    neutron_plugin_options: {
      available_type_drivers: "flat,geneve,local,vlan",
      provider_vlans: "physnet1",
      provider_net_base_segm_id: 100,
      firewall_driver: "ovn",
      create_shared_resources: true,
    },
  };
}

function names(lab: LabSettings): Ini {
  return {
    dns: { nameservers: `${host}:${lab.ports.dns}` },
    dns_feature_enabled: { api_admin: true, api_v2_root_recordsets: true, api_v2_quotas: true },
  };
}
