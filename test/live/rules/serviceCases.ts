/** Cases of the programs of Prow and Dgraph, and of the hubs. */
import { type Case, dgraph, down, prow } from "./case.ts";

const services: readonly Case[] = [
  down("prod", "ProwProgramDown", `${prow}/prow`, "critical"),
  {
    ...{ stack: "prod", alert: "ProwHookErrors", at: "40m", severity: "critical", labels: {} },
    firing: {
      [`prow_webhook_response_codes{namespace="${prow}", response_code="500"}`]: "0+1x60",
      [`prow_webhook_response_codes{namespace="${prow}", response_code="200"}`]: "0+9x60",
    },
    // What GitHub signs with another secret is refused with 403.
    quiet: {
      [`prow_webhook_response_codes{namespace="${prow}", response_code="403"}`]: "0+1x60",
      [`prow_webhook_response_codes{namespace="${prow}", response_code="200"}`]: "0+9x60",
    },
    summary: "Hook fails 10% of GitHub's calls.",
  },
  {
    ...{ stack: "prod", alert: "ProwTideStuck", at: "50m", severity: "critical", labels: { controller: "sync" } },
    firing: { [`tidesyncheartbeat{namespace="${prow}", controller="sync"}`]: "0+1x5 5x60" },
    quiet: { [`tidesyncheartbeat{namespace="${prow}", controller="sync"}`]: "0+1x60" },
    summary: "Tide's controller sync has done no round for half an hour: nothing is merged.",
  },
  {
    ...{ stack: "prod", alert: "ProwJobsDoNotStart", at: "70m", severity: "critical", labels: {} },
    firing: {
      [`prowjobs{namespace="${prow}", state="triggered", job_name="a"}`]: "2x90",
      [`prowjobs{namespace="${prow}", state="triggered", job_name="b"}`]: "1x90",
      [`prowjob_state_transitions{namespace="${prow}", state="pending", job_name="a"}`]: "7x90",
    },
    quiet: {
      [`prowjobs{namespace="${prow}", state="triggered", job_name="a"}`]: "2x90",
      [`prowjob_state_transitions{namespace="${prow}", state="pending", job_name="a"}`]: "0+1x90",
    },
    summary: "3 jobs wait, and none of Prow's jobs has started for half an hour.",
  },
  {
    ...{
      stack: "prod",
      alert: "ProwReportsFail",
      at: "90m",
      severity: "warning",
      labels: { reporter: "github-reporter" },
    },
    firing: {
      [`crier_reporting_results{namespace="${prow}", reporter="github-reporter", result="error"}`]: "0+3x100",
      [`crier_reporting_results{namespace="${prow}", reporter="github-reporter", result="success"}`]: "0+1x100",
    },
    quiet: {
      [`crier_reporting_results{namespace="${prow}", reporter="github-reporter", result="error"}`]: "0+1x100",
      [`crier_reporting_results{namespace="${prow}", reporter="github-reporter", result="success"}`]: "0+3x100",
    },
    summary: "Crier fails to report 75% of the results by github-reporter.",
  },
  down("stage", "DgraphExporterDown", `${dgraph}/prometheus-aggregate-exporter`, "warning"),
  {
    ...{ stack: "stage", alert: "DgraphServersSilent", at: "15m", severity: "critical", labels: {} },
    firing: { [`dgraph_memory_inuse_bytes{namespace="${dgraph}", ae_source="a"}`]: "9x30" },
    quiet: Object.fromEntries(
      Array.from({ length: 12 }, (_, at) => [
        `dgraph_memory_inuse_bytes{namespace="${dgraph}", ae_source="${at}"}`,
        "9x30",
      ]),
    ),
    summary: "Only 1 of Dgraph's 6 servers answer.",
  },
  {
    ...{ stack: "stage", alert: "DgraphUnhealthy", at: "15m", severity: "critical" },
    firing: {
      [`dgraph_alpha_health_status{namespace="${dgraph}", ae_source="https://alpha-0.alpha:8080/debug/prometheus_metrics"}`]:
        "0x30",
    },
    quiet: {
      [`dgraph_alpha_health_status{namespace="${dgraph}", ae_source="http://prometheus-exporter-zero-0:8080/debug/prometheus_metrics"}`]:
        "0x30",
    },
    labels: { namespace: dgraph, ae_source: "https://alpha-0.alpha:8080/debug/prometheus_metrics" },
    summary:
      "Dgraph's data server https://alpha-0.alpha:8080/debug/prometheus_metrics is not healthy: it takes no queries.",
  },
  {
    ...{ stack: "stage", alert: "DgraphProposalsPending", at: "20m", severity: "warning" },
    firing: { [`dgraph_pending_proposals_total{namespace="${dgraph}", ae_source="a"}`]: "200x30" },
    quiet: { [`dgraph_pending_proposals_total{namespace="${dgraph}", ae_source="a"}`]: "20x30" },
    labels: { namespace: dgraph, ae_source: "a" },
    summary: "Dgraph's server a has 200 writes that wait for the others.",
  },
];

const hub = { job: "callysto-hub", hub: "hub-prod", instance: "192.0.2.1:9999" };
const onHub = 'job="callysto-hub", hub="hub-prod", instance="192.0.2.1:9999"';

const hubs: readonly Case[] = [
  down("prod", "HubDown", "callysto-hub", "critical", { hub: "hub-prod" }),
  {
    ...{ stack: "prod", alert: "HubPoolUnhealthy", at: "5m", severity: "critical" },
    firing: { [`node_zfs_zpool_state{${onHub}, zpool="tank", state="degraded"}`]: "1x30" },
    quiet: {
      [`node_zfs_zpool_state{${onHub}, zpool="tank", state="degraded"}`]: "0x30",
      [`node_zfs_zpool_state{${onHub}, zpool="tank", state="online"}`]: "1x30",
    },
    labels: { ...hub, zpool: "tank", state: "degraded" },
    summary: "Pool tank of hub hub-prod is degraded: a half of the mirror fails.",
  },
  {
    ...{ stack: "prod", alert: "HubPoolMissing", at: "15m", severity: "critical", labels: hub },
    firing: { [`up{${onHub}}`]: "1x30" },
    quiet: { [`up{${onHub}}`]: "1x30", [`node_zfs_zpool_state{${onHub}, zpool="tank", state="online"}`]: "0x30" },
    summary: "Hub hub-prod has not imported the pool of its homes.",
  },
  {
    ...{ stack: "prod", alert: "HubDiskFull", at: "20m", severity: "critical" },
    firing: {
      [`node_filesystem_avail_bytes{${onHub}, mountpoint="/tank", fstype="zfs"}`]: "8x30",
      [`node_filesystem_size_bytes{${onHub}, mountpoint="/tank", fstype="zfs"}`]: "100x30",
    },
    // A home that is full is its user's.
    quiet: {
      [`node_filesystem_avail_bytes{${onHub}, mountpoint="/tank/home/a", fstype="zfs"}`]: "0x30",
      [`node_filesystem_size_bytes{${onHub}, mountpoint="/tank/home/a", fstype="zfs"}`]: "100x30",
    },
    labels: { ...hub, mountpoint: "/tank", fstype: "zfs" },
    summary: "/tank of hub hub-prod has 8% left.",
  },
  {
    ...{ stack: "prod", alert: "HubUnitFailed", at: "10m", severity: "critical" },
    firing: { [`node_systemd_unit_state{${onHub}, name="jupyterhub.service", state="failed"}`]: "1x30" },
    quiet: { [`node_systemd_unit_state{${onHub}, name="jupyterhub.service", state="failed"}`]: "0x30" },
    labels: { ...hub, name: "jupyterhub.service", state: "failed" },
    summary: "jupyterhub.service of hub hub-prod has failed.",
  },
  {
    ...{ stack: "prod", alert: "HubBackupOverdue", at: "30h", severity: "warning" },
    firing: {
      [`hub_backup_due_seconds{${onHub}, backup="backup-homes"}`]: "97200x1900",
      [`hub_backup_last_success_timestamp_seconds{${onHub}, backup="backup-homes"}`]: "3600x1900",
    },
    // The copy of rsync may be a week old; a hub that was just set up has made none yet.
    quiet: {
      [`hub_backup_due_seconds{${onHub}, backup="rrsync-backup"}`]: "691200x1900",
      [`hub_backup_last_success_timestamp_seconds{${onHub}, backup="rrsync-backup"}`]: "3600x1900",
      [`hub_backup_due_seconds{${onHub}, backup="backup-homes"}`]: "97200x1900",
      [`node_textfile_mtime_seconds{${onHub}, file="/var/lib/prometheus/node-exporter/backup-homes.due.prom"}`]:
        "36000x1900",
    },
    labels: { hub: hub.hub, instance: hub.instance, backup: "backup-homes" },
    summary: "Backup backup-homes of hub hub-prod has not succeeded for 1d 5h 0m 0s.",
  },
  {
    ...{ stack: "prod", alert: "HubBackupOverdue", at: "30h", severity: "warning" },
    // There was never one: since the hub is to make them.
    firing: {
      [`hub_backup_due_seconds{${onHub}, backup="backup-homes"}`]: "97200x1900",
      [`node_textfile_mtime_seconds{${onHub}, file="/var/lib/prometheus/node-exporter/backup-homes.due.prom"}`]:
        "0x1900",
    },
    quiet: {
      [`hub_backup_due_seconds{${onHub}, backup="backup-homes"}`]: "97200x1900",
      [`node_textfile_mtime_seconds{${onHub}, file="/var/lib/prometheus/node-exporter/backup-homes.due.prom"}`]:
        "0x1900",
      [`hub_backup_last_success_timestamp_seconds{${onHub}, backup="backup-homes"}`]: "36000x1900",
    },
    labels: { hub: hub.hub, instance: hub.instance, backup: "backup-homes" },
    summary: "Backup backup-homes of hub hub-prod has not succeeded for 1d 6h 0m 0s.",
  },
  {
    ...{ stack: "prod", alert: "HubCertificateNotRenewed", at: "8h", severity: "warning", labels: hub },
    firing: {
      [`hub_certificate_not_before_timestamp_seconds{${onHub}}`]: "-72000x600",
      [`hub_certificate_not_after_timestamp_seconds{${onHub}}`]: "48000x600",
    },
    quiet: {
      [`hub_certificate_not_before_timestamp_seconds{${onHub}}`]: "-72000x600",
      [`hub_certificate_not_after_timestamp_seconds{${onHub}}`]: "78000x600",
    },
    summary: "The certificate of hub hub-prod was not renewed: 16% of its life are left.",
  },
];

export const serviceCases: readonly Case[] = [...services, ...hubs];
