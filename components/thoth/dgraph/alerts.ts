/** Alerts on the graph database. */
import { type Alert, inNamespace, targetDown, workloadAlerts } from "../../../blocks/kubernetes/alerts.ts";
import type { DgraphContext } from "./context.ts";
import { replicas } from "./flags.ts";

/** Of the pods alone where no exporter runs. */
export function dgraphAlerts({ namespace, settings }: Pick<DgraphContext, "namespace" | "settings">): readonly Alert[] {
  if (!settings.exporters || settings.mode !== "ha") return workloadAlerts(namespace);
  const here = inNamespace(namespace);
  const servers = settings.alphas + replicas;
  return [
    ...workloadAlerts(namespace),
    targetDown("DgraphExporterDown", `${namespace.plainName}/prometheus-aggregate-exporter`, "warning"),
    {
      name: "DgraphServersSilent",
      // warmans/prometheus-aggregate-exporter@v2.0.1 adds ae_source, the server; one that is silent has no series.
      // dgraph-io/dgraph@v1.0.15 x/metrics.go:69 dgraph_memory_inuse_bytes, of managers and data servers
      expr: `(count(count by (ae_source) (dgraph_memory_inuse_bytes{${here}})) or vector(0)) < ${servers}`,
      for: "10m",
      severity: "critical",
      summary: `Only {{ $value }} of Dgraph's ${servers} servers answer.`,
    },
    {
      name: "DgraphUnhealthy",
      // dgraph-io/dgraph@v1.0.15 x/metrics.go:66 dgraph_alpha_health_status; the managers' is no data server's
      expr: `dgraph_alpha_health_status{${here}, ae_source=~".*alpha-.*"} == 0`,
      for: "10m",
      severity: "critical",
      summary: "Dgraph's data server {{ $labels.ae_source }} is not healthy: it takes no queries.",
    },
    {
      name: "DgraphProposalsPending",
      // dgraph-io/dgraph@v1.0.15 x/metrics.go:61 dgraph_pending_proposals_total, a gauge; no more than --pending_proposals, 256, wait
      expr: `dgraph_pending_proposals_total{${here}} > 128`,
      for: "15m",
      severity: "warning",
      summary: "Dgraph's server {{ $labels.ae_source }} has {{ $value }} writes that wait for the others.",
    },
  ];
}
