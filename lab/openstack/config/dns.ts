/** Designate, and BIND as the secondary server of its zones. */
import { createHmac } from "node:crypto";
import path from "node:path";
import { stringify } from "yaml";
import { ini } from "./ini.ts";
import {
  account,
  authtoken,
  common,
  databaseUrl,
  dataDir,
  etcDir,
  type Files,
  host,
  libraries,
  type Site,
  url,
} from "./shared.ts";

/** Designate: API, central, worker, producer and mdns in one process. */
export function designate({ lab, share }: Site): Files {
  const data = path.join(dataDir(lab), "designate");
  return {
    "designate.conf": ini({
      DEFAULT: {
        ...common(lab, "designate"),
        state_path: data,
        root_helper: "",
        quota_zones: 1000,
        default_ttl: 60,
        default_soa_refresh_min: 30,
        default_soa_refresh_max: 60,
      },
      "service:api": {
        listen: `${host}:${lab.ports.designate}`,
        api_base_uri: `${url(lab.ports.designate)}/`,
        api_paste_config: path.join(share, "usr/share/designate-common/api-paste.ini"),
        auth_strategy: "keystone",
        workers: 1,
        enable_api_v2: true,
        enable_api_admin: true,
        enable_host_header: true, // links of lists know only this; without it they keep the default address
        enabled_extensions_admin: "quotas",
        quotas_verify_project_id: false,
        default_limit_v2: 1000,
      },
      "service:central": { workers: 1, managed_resource_email: "hostmaster@orrery.test" },
      "service:worker": {
        workers: 1,
        notify: true,
        poll_timeout: 2,
        poll_retry_interval: 1,
        poll_max_retries: 20,
        poll_delay: 0,
      },
      "service:producer": { workers: 1, enabled_tasks: "zone_purge,delayed_notify,worker_periodic_recovery" },
      "producer_task:delayed_notify": { interval: 5 },
      "producer_task:worker_periodic_recovery": { interval: 30 },
      "service:mdns": { workers: 1, listen: `${host}:${lab.ports.mdns}`, query_enforce_tsig: false },
      "storage:sqlalchemy": { connection: databaseUrl(lab, "designate") },
      keystone: account(lab, "designate"),
      coordination: { backend_url: `file://${path.join(data, "coordination")}` },
      keystone_authtoken: authtoken(lab, "designate", "dns"),
      ...libraries(lab, "designate"),
    }),
    "pools.yaml": stringify([pool(lab)]),
  };
}

function pool(lab: Site["lab"]): object {
  return {
    name: "default",
    description: "one named on loopback",
    attributes: {},
    ns_records: [{ hostname: "ns1.orrery.test.", priority: 1 }],
    nameservers: [{ host, port: lab.ports.dns }],
    targets: [
      {
        type: "bind9",
        description: "named",
        masters: [{ host, port: lab.ports.mdns }],
        options: {
          host,
          port: lab.ports.dns,
          rndc_host: host,
          rndc_port: lab.ports.rndc,
          rndc_bin_path: "/usr/sbin/rndc",
          rndc_config_file: path.join(etcDir(lab), "rndc.conf"),
          clean_zonefile: true,
        },
      },
    ],
  };
}

export function named({ lab }: Site): Files {
  // The control channel listens on loopback, where every user of the machine can call.
  const secret = createHmac("sha256", lab.password).update("rndc").digest("base64");
  const key = `key orrery { algorithm hmac-sha256; secret "${secret}"; };\n`;
  const bind = path.join(dataDir(lab), "bind");
  const options = [
    `directory "${bind}"`,
    `pid-file "${bind}/named.pid"`,
    `session-keyfile "${bind}/session.key"`,
    `managed-keys-directory "${bind}"`,
    "lock-file none",
    `listen-on port ${lab.ports.dns} { ${host}; }`,
    "listen-on-v6 { none; }",
    `query-source address ${host}`,
    `transfer-source ${host}`,
    `notify-source ${host}`,
    "recursion no",
    "empty-zones-enable no",
    "dnssec-validation no",
    "notify no",
    "allow-new-zones yes", // Designate adds its zones by rndc
    `allow-query { ${host}; }`,
    `allow-notify { ${host}; }`,
    "allow-transfer { none; }",
    "request-ixfr no",
    "min-refresh-time 5",
    "min-retry-time 1",
    "max-refresh-time 60",
    "max-retry-time 5",
    "minimal-responses yes",
    "tcp-clients 50",
  ];
  const block = (name: string, lines: readonly string[]): string =>
    `${name} {\n${lines.map((line) => `  ${line};\n`).join("")}};\n`;
  return {
    "named.conf":
      key +
      `controls { inet ${host} port ${lab.ports.rndc} allow { ${host}; } keys { orrery; }; };\n` +
      block("options", options),
    "rndc.conf":
      key + block("options", ["default-key orrery", `default-server ${host}`, `default-port ${lab.ports.rndc}`]),
  };
}
