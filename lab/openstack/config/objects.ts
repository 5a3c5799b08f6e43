/** Swift: object storage with its own API and S3's. */
import path from "node:path";
import { ini } from "./ini.ts";
import { account, authtoken, dataDir, etcDir, type Files, host, region, type Site, url } from "./shared.ts";

/** One device (a folder) on one ring with one replica. The S3 API uses Keystone's EC2 credentials. */
export function swift({ lab }: Site): Files {
  const pipeline =
    "catch_errors gatekeeper healthcheck cache listing_formats bulk tempurl authtoken s3api s3token keystoneauth staticweb copy container-quotas account-quotas slo dlo versioned_writes symlink proxy-server";
  const server = (kind: string, port: number): string =>
    ini({
      DEFAULT: {
        bind_ip: host,
        bind_port: port,
        swift_dir: etcDir(lab),
        devices: path.join(dataDir(lab), "swift"),
        mount_check: false,
        log_name: `swift-${kind}`,
        fallocate_reserve: 0,
        disable_fallocate: true,
      },
      "pipeline:main": { pipeline: `${kind}-server` },
      [`app:${kind}-server`]: { use: `egg:swift#${kind}` },
    });
  const filter = (name: string): string => `egg:swift#${name.replaceAll("-", "_")}`;
  const own = ["authtoken", "s3api", "s3token", "keystoneauth", "proxy-server"];
  const plain = pipeline.split(" ").filter((name) => !own.includes(name));
  return {
    "swift.conf": ini({
      "swift-hash": { swift_hash_path_suffix: "orrery", swift_hash_path_prefix: "orrery" },
      "storage-policy:0": { name: "default", default: "yes" },
    }),
    "swift-account.conf": server("account", lab.ports.swift + 1),
    "swift-container.conf": server("container", lab.ports.swift + 2),
    "swift-object.conf": server("object", lab.ports.swift + 3),
    "swift-proxy.conf": ini({
      DEFAULT: { bind_ip: host, bind_port: lab.ports.swift, swift_dir: etcDir(lab), log_name: "swift-proxy" },
      "pipeline:main": { pipeline },
      "app:proxy-server": { use: "egg:swift#proxy", account_autocreate: true, allow_account_management: true },
      ...Object.fromEntries(
        plain.map((name) => [`filter:${name}`, { use: filter(name === "cache" ? "memcache" : name) }]),
      ),
      // No memcached listens there: caching is off.
      "filter:cache": { use: "egg:swift#memcache", memcache_servers: `${host}:1` },
      // Versions of objects are symlinks.
      "filter:versioned_writes": {
        use: "egg:swift#versioned_writes",
        allow_versioned_writes: true,
        allow_object_versioning: true,
      },
      "filter:keystoneauth": { use: "egg:swift#keystoneauth", operator_roles: "admin, member" },
      // The region that requests must be signed for.
      "filter:s3api": { use: "egg:swift#s3api", location: region },
      // Since OSSA-2025-002, Keystone verifies signatures only for service users.
      "filter:s3token": {
        use: "egg:swift#s3token",
        auth_uri: `${url(lab.ports.keystone)}/v3`,
        ...account(lab, "swift"),
      },
      "filter:authtoken": {
        "paste.filter_factory": "keystonemiddleware.auth_token:filter_factory",
        delay_auth_decision: true,
        ...authtoken(lab, "swift", "object-store"),
      },
    }),
  };
}
