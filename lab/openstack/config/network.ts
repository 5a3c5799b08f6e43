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
  manyConnections,
  runDir,
  type Site,
} from "./shared.ts";

/** Neutron with ML2 and OVN. */
export function neutron({ lab, share }: Site): Files {
  const login = account(lab, "neutron");
  const socket = (name: string): string => `unix:${path.join(runDir(lab), name)}`;
  return {
    "neutron.conf": ini({
      DEFAULT: {
        ...common(lab, "neutron"),
        ...manyConnections,
        state_path: path.join(dataDir(lab), "neutron"),
        bind_host: host,
        bind_port: lab.ports.neutron,
        api_paste_config: path.join(share, "usr/share/neutron-common/api-paste.ini"),
        auth_strategy: "keystone",
        core_plugin: "ml2",
        service_plugins: "ovn-router,qos,trunk,port_forwarding",
        setproctitle: "off",
        api_workers: 2,
        rpc_workers: 1,
        rpc_state_report_workers: 0,
        dhcp_agent_notification: false,
        agent_down_time: 600,
        send_events_interval: 1,
        // Tenant networks lose 58 bytes to Geneve; with these, machines see the usual 1500 everywhere.
        global_physnet_mtu: 1558,
      },
      database: database(lab, "neutron"),
      quotas: {
        quota_network: 200,
        quota_subnet: 400,
        quota_port: 2000,
        quota_router: 200,
        quota_floatingip: 200,
        quota_security_group: 500,
        quota_security_group_rule: 5000,
      },
      nova: login,
      placement: login,
      ml2: {
        type_drivers: "local,flat,vlan,geneve",
        tenant_network_types: "geneve",
        mechanism_drivers: "ovn",
        // No "dns": with it Nova refuses a port whose dns_name is not the server's name (PortNotUsableDNS).
        extension_drivers: "port_security,qos",
        physical_network_mtus: "physnet1:1500",
        overlay_ip_version: 4,
      },
      ml2_type_geneve: { vni_ranges: "1:65536", max_header_size: 38 },
      ml2_type_flat: { flat_networks: "physnet1" },
      ml2_type_vlan: { network_vlan_ranges: "physnet1:100:199" },
      securitygroup: { enable_security_group: true },
      ovn: {
        ovn_nb_connection: socket("ovnnb.sock"),
        ovn_sb_connection: socket("ovnsb.sock"),
        ovn_l3_scheduler: "chance",
        ovn_metadata_enabled: false,
        enable_distributed_floating_ip: true,
        neutron_sync_mode: "off",
      },
      keystone_authtoken: authtoken(lab, "neutron", "network"),
      ...libraries(lab, "neutron"),
    }),
  };
}
