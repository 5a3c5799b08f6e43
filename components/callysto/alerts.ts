/** Alerts on hubs, as Debian's node exporter 1.5 of their guests sees them. */
import { type Alert, targetDown } from "../../blocks/kubernetes/alerts.ts";
import { pool } from "./guest/homes.ts";

/** @param job - the label `job` of the hubs' series; each has the label `hub`, too */
export function hubAlerts(job: string): readonly Alert[] {
  const here = `job="${job}"`;
  const ends = `hub_certificate_not_after_timestamp_seconds{${here}}`;
  // Until a first success: since when the hub is to make backups.
  const files = `node_textfile_mtime_seconds{${here}, file=~".+[.]due[.]prom"}`;
  const declared = `label_replace(${files}, "backup", "$1", "file", ".*/(.+)[.]due[.]prom")`;
  return [
    targetDown("HubDown", job, "critical"),
    {
      name: "HubPoolUnhealthy",
      // prometheus/node_exporter@v1.5.0 collector/zfs.go:90, of /proc/spl/kstat/zfs/<pool>/state
      expr: `node_zfs_zpool_state{${here}, state!="online"} == 1`,
      for: "1m",
      severity: "critical",
      summary: "Pool {{ $labels.zpool }} of hub {{ $labels.hub }} is {{ $labels.state }}: a half of the mirror fails.",
    },
    {
      name: "HubPoolMissing",
      // The same: a pool that is not imported has no state.
      expr: `up{${here}} == 1 unless on (instance) node_zfs_zpool_state{${here}, zpool="${pool}", state="online"}`,
      for: "10m",
      severity: "critical",
      summary: "Hub {{ $labels.hub }} has not imported the pool of its homes.",
    },
    {
      name: "HubDiskFull",
      // prometheus/node_exporter@v1.5.0 collector/filesystem_common.go:117 and :129. Homes have quotas of their own; the pool's root shows what is left.
      expr: `node_filesystem_avail_bytes{${here}, mountpoint=~"/|/${pool}"} / node_filesystem_size_bytes{${here}, mountpoint=~"/|/${pool}"} < 0.1`,
      for: "15m",
      severity: "critical",
      summary: "{{ $labels.mountpoint }} of hub {{ $labels.hub }} has {{ $value | humanizePercentage }} left.",
    },
    {
      name: "HubUnitFailed",
      // prometheus/node_exporter@v1.5.0 collector/systemd_linux.go, with --collector.systemd
      expr: `node_systemd_unit_state{${here}, state="failed"} == 1`,
      for: "5m",
      severity: "critical",
      summary: "{{ $labels.name }} of hub {{ $labels.hub }} has failed.",
    },
    {
      name: "HubBackupOverdue",
      // guest/metricFiles.ts; node_textfile_mtime_seconds is of prometheus/node_exporter@v1.5.0 collector/textfile.go:38
      expr: `time() - (hub_backup_last_success_timestamp_seconds{${here}} or on (hub, instance, backup) ${declared}) > on (hub, instance, backup) hub_backup_due_seconds{${here}}`,
      for: "5m",
      severity: "warning",
      summary:
        "Backup {{ $labels.backup }} of hub {{ $labels.hub }} has not succeeded for {{ $value | humanizeDuration }}.",
    },
    {
      name: "HubCertificateNotRenewed",
      // guest/metricFiles.ts. The workstation renews when a third of its life is left: then its unit failed, was not started, or the push failed.
      expr: `(${ends} - time()) / (${ends} - hub_certificate_not_before_timestamp_seconds{${here}}) < 0.25`,
      for: "1h",
      severity: "warning",
      summary:
        "The certificate of hub {{ $labels.hub }} was not renewed: {{ $value | humanizePercentage }} of its life are left.",
    },
  ];
}
