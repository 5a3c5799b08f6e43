/** For every alert: figures at which it fires with this text, and nearly the same ones at which it is silent. */

/** Series in promtool's notation: name with labels -> values, one a minute. */
type Series = Readonly<Record<string, string>>;

export interface Case {
  readonly stack: "prod" | "stage";
  readonly alert: string;
  /** When the alerts are looked at, e.g. `30m`. */
  readonly at: string;
  readonly firing: Series;
  readonly quiet: Series;
  /** Labels besides alertname and severity. */
  readonly labels: Readonly<Record<string, string>>;
  readonly severity: "critical" | "warning";
  readonly summary: string;
}

const bots = "aicoe-prod-bots";
const packit = "packit-prod";
const dials = "cms-dials-prod";
const prow = "kubevirt-prow";
const dgraph = "thoth-dgraph-stage";

const down = (
  stack: Case["stack"],
  alert: string,
  job: string,
  severity: Case["severity"],
  more: Readonly<Record<string, string>> = {},
): Case => {
  const labels = { instance: "10.0.0.7:9090", job, ...more };
  const series = `up{${Object.entries(labels)
    .map(([name, value]) => `${name}="${value}"`)
    .join(", ")}}`;
  const summary = `10.0.0.7:9090 of ${job} serves no metrics.`;
  return {
    ...{ stack, alert, at: "15m", firing: { [series]: "0x30" }, quiet: { [series]: "0x4 1x30" } },
    ...{ labels, severity, summary },
  };
};

const flower = (namespace: string, type: string, more: string): string =>
  `flower_events_total{namespace="${namespace}", type="${type}", ${more}}`;

const workloads: readonly Case[] = [
  {
    ...{ stack: "prod", alert: "DeploymentUnavailable", at: "20m", severity: "critical" },
    firing: {
      [`kube_deployment_status_replicas_unavailable{namespace="${packit}", deployment="packit-service"}`]: "1x30",
    },
    // A roll-out lacks a pod for a while; another namespace's pods are its owner's.
    quiet: {
      [`kube_deployment_status_replicas_unavailable{namespace="${packit}", deployment="packit-service"}`]: "1x10 0x30",
      'kube_deployment_status_replicas_unavailable{namespace="other", deployment="other"}': "1x30",
    },
    labels: { namespace: packit, deployment: "packit-service" },
    summary: "Deployment packit-prod/packit-service lacks 1 of its pods.",
  },
  {
    ...{ stack: "prod", alert: "StatefulSetUnavailable", at: "20m", severity: "critical" },
    firing: {
      [`kube_statefulset_replicas{namespace="${packit}", statefulset="packit-worker"}`]: "2x30",
      [`kube_statefulset_status_replicas_ready{namespace="${packit}", statefulset="packit-worker"}`]: "1x30",
    },
    quiet: {
      [`kube_statefulset_replicas{namespace="${packit}", statefulset="packit-worker"}`]: "2x30",
      [`kube_statefulset_status_replicas_ready{namespace="${packit}", statefulset="packit-worker"}`]: "2x30",
    },
    labels: { namespace: packit, statefulset: "packit-worker" },
    summary: "StatefulSet packit-prod/packit-worker lacks 1 of its pods.",
  },
  {
    ...{ stack: "prod", alert: "ContainerWaiting", at: "25m", severity: "warning" },
    // Between two crashes the container runs, and there is no series.
    firing: {
      [`kube_pod_container_status_waiting_reason{namespace="${bots}", pod="a-1", container="a", reason="CrashLoopBackOff"}`]:
        "1 _x3 1 _x3 1 _x3 1 _x3 1 _x3 1 _x3 1",
    },
    quiet: {
      [`kube_pod_container_status_waiting_reason{namespace="${bots}", pod="a-1", container="a", reason="ContainerCreating"}`]:
        "1x30",
    },
    labels: { namespace: bots, pod: "a-1", container: "a", reason: "CrashLoopBackOff" },
    summary: "Container a of aicoe-prod-bots/a-1 does not start: CrashLoopBackOff.",
  },
  {
    ...{ stack: "prod", alert: "VolumeFull", at: "20m", severity: "critical" },
    firing: {
      [`kubelet_volume_stats_available_bytes{namespace="${packit}", persistentvolumeclaim="postgres"}`]: "5x30",
      [`kubelet_volume_stats_capacity_bytes{namespace="${packit}", persistentvolumeclaim="postgres"}`]: "100x30",
    },
    quiet: {
      [`kubelet_volume_stats_available_bytes{namespace="${packit}", persistentvolumeclaim="postgres"}`]: "15x30",
      [`kubelet_volume_stats_capacity_bytes{namespace="${packit}", persistentvolumeclaim="postgres"}`]: "100x30",
    },
    labels: { namespace: packit, persistentvolumeclaim: "postgres" },
    summary: "Volume packit-prod/postgres has 5% left.",
  },
  {
    ...{ stack: "prod", alert: "CronJobOverdue", at: "190m", severity: "warning" },
    // Kebechet never succeeded: since its creation at 0. Nepthys is suspended.
    firing: {
      [`kube_cronjob_created{namespace="${bots}", cronjob="kebechet"}`]: "0x200",
      [`kube_cronjob_spec_suspend{namespace="${bots}", cronjob="kebechet"}`]: "0x200",
    },
    quiet: {
      [`kube_cronjob_created{namespace="${bots}", cronjob="kebechet"}`]: "0x200",
      [`kube_cronjob_status_last_successful_time{namespace="${bots}", cronjob="kebechet"}`]: "9000x200",
      [`kube_cronjob_spec_suspend{namespace="${bots}", cronjob="kebechet"}`]: "0x200",
      [`kube_cronjob_created{namespace="${bots}", cronjob="sesheta-approver"}`]: "0x200",
      [`kube_cronjob_spec_suspend{namespace="${bots}", cronjob="sesheta-approver"}`]: "1x200",
    },
    labels: { namespace: bots, cronjob: "kebechet" },
    summary: "CronJob aicoe-prod-bots/kebechet has not succeeded for 3h 10m 0s.",
  },
];

const queues: readonly Case[] = [
  down("prod", "PackitGatewayDown", `${packit}/pushgateway`, "warning"),
  down("prod", "PackitFlowerDown", `${packit}/flower`, "warning"),
  {
    ...{ stack: "prod", alert: "PackitAnswersLate", at: "90m", severity: "warning", labels: {} },
    firing: {
      [`no_status_after_25_s_total{namespace="${packit}"}`]: "0+1x100",
      [`first_initial_status_time_count{namespace="${packit}"}`]: "0+2x100",
    },
    quiet: {
      [`no_status_after_25_s_total{namespace="${packit}"}`]: "0+1x100",
      [`first_initial_status_time_count{namespace="${packit}"}`]: "0+5x100",
    },
    summary: "50% of the pull requests waited more than 25 s for packit's first status: the queues are long.",
  },
  {
    ...{ stack: "prod", alert: "PackitBuildsReportedLate", at: "90m", severity: "warning", labels: {} },
    firing: {
      [`copr_build_end_reported_after_time_bucket{namespace="${packit}", le="1800"}`]: "0+1x100",
      [`copr_build_end_reported_after_time_bucket{namespace="${packit}", le="3600"}`]: "0+10x100",
      [`copr_build_end_reported_after_time_bucket{namespace="${packit}", le="+Inf"}`]: "0+10x100",
    },
    quiet: {
      [`copr_build_end_reported_after_time_bucket{namespace="${packit}", le="1800"}`]: "0+10x100",
      [`copr_build_end_reported_after_time_bucket{namespace="${packit}", le="3600"}`]: "0+10x100",
      [`copr_build_end_reported_after_time_bucket{namespace="${packit}", le="+Inf"}`]: "0+10x100",
    },
    summary: "One in ten builds of packit is reported 56m 40s after its end: the queue of long tasks is long.",
  },
  {
    ...{ stack: "prod", alert: "PackitWorkersOffline", at: "20m", severity: "critical", labels: {} },
    firing: { [`flower_worker_online{namespace="${packit}", worker="a"}`]: "1x30" },
    quiet: { [`flower_worker_online{namespace="${packit}", worker="a"}`]: "99x30" },
    summary: "Only 1 of packit's 3 workers take tasks.",
  },
  {
    ...{ stack: "prod", alert: "PackitTasksFail", at: "100m", severity: "warning", labels: {} },
    firing: {
      [flower(packit, "task-failed", 'task="t", worker="a"')]: "0+1x120",
      [flower(packit, "task-received", 'task="t", worker="a"')]: "0+2x120",
    },
    quiet: {
      [flower(packit, "task-failed", 'task="t", worker="a"')]: "0+1x120",
      [flower(packit, "task-received", 'task="t", worker="a"')]: "0+10x120",
    },
    summary: "50% of packit's tasks fail.",
  },
  down("prod", "DialsFlowerDown", `${dials}/flower`, "warning"),
  {
    ...{
      stack: "prod",
      alert: "DialsQueueWithoutWorker",
      at: "20m",
      severity: "critical",
      labels: { queue: "csc-bulk" },
    },
    firing: { [`flower_worker_online{namespace="${dials}", worker="csc-bulk@old"}`]: "0x30" },
    // After a roll-out the pod that is gone stays with 0.
    quiet: {
      [`flower_worker_online{namespace="${dials}", worker="csc-bulk@old"}`]: "0x30",
      [`flower_worker_online{namespace="${dials}", worker="csc-bulk@new"}`]: "1x30",
    },
    summary: "No worker takes tasks of DIALS' queue csc-bulk.",
  },
  {
    ...{ stack: "prod", alert: "DialsIndexingStopped", at: "400m", severity: "critical", labels: {} },
    firing: { [flower(dials, "task-received", 'task="t", worker="common-indexer@a"')]: "1x500" },
    quiet: {
      [flower(dials, "task-received", 'task="t", worker="common-indexer@a"')]: "0x60 1x60 2x60 3x60 4x60 5x60 6x100",
    },
    summary: "DIALS has indexed no files for hours.",
  },
  {
    ...{ stack: "prod", alert: "DialsTasksFail", at: "100m", severity: "warning", labels: { task: "ingest" } },
    firing: {
      [flower(dials, "task-failed", 'task="ingest", worker="a@1"')]: "0+1x120",
      [flower(dials, "task-received", 'task="ingest", worker="a@1"')]: "0+4x120",
    },
    quiet: {
      [flower(dials, "task-failed", 'task="ingest", worker="a@1"')]: "0+1x120",
      [flower(dials, "task-received", 'task="ingest", worker="a@1"')]: "0+9x120",
    },
    summary: "25% of DIALS' tasks ingest fail.",
  },
];

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
];

export const cases: readonly Case[] = [...workloads, ...queues, ...services, ...hubs];
