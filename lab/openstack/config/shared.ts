/** Facts and ini sections that the projects' configuration files share. */
import path from "node:path";
import type { LabSettings } from "../../settings.ts";
import type { Ini, Section } from "./ini.ts";

/** Everything listens on loopback only. */
export const host = "127.0.0.1";
export const region = "RegionOne";

/** Input of the configuration files. */
export interface Site {
  readonly lab: LabSettings;
  /** Folder of the unpacked *-common packages, which hold the api-paste.ini files. */
  readonly share: string;
}

/** File name below `etc/openstack` to text. */
export type Files = Readonly<Record<string, string>>;

export const etcDir = (lab: LabSettings): string => path.join(lab.dir, "etc", "openstack");
export const dataDir = (lab: LabSettings): string => path.join(lab.dir, "data", "openstack");
export const runDir = (lab: LabSettings): string => path.join(lab.dir, "run");
export const url = (port: number): string => `http://${host}:${port}`;

/** SQLAlchemy's address of a database. */
export function databaseUrl(lab: LabSettings, name: string): string {
  return `mysql+pymysql://root@localhost/${name}?unix_socket=${path.join(runDir(lab), "mysql.sock")}&charset=utf8`;
}

export function database(lab: LabSettings, name: string): Section {
  return { connection: databaseUrl(lab, name), max_pool_size: 20, max_overflow: 20 };
}

/** How a service logs in to Keystone. */
export function account(lab: LabSettings, user: string): Section {
  return {
    auth_type: "password",
    auth_url: `${url(lab.ports.keystone)}/v3`,
    username: user,
    password: lab.password,
    project_name: "service",
    user_domain_name: "Default",
    project_domain_name: "Default",
    region_name: region,
  };
}

/** How a service checks the tokens of its callers. */
export function authtoken(lab: LabSettings, user: string, serviceType: string): Section {
  return {
    www_authenticate_uri: `${url(lab.ports.keystone)}/v3`,
    ...account(lab, user),
    service_token_roles: "service",
    // Cinder refuses to detach without service tokens since CVE-2023-2088.
    service_token_roles_required: true,
    service_type: serviceType,
    token_cache_time: 60,
  };
}

/** Into the daemon's own log file: on stderr oslo.log ends each line with a colour code. */
export function logging(lab: LabSettings, project: string): Section {
  return { log_file: path.join(lab.dir, "log", `${project}.log`), use_stderr: false };
}

/** The DEFAULT section of a project whose services talk to each other. */
export function common(lab: LabSettings, project: string): Section {
  return {
    ...logging(lab, project),
    // Equal to the name of OVN's chassis, so that Neutron binds Nova's ports to it.
    host: "orrery",
    my_ip: host,
    // In memory: all services of a project share one process, so no message broker is needed.
    transport_url: "fake://",
  };
}

/** Connections of a server of oslo's. With its own hundred, idle ones included, clients that keep theirs open shut out all others. */
export const manyConnections: Section = { wsgi_default_pool_size: 1000 };

/** Sections at the end of every oslo file. */
export function libraries(lab: LabSettings, project: string): Ini {
  return {
    oslo_concurrency: { lock_path: path.join(dataDir(lab), project, "lock") },
    // Unread notifications would pile up in the memory of fake://.
    oslo_messaging_notifications: { driver: "noop" },
  };
}
