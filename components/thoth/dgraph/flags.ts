/** Command lines of Dgraph's servers: flags of 1.0, and superflags from version 21 on. */
import type { DgraphSettings } from "./settings.ts";

/** Folder of the certificates in the pods. */
export const tlsFolder = "/var/run/secrets/dgraph";

/** Folder of the exports in the data servers' pods. */
export const exportFolder = "/exports";

/** Copies of each group of data, and number of managers. */
export const replicas = 3;

/** Does this version use superflags? */
export function hasSuperflags({ version }: Pick<DgraphSettings, "version">): boolean {
  return Number(/^v(\d+)/.exec(version)?.[1]) >= 21;
}

/** Addresses of the managers to contact first; old versions take only one. */
function zeroAddresses(settings: DgraphSettings, domain: string): string {
  const ordinals = settings.mode === "ha" && hasSuperflags(settings) ? [0, 1, 2] : [0];
  return ordinals.map((ordinal) => `${settings.mode === "ha" ? "zero" : "dgraph"}-${ordinal}.${domain}:5080`).join(",");
}

/** Script that starts a manager. `domain` is that of its StatefulSet's pods. */
export function zeroScript(settings: DgraphSettings, domain: string): string {
  const idx = hasSuperflags(settings) ? '--raft "idx=$((ordinal + 1))"' : "--idx $((ordinal + 1))";
  const copies = settings.mode === "ha" ? replicas : 1;
  const start = `exec dgraph zero --my "$HOSTNAME.${domain}:5080" ${idx} --replicas ${copies}`;
  if (settings.mode === "single") {
    return ['ordinal="${HOSTNAME##*-}"', start].join("\n");
  }
  // The first one founds the cluster; the others join it.
  const peer = `[ "$ordinal" = 0 ] || peer="--peer zero-0.${domain}:5080"`;
  return ['ordinal="${HOSTNAME##*-}"', 'peer=""', peer, `${start} $peer`].join("\n");
}

/** Script that starts a data server. `zeros` is the domain of the managers' pods, `domain` of its own. */
export function alphaScript(settings: DgraphSettings, domain: string, zeros: string): string {
  const exports = settings.backups === undefined ? "" : ` --export ${exportFolder}`;
  const common = `exec dgraph alpha --my "$HOSTNAME.${domain}:7080" --zero ${zeroAddresses(settings, zeros)}${exports}`;
  if (!hasSuperflags(settings)) {
    return `${common} --lru_mb 2048 --tls_dir ${tlsFolder} --whitelist "$ADMIN_WHITELIST_IPS"`;
  }
  const files = [
    `ca-cert=${tlsFolder}/ca.crt`,
    `server-cert=${tlsFolder}/node.crt`,
    `server-key=${tlsFolder}/node.key`,
    "client-auth-type=VERIFYIFGIVEN",
  ];
  return `${common} --tls "${files.join("; ")}" --security "whitelist=$ADMIN_WHITELIST_IPS"`;
}
