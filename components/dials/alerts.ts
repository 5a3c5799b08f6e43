/** Alerts on DIALS' pods and on its ETL, as Flower sees Celery's events. */
import { type Alert, inNamespace, targetDown, workloadAlerts } from "../../blocks/kubernetes/alerts.ts";
import type { DialsContext } from "./context.ts";
import { indexerQueue } from "./inventory.ts";

/** Without those of the ETL while the settings pause it. */
export function dialsAlerts({ namespace, settings }: Pick<DialsContext, "namespace" | "settings">): readonly Alert[] {
  const here = inNamespace(namespace);
  const etl: readonly Alert[] = [
    targetDown("DialsFlowerDown", `${namespace.plainName}/flower`, "warning"),
    {
      name: "DialsQueueWithoutWorker",
      // mher/flower@v2.0.1 flower/events.py:49; a worker is called <queue>@<pod>, and a pod that is gone stays with 0.
      expr: `sum by (queue) (label_replace(flower_worker_online{${here}}, "queue", "$1", "worker", "(.+)@.+")) == 0`,
      for: "15m",
      severity: "critical",
      summary: "No worker takes tasks of DIALS' queue {{ $labels.queue }}.",
    },
    {
      name: "DialsIndexingStopped",
      // mher/flower@v2.0.1 flower/events.py:31; RedBeat queues the indexing each hour. A counter's first event is no increase.
      expr: `(sum(increase(flower_events_total{${here}, type="task-received", worker=~"${indexerQueue}@.+"}[3h])) or vector(0)) == 0`,
      for: "150m",
      severity: "critical",
      summary: "DIALS has indexed no files for hours.",
    },
    {
      name: "DialsTasksFail",
      // mher/flower@v2.0.1 flower/events.py:31
      expr: `sum by (task) (increase(flower_events_total{${here}, type="task-failed"}[1h])) / sum by (task) (increase(flower_events_total{${here}, type="task-received"}[1h])) > 0.2`,
      for: "30m",
      severity: "warning",
      summary: "{{ $value | humanizePercentage }} of DIALS' tasks {{ $labels.task }} fail.",
    },
  ];
  return [...workloadAlerts(namespace), ...(settings.etl.paused ? [] : etl)];
}
