/** Monitors and alerts of every stack whose clusters have a Prometheus: each monitor finds what it collects from. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "mocha";
import { parse } from "yaml";
import { backupSettings } from "../../../config/backups.ts";
import { projectDir } from "../../../config/stackFile.ts";
import type { Rendered } from "../../../review/evaluate/render.ts";
import { ruleset } from "../../../blocks/openstack/guest/firewall.ts";
import { nodeExporter } from "../../../components/callysto/guest/nodeExporter.ts";
import { stacks } from "../harness.ts";
import { build } from "../kubernetes/fixture.ts";
import { renderedStack } from "../recordings.ts";
import { alertsOf, collector, monitoredStack } from "./stacks.ts";
import { metricsOf, programs } from "./metrics.ts";

interface Selector {
  readonly matchExpressions?: readonly { readonly key: string; readonly values: readonly string[] }[];
  readonly matchLabels?: Readonly<Record<string, string>>;
}

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string; readonly labels: Record<string, string> };
  readonly subsets?: readonly { readonly ports: readonly { readonly name: string; readonly port: number }[] }[];
  readonly spec: {
    readonly selector?: Selector;
    readonly podSelector: Selector;
    readonly podMetricsEndpoints: readonly { readonly port: string; readonly path: string }[];
    readonly endpoints: readonly { readonly port: string }[];
    readonly ingress?: readonly {
      readonly from: readonly { readonly namespaceSelector?: Selector; readonly podSelector?: object }[];
      readonly ports: readonly { readonly port: number }[];
    }[];
    readonly template?: {
      readonly metadata: { readonly labels: Record<string, string> };
      readonly spec: {
        readonly containers: readonly { readonly ports?: readonly { name: string; containerPort: number }[] }[];
      };
    };
  };
}

const objects = (resources: readonly Rendered[]): readonly Manifest[] =>
  resources
    .filter(({ type }) => type.startsWith("kubernetes:"))
    .map(({ inputs }) => ({ spec: {}, ...(inputs as object) }) as Manifest);

const selects = ({ matchExpressions = [], matchLabels = {} }: Selector, labels: Record<string, string>): boolean =>
  matchExpressions.every(({ key, values }) => values.includes(labels[key] ?? "")) &&
  Object.entries(matchLabels).every(([key, value]) => labels[key] === value);

/** Whether Prometheus may call a pod on a port. */
function isLetIn(all: readonly Manifest[], namespace: string, labels: Record<string, string>, port: number): boolean {
  const policies = all.filter(({ kind, metadata }) => kind === "NetworkPolicy" && metadata.namespace === namespace);
  return policies
    .filter(({ spec }) => selects(spec.podSelector, labels))
    .flatMap(({ spec }) => spec.ingress ?? [])
    .filter(({ ports }) => ports.length === 0 || ports.some((one) => one.port === port))
    .some(({ from }) =>
      from.some(({ namespaceSelector, podSelector }) => {
        if (namespaceSelector === undefined || Object.keys(podSelector ?? {}).length > 0) return false;
        return selects(namespaceSelector, { "kubernetes.io/metadata.name": collector.namespace });
      }),
    );
}

/** Paths of metrics that a program has on a port, by its contract; none where that says nothing of them. */
function metricsPaths(program: string, port: number): readonly string[] {
  const [file] = globSync(`contracts/*/${program}.yaml`, { cwd: projectDir });
  if (file === undefined) return [];
  const { ports = {} } = parse(readFileSync(path.join(projectDir, file), "utf8")) as {
    ports?: Record<string, { answers?: readonly { path: string }[] } | string>;
  };
  const found = ports[String(port)];
  return typeof found === "object"
    ? (found.answers ?? []).map((one) => one.path).filter((one) => /metrics|prometheus/.test(one))
    : [];
}

for (const stack of stacks) {
  describe(`monitoring of stack ${stack}`, () => {
    it("without a Prometheus in the clusters' settings nothing of it is declared", async () => {
      const declared = objects(await renderedStack(stack)).filter(({ apiVersion }) =>
        apiVersion.startsWith("monitoring."),
      );
      assert.deepEqual(declared, []);
    });

    it("every pod monitor finds pods that have its port and let Prometheus in, and those alone", async () => {
      const all = objects(await monitoredStack(stack));
      const monitors = all.filter(({ kind }) => kind === "PodMonitor");
      assert.ok(monitors.length > 0);
      for (const { metadata, spec } of monitors) {
        const [endpoint] = spec.podMetricsEndpoints;
        const found = all.filter(
          (one) =>
            one.metadata.namespace === metadata.namespace &&
            one.spec.template !== undefined &&
            selects(spec.selector ?? {}, one.spec.template.metadata.labels),
        );
        const wanted = spec.selector?.matchExpressions?.[0]?.values ?? [];
        assert.ok(found.length >= wanted.length, `${metadata.name} finds ${found.length} of ${wanted.join(", ")}`);
        for (const { metadata: own, spec: workload } of found) {
          const ports = workload.template?.spec.containers.flatMap(({ ports = [] }) => ports) ?? [];
          const port = ports.find(({ name }) => name === endpoint?.port)?.containerPort;
          assert.ok(port !== undefined, `${own.name} has no port ${endpoint?.port ?? ""}`);
          const labels = workload.template?.metadata.labels ?? {};
          assert.ok(isLetIn(all, metadata.namespace, labels, port), `${own.name} lets Prometheus in on ${port}`);
          const answers = metricsPaths(labels.app ?? "", port);
          if (answers.length > 0)
            assert.ok(
              answers.includes(endpoint?.path ?? ""),
              `${own.name} has its metrics at ${answers.join(", ")} on ${port}`,
            );
        }
      }
    });

    it("every Service monitor finds Services with its port and an address behind it", async () => {
      const all = objects(await monitoredStack(stack));
      for (const { metadata, spec } of all.filter(({ kind }) => kind === "ServiceMonitor")) {
        const here = all.filter((one) => one.metadata.namespace === metadata.namespace);
        const found = here.filter(
          ({ kind, metadata: own }) => kind === "Service" && selects(spec.selector ?? {}, own.labels),
        );
        assert.ok(found.length > 0);
        for (const { metadata: own } of found) {
          const behind = here.find(({ kind, metadata: { name } }) => kind === "Endpoints" && name === own.name);
          assert.deepEqual(
            behind?.subsets?.flatMap(({ ports }) => ports.map(({ name }) => name)),
            spec.endpoints.map(({ port }) => port),
          );
        }
      }
    });

    it("monitors and alerts carry the labels by which Prometheus selects them", async () => {
      const declared = objects(await monitoredStack(stack)).filter(({ apiVersion }) =>
        apiVersion.startsWith("monitoring."),
      );
      for (const { kind, metadata } of declared)
        assert.equal(metadata.labels.release, "prometheus", `${kind} ${metadata.name}`);
    });

    it("every CronJob that runs has an alert of its own for runs that do not succeed", async () => {
      const resources = await monitoredStack(stack);
      const jobs = objects(resources).filter(
        ({ kind, spec }) => kind === "CronJob" && (spec as { suspend?: boolean }).suspend !== true,
      );
      const overdue = [...alertsOf(resources)].flatMap(([rule, alerts]) =>
        alerts.some(({ alert }) => alert === "CronJobOverdue") ? [rule] : [],
      );
      assert.deepEqual(overdue.sort(), jobs.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`).sort());
    });

    it("every metric of an alert is one that a program is known to expose", async () => {
      const alerts = [...alertsOf(await monitoredStack(stack)).values()].flat();
      const known = new Set<string>(Object.values(programs).flat());
      for (const { alert, expr } of alerts) {
        const read = metricsOf(expr);
        assert.ok(read.length > 0, alert);
        assert.deepEqual(
          read.filter((metric) => !known.has(metric)),
          [],
          alert,
        );
      }
    });
  });
}

describe("metrics of hubs", () => {
  it("the firewall lets in the given ranges on the metrics' port, each family by its own rule, and nobody else", () => {
    const text = ruleset({
      open: [22],
      from: { port: 9999, ranges: ["192.0.2.0/24", "2001:db8::/32", "198.51.100.1/32"] },
    });
    assert.deepEqual(
      text
        .split("\n")
        .filter((line) => line.includes("9999"))
        .map((line) => line.trim()),
      [
        "ip saddr { 192.0.2.0/24, 198.51.100.1/32 } tcp dport 9999 accept",
        "ip6 saddr { 2001:db8::/32 } tcp dport 9999 accept",
      ],
    );
    assert.ok(!ruleset({ open: [22] }).includes("saddr"));
  });

  it("the exporter's arguments survive systemd's EnvironmentFile: no quotes, blanks or backslashes inside", () => {
    const text = nodeExporter({}).files?.[0]?.text ?? "";
    assert.match(text, /^ARGS="[^"\\$]+"\n$/);
    for (const word of text.slice(6, -2).split(" ")) assert.match(word, /^--[\w.-]+(=\S+)?$/);
  });

  it("the longest time without a backup is declared for each way of saving homes, and gone with the setting", () => {
    const repository = "s3:https://s3.sample.invalid/backups/hub";
    const dueOf = (settings: Parameters<typeof nodeExporter>[0]): readonly (string | undefined)[] => {
      const { files = [], absentFiles = [] } = nodeExporter(settings);
      const due = files.flatMap(({ text }) => /^hub_backup_due_seconds\{.*$/m.exec(text) ?? []);
      return [...due, ...absentFiles.map((file) => `no ${file.split("/").at(-1) ?? ""}`)];
    };
    const backup = { remoteUser: "u", remoteHost: "h", sourceDirectory: "/tank/home/", hostKey: "k" };
    assert.deepEqual(dueOf({}), ["no backup-homes.due.prom", "no rrsync-backup.due.prom"]);
    // Once on weekdays: from Friday to Monday, and the three hours that a backup may take.
    const backups = backupSettings.parse({ repository, schedule: "5 4 * * 1-5" });
    assert.deepEqual(dueOf({ backup, backups }), [
      `hub_backup_due_seconds{backup="backup-homes"} ${75 * 3600}`,
      `hub_backup_due_seconds{backup="rrsync-backup"} ${8 * 24 * 3600}`,
    ]);
  });

  it("monitors on a cluster whose settings name no Prometheus are refused with the setting that is missing", async () => {
    await build("kubernetes", async (cluster, opts) => {
      const { HubMonitors } = await import("../../../components/callysto/hubMonitors.ts");
      const args = { cluster, namespace: "hubs", hubs: {} };
      assert.throws(
        () => new HubMonitors("monitors", args, opts),
        /^Error: callysto:settings\.monitoring\.cluster is "\w+", but clusters:settings\.\w+\.monitoring names no Prometheus/,
      );
    });
  });
});
