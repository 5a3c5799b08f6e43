/** Storage: MariaDB, Glance, Cinder. */
import path from "node:path";
import { ini } from "./ini.ts";
import {
  account,
  authtoken,
  common,
  database,
  dataDir,
  type Files,
  host,
  libraries,
  logging,
  manyConnections,
  runDir,
  type Site,
  url,
} from "./shared.ts";

/** Reachable by its socket only; survives a killed process, but not a power cut. */
export function mariadb({ lab }: Site): Files {
  const options = {
    user: "root",
    datadir: path.join(dataDir(lab), "mysql"),
    socket: path.join(runDir(lab), "mysql.sock"),
    "pid-file": path.join(dataDir(lab), "mariadb.pid"),
    "lc-messages-dir": "/usr/share/mysql",
    "character-set-server": "utf8mb3",
    "collation-server": "utf8mb3_general_ci",
    max_connections: 500,
    // The services have 695 tables: with the default of 400, definitions of the others are read from disk again and again.
    table_definition_cache: 1000,
    // In seconds, after which a service begins its transaction again; the default is 50, and no answer may take more than 30.
    innodb_lock_wait_timeout: 10,
    performance_schema: "off",
    innodb_buffer_pool_size: "128M",
    innodb_log_file_size: "16M",
    innodb_flush_log_at_trx_commit: 2,
    innodb_flush_method: "nosync",
    innodb_doublewrite: 0,
    sync_frm: 0,
    innodb_stats_persistent: 0,
  };
  const flags = ["skip-networking", "skip-name-resolve", "skip-log-bin"];
  return { "mysql.cnf": `${ini({ mariadbd: options })}${flags.join("\n")}\n` };
}

export function glance({ lab, share }: Site): Files {
  const data = path.join(dataDir(lab), "glance");
  const staging = path.join(data, "staging");
  return {
    "glance.conf": ini({
      DEFAULT: {
        ...logging(lab, "glance"),
        transport_url: "fake://",
        bind_host: host,
        bind_port: lab.ports.glance,
        // One process: no children.
        workers: 0,
        limit_param_default: 1000,
        enabled_backends: "local:file",
        enabled_import_methods: "[glance-direct]",
        node_staging_uri: `file://${staging}`,
        metadata_source_path: path.join(share, "usr/share/glance-common/metadefs"),
      },
      database: database(lab, "glance"),
      glance_store: { default_backend: "local" },
      local: { filesystem_store_datadir: path.join(data, "images") },
      os_glance_staging_store: { filesystem_store_datadir: staging },
      os_glance_tasks_store: { filesystem_store_datadir: path.join(data, "tasks") },
      paste_deploy: {
        flavor: "keystone",
        config_file: path.join(share, "usr/share/glance-common/glance-api-paste.ini"),
      },
      keystone_authtoken: authtoken(lab, "glance", "image"),
      ...libraries(lab, "glance"),
    }),
  };
}

/** Cinder: API, scheduler and volume service in one process; cinder_driver.py keeps the volumes. */
export function cinder({ lab, share }: Site): Files {
  const login = account(lab, "cinder");
  const data = path.join(dataDir(lab), "cinder");
  return {
    "cinder.conf": ini({
      DEFAULT: {
        ...common(lab, "cinder"),
        ...manyConnections,
        state_path: data,
        api_paste_config: path.join(share, "usr/share/cinder-common/api-paste.ini"),
        resource_query_filters_file: path.join(share, "etc/cinder/resource_filters.json"),
        osapi_volume_listen: host,
        osapi_volume_listen_port: lab.ports.cinder,
        osapi_volume_workers: 1,
        auth_strategy: "keystone",
        enabled_backends: "lab",
        default_volume_type: "standard",
        glance_api_servers: url(lab.ports.glance),
        volume_clear: "none",
        service_down_time: 31_536_000,
        // A first report can be lost while the scheduler starts; by default the next one comes a minute later.
        backend_stats_polling_interval: 5,
        periodic_fuzzy_delay: 0,
        quota_volumes: 500,
        quota_snapshots: 500,
        quota_gigabytes: 500_000,
      },
      lab: { volume_driver: "cinder_driver.FileDriver", volume_backend_name: "lab" },
      coordination: { backend_url: `file://${path.join(data, "coordination")}` },
      nova: { interface: "public", ...login },
      service_user: { send_service_user_token: true, ...login },
      key_manager: { backend: "cinder.keymgr.conf_key_mgr.ConfKeyManager", fixed_key: "0".repeat(64) },
      database: database(lab, "cinder"),
      keystone_authtoken: authtoken(lab, "cinder", "block-storage"),
      ...libraries(lab, "cinder"),
    }),
  };
}
