import type { GuestRole } from "../../../blocks/openstack/guest/description.ts";
import { backupDueFiles, certificateMetrics, metricsFolder } from "./metricFiles.ts";
import type { HubGuestSettings } from "./settings.ts";

/** Port of the hubs' security group for metrics, which the running hubs have open. */
export const metricsPort = 9999;

/** Units whose state Prometheus collects: without one of them nobody works. */
const units = ["jupyterhub", "configurable-http-proxy", "docker", "apache2"];

const settings = "/etc/default/prometheus-node-exporter";

/**
 * Debian's node exporter 1.5: file systems, the state of ZFS pools, the states of a hub's own units, the age of the homes' backups and
 * of the certificate.
 */
export function nodeExporter(backups: Pick<HubGuestSettings, "backup" | "backups">): GuestRole {
  const flags = [
    `--web.listen-address=:${metricsPort}`,
    "--collector.systemd",
    `--collector.systemd.unit-include=(${units.join("|")})[.]service`,
    `--collector.textfile.directory=${metricsFolder}`,
  ];
  const { files = [], absentFiles = [] } = backupDueFiles(backups);
  return {
    packages: ["prometheus-node-exporter"],
    // Debian's unit takes the words of ARGS as they are.
    files: [{ path: settings, text: `ARGS="${flags.join(" ")}"\n` }, ...files, certificateMetrics],
    absentFiles,
    // What was received before this program was there.
    steps: [`[ -n "$checking" ] || ${certificateMetrics.path}`],
    units: [{ name: "prometheus-node-exporter", how: "restart", files: [settings] }],
  };
}
