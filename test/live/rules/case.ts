/** What the cases of the alerts have in common. */

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

export const bots = "aicoe-prod-bots";
export const packit = "packit-prod";
export const dials = "cms-dials-prod";
export const prow = "kubevirt-prow";
export const dgraph = "thoth-dgraph-stage";

export const down = (
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

/** A CronJob that last succeeded at a time at which it is overdue when it is looked at, and at a later one at which it is not. */
export const overdue = (
  stack: Case["stack"],
  namespace: string,
  cronjob: string,
  {
    at,
    last,
    quiet,
    says,
  }: { readonly at: string; readonly last: number; readonly quiet: number; readonly says: string },
): Case => {
  const job = `{namespace="${namespace}", cronjob="${cronjob}"}`;
  const series = (time: number): Case["firing"] => ({
    [`kube_cronjob_status_last_successful_time${job}`]: `${time}x6100`,
    [`kube_cronjob_created${job}`]: "0x6100",
    [`kube_cronjob_spec_suspend${job}`]: "0x6100",
  });
  return {
    ...{ stack, alert: "CronJobOverdue", at, severity: "warning", firing: series(last), quiet: series(quiet) },
    labels: { namespace, cronjob },
    summary: `CronJob ${namespace}/${cronjob} has not succeeded for ${says}.`,
  };
};

export const flower = (namespace: string, type: string, more: string): string =>
  `flower_events_total{namespace="${namespace}", type="${type}", ${more}}`;
