/** How long the program itself takes: resources registered through the building blocks, on mocks. */
import { spawnSync } from "node:child_process";
import path from "node:path";
import type * as k8s from "@pulumi/kubernetes";
import { record } from "../review/record.ts";

/** Milliseconds of one run in a process of its own. */
export interface Evaluation {
  readonly resources: number;
  /** From the first registration to the last answer. */
  readonly evaluation: number;
  /** Loading of the SDKs and the building blocks. */
  readonly load: number;
  /** CPU time of the evaluation. */
  readonly cpu: number;
}

/** Runs an evaluation in a fresh process. @throws what the process says when it fails. */
export function evaluate(resources: number): Evaluation {
  const { stdout, stderr, status } = spawnSync(process.execPath, [import.meta.filename, String(resources)], {
    cwd: path.dirname(import.meta.dirname),
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Evaluation;
}

/** Registers at least `wanted` resources: services with secret, files, account, pods and a public name. */
async function run(wanted: number): Promise<Evaluation> {
  const started = performance.now();
  const [{ Provider }, { Namespace }, { ServiceSecret }, { Files }, { Deployment }, { Service }, { Exposure }] =
    await Promise.all([
      import("@pulumi/kubernetes"),
      import("../components/kubernetes/namespace.ts"),
      import("../components/kubernetes/secret.ts"),
      import("../components/kubernetes/files.ts"),
      import("../components/kubernetes/deployment.ts"),
      import("../components/kubernetes/service.ts"),
      import("../components/kubernetes/exposure.ts"),
    ]);
  const loaded = performance.now();
  const before = process.cpuUsage();
  const { resources } = await record({ stack: "bench", config: new Map() }, () => {
    const provider: k8s.Provider = new Provider("lab", { kubeconfig: "" });
    const cluster = { name: "lab", platform: "openshift", appsDomain: "apps.lab.test", provider } as const;
    const opts = { providers: [provider] };
    const place = new Namespace("bench", { cluster, name: "bench" }, opts);
    // One service is twelve resources: five components, the account's component and its six objects.
    for (let index = 0; index * 12 < wanted; index++) {
      const name = `app-${index}`;
      const labels = { app: name };
      const secret = new ServiceSecret(`${name}-secret`, { place, name, values: { token: "t" } }, opts);
      const files = new Files(`${name}-files`, { place, name, data: { "app.ini": `[app]\nname=${name}\n` } }, opts);
      const deployment = new Deployment(
        `${name}-app`,
        {
          place,
          name,
          labels,
          containers: [
            {
              name: "app",
              image: "registry.example.org/app:1.0",
              resources: { cpu: "100m", memory: "128Mi" },
              ports: { http: 8080 },
              probes: { readiness: { tcpSocket: { port: 8080 } } },
              env: { TOKEN: secret.env("token"), FILE: files.env("app.ini") },
            },
          ],
        },
        opts,
      );
      const service = new Service(
        `${name}-service`,
        { place, name, of: deployment, ports: { http: { port: 8080 } } },
        opts,
      );
      new Exposure(`${name}-exposure`, { place, name, service, port: "http" }, opts);
    }
    return Promise.resolve({});
  });
  const { user, system } = process.cpuUsage(before);
  return {
    resources: resources.length,
    evaluation: Math.round(performance.now() - loaded),
    load: Math.round(loaded - started),
    cpu: Math.round((user + system) / 1000),
  };
}

if (process.argv[1] === import.meta.filename) {
  console.log(JSON.stringify(await run(Number(process.argv[2]))));
}
