/** Debian's Prometheus with the alerts of a stack, without their waiting times, collecting from programs of this machine. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, openSync, writeFileSync } from "node:fs";
import path from "node:path";
import { stringify } from "yaml";
import { freePort } from "../port.ts";
import type { DeclaredAlert } from "../../unit/monitoring/stacks.ts";
import { bound } from "../dials/celery.ts";

/** A job, its target and the labels that the operator's monitor gives its series. */
export interface Target {
  readonly job: string;
  readonly address: string;
  readonly labels?: Readonly<Record<string, string>>;
}

interface Group {
  readonly name: string;
  readonly rules: readonly DeclaredAlert[];
}

/** A program that ends with the tests. */
export function start(command: readonly string[], log: string, env: NodeJS.ProcessEnv = process.env): ChildProcess {
  const to = openSync(log, "a");
  return spawn("setpriv", [...bound, ...command], { env, stdio: ["ignore", to, to] });
}

/** Ends it. */
export async function stop(child: ChildProcess | undefined): Promise<void> {
  if (child?.exitCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill();
  await gone;
}

/** A Prometheus that looks each second. */
export class Prometheus {
  readonly child: ChildProcess;
  private readonly url: string;

  private constructor(child: ChildProcess, url: string) {
    this.child = child;
    this.url = url;
  }

  static async open(
    tools: string,
    folder: string,
    groups: readonly Group[],
    targets: readonly Target[],
  ): Promise<Prometheus> {
    const at = path.join(folder, "prometheus");
    mkdirSync(at);
    const now = groups.map(({ name, rules }) => ({ name, rules: rules.map((rule) => ({ ...rule, for: "0s" })) }));
    writeFileSync(path.join(at, "rules.yaml"), stringify({ groups: now }));
    const scrape = targets.map(({ job, address, labels = {} }) => ({
      job_name: job,
      static_configs: [{ targets: [address], labels }],
    }));
    const every = { scrape_interval: "1s", evaluation_interval: "1s" };
    const config = { global: every, rule_files: ["rules.yaml"], scrape_configs: scrape };
    writeFileSync(path.join(at, "prometheus.yml"), stringify(config));
    const port = await freePort();
    const flags = [
      ...[`--config.file=${at}/prometheus.yml`, `--storage.tsdb.path=${at}/data`],
      `--web.listen-address=127.0.0.1:${port}`,
    ];
    const child = start([path.join(tools, "prometheus"), ...flags], path.join(at, "log"));
    return new Prometheus(child, `http://127.0.0.1:${port}`);
  }

  /** Alerts that fire now, by name. */
  async firing(): Promise<ReadonlyMap<string, readonly Readonly<Record<string, string>>[]>> {
    const { data } = (await this.ask("alerts")) as {
      data: { alerts: readonly { state: string; labels: Record<string, string> }[] };
    };
    return Map.groupBy(
      data.alerts.filter(({ state }) => state === "firing").map(({ labels }) => labels),
      ({ alertname = "" }) => alertname,
    );
  }

  /** Number of series of a metric. */
  async series(metric: string): Promise<number> {
    const { data } = (await this.ask(`query?query=${metric}`)) as { data: { result: readonly unknown[] } };
    return data.result.length;
  }

  private async ask(what: string): Promise<unknown> {
    return (await fetch(`${this.url}/api/v1/${what}`)).json();
  }
}
