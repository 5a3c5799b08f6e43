/** Alerts on Prow's programs; all of them serve metrics on port 9090. */
import { type Alert, inNamespace, targetDown, workloadAlerts } from "../../blocks/kubernetes/alerts.ts";
import type { NamespaceRef } from "../../blocks/kubernetes/metadata.ts";
import type { WorkloadName } from "./inventory.ts";

/** Labels `app` of what Prometheus collects from: kubernetes-sigs/prow@cfb8754 pkg/metrics/metrics.go ExposeMetrics. */
export const serving = [
  ...["crier", "deck", "exporter", "ghproxy", "hook", "horologium", "prow-controller-manager", "sinker", "tide"],
] as const satisfies readonly WorkloadName[];

/** @param monitor - name of the PodMonitor @param greenhouse - that of greenhouse's own */
export function prowAlerts(
  namespace: Pick<NamespaceRef, "plainName">,
  monitor: string,
  greenhouse: string,
): readonly Alert[] {
  const here = inNamespace(namespace);
  return [
    ...workloadAlerts(namespace),
    targetDown("ProwProgramDown", `${namespace.plainName}/${monitor}`, "critical"),
    targetDown("ProwBuildCacheDown", `${namespace.plainName}/${greenhouse}`, "warning"),
    {
      name: "ProwHookErrors",
      // kubernetes-sigs/prow@cfb8754 pkg/githubeventserver/metrics.go:32
      expr: `sum(rate(prow_webhook_response_codes{${here}, response_code=~"5.."}[15m])) / sum(rate(prow_webhook_response_codes{${here}}[15m])) > 0.05`,
      for: "10m",
      severity: "critical",
      summary: "Hook fails {{ $value | humanizePercentage }} of GitHub's calls.",
    },
    {
      name: "ProwTideStuck",
      // kubernetes-sigs/prow@cfb8754 pkg/tide/tide.go:275, a series for sync and one for status-update
      expr: `sum by (controller) (increase(tidesyncheartbeat{${here}}[30m])) == 0`,
      for: "5m",
      severity: "critical",
      summary: "Tide's controller {{ $labels.controller }} has done no round for half an hour: nothing is merged.",
    },
    {
      name: "ProwJobsDoNotStart",
      // kubernetes-sigs/prow@cfb8754 pkg/kube/metrics.go:48 and :52, both of prow-controller-manager
      expr: `sum(prowjobs{${here}, state="triggered"}) > 0 unless sum(increase(prowjob_state_transitions{${here}, state="pending"}[30m])) > 0`,
      for: "30m",
      severity: "critical",
      summary: "{{ $value }} jobs wait, and none of Prow's jobs has started for half an hour.",
    },
    {
      name: "ProwReportsFail",
      // kubernetes-sigs/prow@cfb8754 pkg/crier/metrics.go:42, results of pkg/crier/metrics.go
      expr: `sum by (reporter) (increase(crier_reporting_results{${here}, result="error"}[1h])) / sum by (reporter) (increase(crier_reporting_results{${here}}[1h])) > 0.5`,
      for: "15m",
      severity: "warning",
      summary: "Crier fails to report {{ $value | humanizePercentage }} of the results by {{ $labels.reporter }}.",
    },
  ];
}
