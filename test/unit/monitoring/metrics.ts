/** Metrics that alerts read, by the program that exposes them. test/live/rules.test.ts and prowPrograms ask the programs that run here. */
export const programs = {
  /** Runs in test/live/rules.test.ts. */
  "kube-state-metrics": [
    ...["kube_deployment_status_replicas_unavailable", "kube_statefulset_replicas"],
    ...["kube_statefulset_status_replicas_ready", "kube_pod_container_status_waiting_reason"],
    ...["kube_cronjob_status_last_successful_time", "kube_cronjob_created", "kube_cronjob_spec_suspend"],
  ],
  /** Runs in test/live/rules.test.ts. */
  flower: ["flower_events_total", "flower_worker_online"],
  /** Runs in test/live/rules.test.ts; without systemd, whose states are in prometheus/node_exporter@v1.5.0 collector/systemd_linux.go. */
  "node-exporter": [
    ...["node_zfs_zpool_state", "node_filesystem_avail_bytes", "node_filesystem_size_bytes", "node_systemd_unit_state"],
    "node_textfile_mtime_seconds",
  ],
  /** Run in test/live/rules.test.ts, and are exposed by the node exporter. */
  hub: [
    ...["hub_backup_last_success_timestamp_seconds", "hub_backup_due_seconds"],
    ...["hub_certificate_not_before_timestamp_seconds", "hub_certificate_not_after_timestamp_seconds"],
  ],
  /** Runs in test/live/rules.test.ts. */
  prometheus: ["up"],
  /** Run in test/live/prowPrograms.test.ts. */
  hook: ["prow_webhook_response_codes"],
  tide: ["tidesyncheartbeat"],
  "prow-controller-manager": ["prowjobs", "prowjob_state_transitions"],
  crier: ["crier_reporting_results"],
  /** Not run: kubernetes@v1.36.1 pkg/kubelet/metrics/collectors/volume_stats.go, kubernetes@v1.36.1 pkg/kubelet/metrics/metrics.go. */
  kubelet: ["kubelet_volume_stats_available_bytes", "kubelet_volume_stats_capacity_bytes"],
  /** Not run: packit/packit-service@b828c3d packit_service/worker/monitoring.py. */
  "packit-worker": [
    ...["no_status_after_25_s_total", "first_initial_status_time_count", "copr_build_end_reported_after_time_bucket"],
  ],
  /** Not run: dgraph-io/dgraph@v1.0.15 x/metrics.go. */
  dgraph: ["dgraph_memory_inuse_bytes", "dgraph_alpha_health_status", "dgraph_pending_proposals_total"],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** Metrics in PromQL: what stands before a matcher in braces. Every rule has at least one matcher a metric. */
export function metricsOf(expr: string): readonly string[] {
  return [...new Set([...expr.matchAll(/([a-zA-Z_:][\w:]*)\{/g)].map(([, name = ""]) => name))];
}
