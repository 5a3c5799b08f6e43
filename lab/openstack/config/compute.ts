import path from "node:path";
import { ini } from "./ini.ts";
import {
  account,
  authtoken,
  common,
  database,
  databaseUrl,
  dataDir,
  type Files,
  host,
  libraries,
  region,
  type Site,
  url,
} from "./shared.ts";

/** Nova: API, conductor, scheduler and compute in one process. */
export function nova({ lab, share }: Site): Files {
  const login = account(lab, "nova");
  const data = path.join(dataDir(lab), "nova");
  return {
    "nova.conf": ini({
      DEFAULT: {
        ...common(lab, "nova"),
        state_path: data,
        instances_path: path.join(data, "instances"),
        enabled_apis: "osapi_compute,metadata",
        metadata_listen: host,
        metadata_listen_port: lab.ports.metadata,
        metadata_workers: 1,
        osapi_compute_listen: host,
        osapi_compute_listen_port: lab.ports.nova,
        osapi_compute_workers: 1,
        // Looked up under nova.virt, where nova_driver.install() adds the class.
        compute_driver: "fake.OrreryDriver",
        // Guests of a real cloud may have either; the lab's own images read the config drive alone.
        force_config_drive: true,
        vif_plugging_is_fatal: false,
        vif_plugging_timeout: 0,
        allow_resize_to_same_host: true,
        running_deleted_instance_action: "noop",
        // All services are one process: if its API responds they are up, however long the lab was down.
        service_down_time: 31_536_000,
      },
      database: database(lab, "nova"),
      api_database: { connection: databaseUrl(lab, "nova_api") },
      wsgi: { api_paste_config: path.join(share, "usr/share/nova-common/api-paste.ini") },
      api: { auth_strategy: "keystone" },
      quota: { instances: 200, cores: 2000, ram: 4_000_000, key_pairs: 500, server_groups: 100 },
      scheduler: { discover_hosts_in_cells_interval: -1, workers: 1 },
      filter_scheduler: {
        track_instance_changes: false,
        enabled_filters:
          "ComputeFilter,ComputeCapabilitiesFilter,ImagePropertiesFilter,ServerGroupAntiAffinityFilter,ServerGroupAffinityFilter",
      },
      conductor: { workers: 1 },
      vnc: { enabled: false },
      keystone: login,
      // Cinder refuses to detach without a service token since CVE-2023-2088.
      service_user: { send_service_user_token: true, ...login },
      glance: { api_servers: url(lab.ports.glance) },
      placement: login,
      neutron: {
        ...login,
        endpoint_override: url(lab.ports.neutron),
        service_metadata_proxy: true,
        metadata_proxy_shared_secret: lab.password,
      },
      cinder: { os_region_name: region, ...login },
      key_manager: { backend: "nova.keymgr.conf_key_mgr.ConfKeyManager", fixed_key: "0".repeat(64) },
      keystone_authtoken: authtoken(lab, "nova", "compute"),
      ...libraries(lab, "nova"),
    }),
  };
}
