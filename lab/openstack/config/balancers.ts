import path from "node:path";
import { ini } from "./ini.ts";
import {
  account,
  authtoken,
  common,
  database,
  type Files,
  host,
  libraries,
  region,
  runDir,
  type Site,
  url,
} from "./shared.ts";

/** Octavia with OVN's provider: it writes load balancers into OVN's database, and no machine of its own balances. */
export function octavia({ lab }: Site): Files {
  const socket = (name: string): string => path.join(runDir(lab), name);
  return {
    "octavia.conf": ini({
      DEFAULT: common(lab, "octavia"),
      database: database(lab, "octavia"),
      api_settings: {
        bind_host: host,
        bind_port: lab.ports.octavia,
        api_base_uri: url(lab.ports.octavia),
        enabled_provider_drivers: "ovn:OVN",
        default_provider_driver: "ovn",
      },
      driver_agent: {
        enabled_provider_agents: "ovn",
        status_socket_path: socket("octavia-status.sock"),
        stats_socket_path: socket("octavia-stats.sock"),
        get_socket_path: socket("octavia-get.sock"),
      },
      ovn: { ovn_nb_connection: `unix:${socket("ovnnb.sock")}`, ovn_sb_connection: `unix:${socket("ovnsb.sock")}` },
      neutron: { region_name: region },
      service_auth: account(lab, "octavia"),
      keystone_authtoken: authtoken(lab, "octavia", "load-balancer"),
      ...libraries(lab, "octavia"),
    }),
  };
}
