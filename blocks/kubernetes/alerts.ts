/** Alerts in PromQL, and those that all workloads have. A rule uses no metric that its program does not expose: see the comments. */
import { longestGap, type Schedule } from "../../config/schedules.ts";
import type { NamespaceRef } from "./metadata.ts";

/** One alert of a {@link PrometheusRule}. */
export interface Alert {
  readonly name: string;
  /** PromQL; each series that it yields is an alert. */
  readonly expr: string;
  /** How long it must hold, e.g. `15m`. */
  readonly for: string;
  /** critical: users notice; warning: they will, or the service does less. */
  readonly severity: "critical" | "warning";
  /** One sentence; `{{ $labels.x }}` stands for a label of the series. */
  readonly summary: string;
}

/** Label matcher of a namespace's series: `namespace="bots"`. */
export function inNamespace({ plainName }: Pick<NamespaceRef, "plainName">): string {
  return `namespace="${plainName}"`;
}

/** Deployments, StatefulSets, pods and volumes of a namespace. */
export function workloadAlerts(namespace: Pick<NamespaceRef, "plainName">): readonly Alert[] {
  const here = inNamespace(namespace);
  // The kubelet says why a container does not start; the last two never get better by themselves.
  const reasons = "CrashLoopBackOff|ImagePullBackOff|ErrImagePull|CreateContainerConfigError";
  return [
    {
      name: "DeploymentUnavailable",
      // kube-state-metrics@v2.15.0 internal/store/deployment.go:115
      expr: `kube_deployment_status_replicas_unavailable{${here}} > 0`,
      for: "15m",
      severity: "critical",
      summary: "Deployment {{ $labels.namespace }}/{{ $labels.deployment }} lacks {{ $value }} of its pods.",
    },
    {
      name: "StatefulSetUnavailable",
      // kube-state-metrics@v2.15.0 internal/store/statefulset.go:162 and :114
      expr: `kube_statefulset_replicas{${here}} - kube_statefulset_status_replicas_ready{${here}} > 0`,
      for: "15m",
      severity: "critical",
      summary: "StatefulSet {{ $labels.namespace }}/{{ $labels.statefulset }} lacks {{ $value }} of its pods.",
    },
    {
      name: "ContainerWaiting",
      // kube-state-metrics@v2.15.0 internal/store/pod.go:556; a container that crashes is seen waiting now and then only.
      expr: `max_over_time(kube_pod_container_status_waiting_reason{${here}, reason=~"${reasons}"}[5m]) > 0`,
      for: "15m",
      severity: "warning",
      summary:
        "Container {{ $labels.container }} of {{ $labels.namespace }}/{{ $labels.pod }} does not start: {{ $labels.reason }}.",
    },
    {
      name: "VolumeFull",
      // kubernetes@v1.36.1 pkg/kubelet/metrics/collectors/volume_stats.go; file systems that the nodes share have no figures.
      expr: `kubelet_volume_stats_available_bytes{${here}} / kubelet_volume_stats_capacity_bytes{${here}} < 0.1`,
      for: "15m",
      severity: "critical",
      summary:
        "Volume {{ $labels.namespace }}/{{ $labels.persistentvolumeclaim }} has {{ $value | humanizePercentage }} left.",
    },
  ];
}

/** A CronJob as {@link overdueAlert} knows it. */
export interface ScheduledJob extends Pick<Schedule, "schedule"> {
  readonly namespace: Pick<NamespaceRef, "plainName">;
  readonly name: string;
  /** @default "Etc/UTC" */
  readonly timeZone?: string | null;
  /** Seconds that a run may take. */
  readonly deadlineSeconds: number;
  /** Runs in a row without a success. @default 3 */
  readonly alertAfterRuns?: number;
}

/**
 * A CronJob of which several runs in a row did not succeed, from its creation on; not while it is suspended. A run that failed, one that was
 * not started and one that hangs are the same to it.
 */
export function overdueAlert(args: ScheduledJob): Alert {
  const { namespace, name, schedule, timeZone, deadlineSeconds, alertAfterRuns = 3 } = args;
  const job = `${inNamespace(namespace)}, cronjob="${name}"`;
  const most = alertAfterRuns * longestGap({ schedule, timeZone: timeZone ?? "Etc/UTC" }) + deadlineSeconds;
  const on = "on (namespace, cronjob)";
  return {
    name: "CronJobOverdue",
    // kube-state-metrics@v2.15.0 internal/store/cronjob.go:176 (absent until the first success), :115 and :198
    expr: `time() - (kube_cronjob_status_last_successful_time{${job}} or ${on} kube_cronjob_created{${job}}) > ${most} and ${on} kube_cronjob_spec_suspend{${job}} == 0`,
    for: "5m",
    severity: "warning",
    summary:
      "CronJob {{ $labels.namespace }}/{{ $labels.cronjob }} has not succeeded for {{ $value | humanizeDuration }}.",
  };
}

/** Targets of a monitor that do not answer; `job` is the monitor's. */
export function targetDown(name: string, job: string, severity: Alert["severity"]): Alert {
  return {
    name,
    // Prometheus' own series of each target: prometheus@v2.42 scrape/scrape.go scrapeHealthMetricName
    expr: `up{job="${job}"} == 0`,
    for: "10m",
    severity,
    summary: "{{ $labels.instance }} of {{ $labels.job }} serves no metrics.",
  };
}
