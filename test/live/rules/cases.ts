/** For every alert: figures at which it fires with this text, and nearly the same ones at which it is silent. */
import { bots, type Case, dgraph, dials, down, flower, overdue, packit, prow } from "./case.ts";
import { serviceCases } from "./serviceCases.ts";

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
  // A backup is late after one run, others after three.
  overdue("prod", packit, "database-backup", { at: "30h", last: 3600, quiet: 18_000, says: "1d 5h 0m 0s" }),
  overdue("stage", dgraph, "dgraph-backup", { at: "30h", last: 3600, quiet: 18_000, says: "1d 5h 0m 0s" }),
  overdue("prod", `${packit}-sandbox`, "delete-pvcs", { at: "5h", last: 0, quiet: 7200, says: "5h 0m 0s" }),
  overdue("prod", prow, "branch-protector", { at: "5h", last: 0, quiet: 7200, says: "5h 0m 0s" }),
  overdue("prod", prow, "label-sync-kubevirt", { at: "80h", last: 0, quiet: 36_000, says: "3d 8h 0m 0s" }),
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

export const cases: readonly Case[] = [...workloads, ...queues, ...serviceCases];
