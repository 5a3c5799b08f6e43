/** Exports of Dgraph: where the data servers write them, who fetches them, and what a backup of one consists of. */
import type { ServingContainerArgs } from "../../../blocks/kubernetes/container.ts";
import { tcp } from "../../../blocks/kubernetes/probe.ts";
import { type Mount, scratch } from "../../../blocks/kubernetes/volume.ts";
import { images } from "../images.ts";
import type { DgraphContext } from "./context.ts";
import { exportFolder, tlsFolder } from "./flags.ts";
import type { DgraphSettings } from "./settings.ts";

/** Port on which each data server's exports are fetched and removed, with the client's certificate only. */
export const exportsPort = 8443;

/** One line of JSON, {@link ExportContents}. */
export const exportContentsFile = "contents.json";

/** What an export consisted of when it was made; the restored one is compared with it. */
export interface ExportContents {
  /** Version of Dgraph. */
  readonly server: string;
  /** By path, `dgraph.r<timestamp>.u<time>/g<group>.rdf.gz`: lines when unpacked, SHA-256 of the packed file. */
  readonly files: Readonly<Record<string, { readonly lines: number; readonly sha256: string }>>;
}

/** The volume of a data server's exports. It is not the data's: exports must not fill that one. */
export function exportsMount({ storageSize: size }: Pick<DgraphSettings, "storageSize">): Mount {
  return scratch({ volume: "exports", size });
}

/** Serves the exports of a data server: a group's leader writes them where nobody else has the volume. */
export function exportsContainer({ settings, secret }: DgraphContext): ServingContainerArgs {
  const files = { "ca.crt": "ca.crt", "node.crt": "node.crt", "node.key": "node.key" };
  return {
    name: "exports",
    image: images.rclone,
    command: [
      ...["rclone", "serve", "webdav", exportFolder],
      `--addr=:${exportsPort}`,
      `--cert=${tlsFolder}/node.crt`,
      `--key=${tlsFolder}/node.key`,
      `--client-ca=${tlsFolder}/ca.crt`,
      "--min-tls-version=tls1.2",
      // What Dgraph has just written must be seen.
      "--dir-cache-time=0s",
    ],
    env: { RCLONE_CONFIG: "/tmp/rclone.conf" },
    mounts: { [exportFolder]: exportsMount(settings), [tlsFolder]: secret.mount({ items: files }) },
    ports: { exports: exportsPort },
    resources: { cpu: ["10m", "500m"], memory: ["32Mi", "128Mi"] },
    probes: { liveness: tcp(exportsPort, { delay: 10, period: 30 }) },
  };
}

/** A script for sh that removes what earlier runs left on the data servers. `ALPHAS` has their names. */
export const clearScript = `for alpha in $ALPHAS; do
  rclone delete --rmdirs --webdav-url "https://$alpha:${exportsPort}" :webdav:
done
`;

/** A script for bash that asks for an export, and waits for it. `ALPHA` has the address of any data server. */
export const askScript = `set -euo pipefail
answer=$(curl --silent --show-error --cacert ${tlsFolder}/ca.crt --cert ${tlsFolder}/client.user.crt --key ${tlsFolder}/client.user.key "$ALPHA/admin/export")
case "$answer" in
  *'"Success"'*) ;;
  *) echo "Dgraph made no export: $answer" >&2; exit 1 ;;
esac
`;

/**
 * A script for sh that fetches the export of each group from its leader into the working folder, with {@link ExportContents}, or fails.
 * It needs `ALPHAS`, `GROUPS_EXPECTED`, the least number of groups, and `SERVER`.
 */
export const collectScript = `for alpha in $ALPHAS; do
  rclone move --delete-empty-src-dirs --webdav-url "https://$alpha:${exportsPort}" :webdav: .
done
groups=0
separator=
printf '{"server":"%s","files":{' "$SERVER" > ${exportContentsFile}
for data in */g*.rdf.gz; do
  [ -e "$data" ] || break
  groups=$((groups + 1))
  for file in "\${data%.rdf.gz}".*.gz; do
    gzip -t "$file"
    sum=$(sha256sum "$file")
    printf '%s"%s":{"lines":%d,"sha256":"%s"}' "$separator" "$file" "$(gzip -dc "$file" | wc -l)" "\${sum%% *}" >> ${exportContentsFile}
    separator=,
  done
  [ -e "\${data%.rdf.gz}.schema.gz" ] || { echo "$data has no schema; nothing is saved" >&2; exit 1; }
done
printf '}}\\n' >> ${exportContentsFile}
[ "$groups" -ge "$GROUPS_EXPECTED" ] || { echo "the export has $groups groups of $GROUPS_EXPECTED; nothing is saved" >&2; exit 1; }
`;
