/** All collectors, in the order of the help: what every system has, then what systems say about themselves. */
import { hubHosts, hubs } from "../callysto/status.ts";
import { dialsQueues } from "../dials/status.ts";
import { packitQueues } from "../packit/status.ts";
import { prowQueue } from "../prow/status.ts";
import type { Collector } from "./collector.ts";
import { backups } from "./collectors/backups.ts";
import { builds } from "./collectors/builds.ts";
import { certificates } from "./collectors/certificates.ts";
import { drift } from "./collectors/drift.ts";
import { hosts } from "./collectors/hosts.ts";
import { images } from "./collectors/images.ts";
import { jobs } from "./collectors/jobs.ts";
import { logins } from "./collectors/logins.ts";
import { objects } from "./collectors/objects.ts";
import { permissions } from "./collectors/permissions.ts";
import { quota } from "./collectors/quota.ts";
import { registries } from "./collectors/registries.ts";
import { servers } from "./collectors/servers.ts";
import { versions } from "./collectors/versions.ts";
import { workloads } from "./collectors/workloads.ts";

export const collectors: readonly Collector[] = [
  ...[
    workloads,
    objects,
    permissions,
    images,
    versions,
    registries,
    builds,
    jobs,
    certificates,
    quota,
    hosts,
    servers,
    logins,
    backups,
    drift,
  ],
  ...[packitQueues, dialsQueues, prowQueue, hubHosts, hubs],
];

/** Names for `--only` and `--skip`. */
export const sourceNames: readonly string[] = [...new Set(collectors.map(({ name }) => name))];
