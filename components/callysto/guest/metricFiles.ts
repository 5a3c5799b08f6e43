/** Figures that a hub's own programs leave for Debian's node exporter, which exposes every *.prom of a folder. */
import type { GuestFile, GuestRole } from "../../../blocks/openstack/guest/description.ts";
import { longestBackup } from "../../../blocks/restic.ts";
import { longestGap } from "../../../config/schedules.ts";
import { certificateFile, certificateMetricsProgram } from "./certificate.ts";
import type { HubGuestSettings } from "./settings.ts";

/** Debian's default, as `prometheus-node-exporter --help` of 1.5.0-1 says. */
export const metricsFolder = "/var/lib/prometheus/node-exporter";

/** Programs that save homes. */
const backupNames = ["backup-homes", "rrsync-backup"] as const;
type BackupName = (typeof backupNames)[number];

/** Shell that notes a success of a backup, if the node exporter is there. The exporter refuses a metric with another HELP in another file. */
export function noteBackup(backup: BackupName): string {
  const metric = "hub_backup_last_success_timestamp_seconds";
  return metricLines(backup, [
    `# HELP ${metric} When homes were last saved.`,
    `# TYPE ${metric} gauge`,
    `${metric}{backup="${backup}"} $(date +%s)`,
  ]);
}

const metricLines = (file: string, lines: readonly string[]): string =>
  [
    `metrics=\${METRICS_FOLDER:-${metricsFolder}}`,
    `if [ -d "$metrics" ]; then`,
    `  cat >"$metrics/${file}.new" <<END`,
    ...lines,
    "END",
    // Others may read it, whatever the program's umask is.
    `  chmod 0644 "$metrics/${file}.new"`,
    `  mv "$metrics/${file}.new" "$metrics/${file}.prom"`,
    "fi",
  ].join("\n");

const day = 24 * 3600;

/** How long the homes may be without a new backup; the file's time stands for the last success until there is one. */
export function backupDueFiles({
  backup,
  backups,
}: Pick<HubGuestSettings, "backup" | "backups">): Pick<GuestRole, "files" | "absentFiles"> {
  const due: Readonly<Record<BackupName, number | undefined>> = {
    // As `orrery backups` has it.
    "backup-homes":
      backups === undefined
        ? undefined
        : longestGap({ schedule: backups.schedule, timeZone: "Etc/UTC" }) + longestBackup,
    "rrsync-backup": backup === undefined ? undefined : 8 * day,
  };
  const fileOf = (name: BackupName): string => `${metricsFolder}/${name}.due.prom`;
  return {
    files: backupNames.flatMap((name) => {
      const seconds = due[name];
      if (seconds === undefined) return [];
      const metric = "hub_backup_due_seconds";
      const lines = [
        `# HELP ${metric} Longest time between two backups of the homes.`,
        `# TYPE ${metric} gauge`,
        `${metric}{backup="${name}"} ${seconds}`,
      ];
      return [{ path: fileOf(name), text: `${lines.join("\n")}\n` }];
    }),
    absentFiles: backupNames.filter((name) => due[name] === undefined).map(fileOf),
  };
}

/** The program that notes from when to when the hub's certificate is valid; a new certificate and each converge call it. */
export const certificateMetrics: GuestFile = {
  path: certificateMetricsProgram,
  mode: "0755",
  text: `#!/bin/sh
# Notes for Prometheus from when to when the hub's certificate is valid.
set -eu
certificate=\${1:-${certificateFile}}
[ -s "$certificate" ] || exit 0
at() { date -d "$(openssl x509 -in "$certificate" -noout "$1" | cut -d= -f2)" +%s; }
from=$(at -startdate)
until=$(at -enddate)
${metricLines("certificate", [
  "# HELP hub_certificate_not_before_timestamp_seconds When the hub's certificate began to be valid.",
  "# TYPE hub_certificate_not_before_timestamp_seconds gauge",
  "hub_certificate_not_before_timestamp_seconds $from",
  "# HELP hub_certificate_not_after_timestamp_seconds When the hub's certificate ends.",
  "# TYPE hub_certificate_not_after_timestamp_seconds gauge",
  "hub_certificate_not_after_timestamp_seconds $until",
])}
`,
};
