/** Alerts on Packit's workers, queues and answers. */
import { type Alert, inNamespace, targetDown, workloadAlerts } from "../../blocks/kubernetes/alerts.ts";
import type { PackitContext } from "./context.ts";
import { runningFlavours } from "./names.ts";

/** What the service's programs tell; the queues only where Flower or the gateway run. */
export function packitAlerts({
  service,
  settings,
  namespace,
}: Pick<PackitContext, "service" | "settings" | "namespace">): readonly Alert[] {
  const { parts, workers } = settings;
  const count = runningFlavours(workers).reduce((sum, { replicas }) => sum + replicas, 0);
  const here = inNamespace(namespace);
  return [
    ...workloadAlerts(namespace),
    ...(parts.pushgateway
      ? [
          targetDown("PackitGatewayDown", `${namespace.plainName}/pushgateway`, "warning"),
          ...queueAlerts(service, here),
        ]
      : []),
    ...(parts.flower
      ? [
          targetDown("PackitFlowerDown", `${namespace.plainName}/flower`, "warning"),
          ...taskAlerts(service, here, count),
        ]
      : []),
  ];
}

/** What workers push: all are counters that the gateway adds up; Python's client ends a counter's name with _total. */
function queueAlerts(service: string, here: string): readonly Alert[] {
  return [
    {
      name: "PackitAnswersLate",
      // packit/packit-service@b828c3d packit_service/worker/monitoring.py:61 and :67
      expr: `sum(increase(no_status_after_25_s_total{${here}}[1h])) / sum(increase(first_initial_status_time_count{${here}}[1h])) > 0.25`,
      for: "15m",
      severity: "warning",
      summary: `{{ $value | humanizePercentage }} of the pull requests waited more than 25 s for ${service}'s first status: the queues are long.`,
    },
    {
      name: "PackitBuildsReportedLate",
      // packit/packit-service@b828c3d packit_service/worker/monitoring.py:96, buckets up to an hour
      expr: `histogram_quantile(0.9, sum by (le) (increase(copr_build_end_reported_after_time_bucket{${here}}[1h]))) > 1800`,
      for: "15m",
      severity: "warning",
      summary: `One in ten builds of ${service} is reported {{ $value | humanizeDuration }} after its end: the queue of long tasks is long.`,
    },
  ];
}

/** What Flower sees of Celery's events. */
function taskAlerts(service: string, here: string, workers: number): readonly Alert[] {
  return [
    {
      name: "PackitWorkersOffline",
      // mher/flower@v2.0.1 flower/events.py:49; a worker's pod keeps its name, so there is a series for each.
      expr: `(sum(flower_worker_online{${here}}) or vector(0)) < ${workers}`,
      for: "15m",
      severity: "critical",
      summary: `Only {{ $value }} of ${service}'s ${workers} workers take tasks.`,
    },
    {
      name: "PackitTasksFail",
      // mher/flower@v2.0.1 flower/events.py:31
      expr: `sum(increase(flower_events_total{${here}, type="task-failed"}[1h])) / sum(increase(flower_events_total{${here}, type="task-received"}[1h])) > 0.2`,
      for: "30m",
      severity: "warning",
      summary: `{{ $value | humanizePercentage }} of ${service}'s tasks fail.`,
    },
  ];
}
