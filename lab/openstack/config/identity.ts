/** Keystone, its catalog, and Placement: the two projects that are plain WSGI applications. */
import path from "node:path";
import { ini } from "./ini.ts";
import { authtoken, database, databaseUrl, dataDir, type Files, libraries, logging, type Site, url } from "./shared.ts";

export function keystone({ lab }: Site): Files {
  const keys = path.join(dataDir(lab), "keystone");
  return {
    "keystone.conf": ini({
      DEFAULT: { ...logging(lab, "keystone"), public_endpoint: url(lab.ports.keystone) },
      database: database(lab, "keystone"),
      token: { provider: "fernet", expiration: 86400 },
      fernet_tokens: { key_repository: path.join(keys, "fernet") },
      fernet_receipts: { key_repository: path.join(keys, "fernet") },
      // Not cached: Keystone modifies what it gets, and this cache returns the object itself.
      credential: { key_repository: path.join(keys, "credential"), caching: false },
      identity: { password_hash_rounds: 4 },
      cache: { enabled: true, backend: "dogpile.cache.memory" },
      ...libraries(lab, "keystone"),
    }),
    "catalog.json": catalog(lab.ports),
  };
}

/** Services by type: name and address. catalog.py writes them into Keystone's tables, so that endpoints follow the lab's ports. */
function catalog(ports: Site["lab"]["ports"]): string {
  const project = "$(project_id)s";
  const services: Readonly<Record<string, readonly [name: string, address: string]>> = {
    identity: ["keystone", `${url(ports.keystone)}/v3`],
    image: ["glance", url(ports.glance)],
    placement: ["placement", url(ports.placement)],
    compute: ["nova", `${url(ports.nova)}/v2.1`],
    network: ["neutron", url(ports.neutron)],
    volumev3: ["cinderv3", `${url(ports.cinder)}/v3/${project}`],
    "block-storage": ["cinder", `${url(ports.cinder)}/v3/${project}`],
    dns: ["designate", url(ports.designate)],
    "load-balancer": ["octavia", url(ports.octavia)],
    "object-store": ["swift", `${url(ports.swift)}/v1/AUTH_${project}`],
  };
  return `${JSON.stringify(services, undefined, 2)}\n`;
}

export function placement({ lab }: Site): Files {
  return {
    // Placement expects a folder with a file of this name.
    "placement/placement.conf": ini({
      DEFAULT: logging(lab, "placement"),
      placement_database: { connection: databaseUrl(lab, "placement") },
      api: { auth_strategy: "keystone" },
      keystone_authtoken: authtoken(lab, "placement", "placement"),
      ...libraries(lab, "placement"),
    }),
  };
}
