/** The embedded Kubernetes: real API server, controllers and scheduler, and real nodes, or kwok, which simulates theirs. */
import { generateKeyPairSync } from "node:crypto";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { labKubeconfig } from "../retarget.ts";
import type { LabComponent, Log } from "../component.ts";
import {
  allEnded,
  answers,
  assertRuns,
  type Daemon,
  logFile,
  runningPid,
  start,
  stop,
  waitUntilReady,
} from "../process.ts";
import type { LabSettings } from "../settings.ts";
import type { Toolchain } from "../toolchain/toolchain.ts";
import { kubeApi, type KubeApi } from "./api.ts";
import { daemons, simulator } from "./daemons.ts";
import { files } from "./files.ts";
import { clusterHealth, healthy, storeHealth } from "./health.ts";
import { lacksCredentials, tokenLines } from "./nodes/credentials.ts";
import { servicesHealth } from "./nodes/health.ts";
import { installNodes, prepareNodes, startContainerds, startNodes, stopNodes } from "./nodes/nodes.ts";
import { realNodes } from "./nodes/plan.ts";
import { standInHealth } from "./nodes/standIns.ts";
import { fakeNodes, objects } from "./objects.ts";
import { openshiftKinds } from "./openshift.ts";
import { projectPolicies } from "./projects.ts";

/** Seconds until a process that does not end counts as hanging: an idle machine takes one or two, a busy one a minute. */
const startTimeout = 300;

/** Kubernetes as a component of the lab, from the toolchain's binaries. */
interface KubernetesComponent extends LabComponent {
  /** Empties the cluster: stops it, deletes all objects and starts it again. */
  reset(lab: LabSettings, log: Log): Promise<void>;
}

export function kubernetes(toolchain: Toolchain): KubernetesComponent {
  /** Starts a daemon and waits until `check` holds or the daemon ends. */
  const run = async (lab: LabSettings, daemon: Daemon, check: () => Promise<unknown>): Promise<void> => {
    const { name } = daemon;
    start(lab.dir, daemon);
    const ended = (): boolean => runningPid(lab.dir, name) === undefined;
    const hint = `see ${logFile(lab.dir, name)}`;
    await waitUntilReady(name, startTimeout, async () => ended() || (await check()) !== false, hint);
    assertRuns(lab.dir, name);
  };

  const simulateNodes = async (lab: LabSettings): Promise<void> => {
    if (runningPid(lab.dir, "kwok") === undefined) await releaseNodes(kubeApi(lab));
    await run(lab, simulator(lab, toolchain), () => answers(`http://127.0.0.1:${lab.ports.kwok}/healthz`));
  };

  const component: KubernetesComponent = {
    name: "kubernetes",
    install: () => Promise.resolve(), // the toolchain contains everything
    health: async (lab) => (await Promise.all([clusterHealth(lab), servicesHealth(lab), standInHealth(lab)])).flat(),

    async up(lab, log) {
      const { ports } = lab;
      const api = kubeApi(lab);
      const real = realNodes(lab).length > 0;
      const programs = real ? await installNodes(lab, log) : undefined;
      if (real && runningPid(lab.dir, "apiserver") !== undefined && lacksCredentials(lab)) {
        log("Kubernetes: stopping, as there are more nodes now");
        await component.down(lab);
      }
      if (runningPid(lab.dir, "apiserver") === undefined) log("Kubernetes: starting");
      if (real) await prepareNodes(lab);
      writeFiles(lab);
      const plane = daemons(lab, toolchain);
      await allEnded([
        ...(programs === undefined ? [] : [startContainerds(lab, programs)]),
        (async () => {
          await run(lab, plane.etcd, () => storeHealth(lab));
          await run(lab, plane.apiserver, () => healthy(ports.kubernetes, "/readyz"));
          await Promise.all(openshiftKinds.map((definition) => api.apply(definition)));
          await waitUntilReady("OpenShift's kinds", startTimeout, () => served(api), "see log/apiserver.log");
          await Promise.all([...objects, ...(real ? projectPolicies : fakeNodes)].map((object) => api.apply(object)));
        })(),
      ]);
      await Promise.all([
        run(lab, plane.controllers, () => healthy(ports.controllers, "/healthz")),
        run(lab, plane.scheduler, () => healthy(ports.scheduler, "/readyz")),
        programs === undefined ? simulateNodes(lab) : undefined,
      ]);
      // Later, so that a controller that ends is said at once, and nothing starts after it.
      if (programs !== undefined) await startNodes(lab, programs, log);
      // A daemon may pass its health check and then exit.
      const all = [...Object.keys(plane), ...(real ? [] : ["kwok"])];
      const ended = (): string | undefined => all.find((name) => runningPid(lab.dir, name) === undefined);
      const usable = async (): Promise<boolean> =>
        ended() !== undefined || ((await clusterHealth(lab)).every((row) => row.healthy) && (await admitsRoutes(api)));
      await waitUntilReady("Kubernetes", startTimeout, usable, "npm run lab -- status shows what is missing");
      for (const name of all) assertRuns(lab.dir, name);
    },

    async down(lab) {
      await stopNodes(lab);
      await Promise.all(["kwok", "scheduler", "controllers"].map((name) => stop(lab.dir, name)));
      await stop(lab.dir, "apiserver", 15);
      await stop(lab.dir, "etcd", 15);
    },

    async reset(lab, log) {
      await component.down(lab);
      for (const name of ["kubernetes", "nodes"])
        rmSync(path.join(lab.dir, "data", name), { recursive: true, force: true });
      await component.up(lab, log);
    },
  };
  return component;
}

/** Environment for kubectl to use the lab's cluster. */
export function kubernetesEnv(lab: LabSettings): Record<string, string> {
  return { KUBECONFIG: files(lab).kubeconfig };
}

function writeFiles(lab: LabSettings): void {
  const { data, etc, kubeconfig, tokens, serviceAccountKey, podLog, podLogRule } = files(lab);
  const nodeLines = realNodes(lab).length > 0 ? tokenLines(lab) : [];
  mkdirSync(data, { recursive: true, mode: 0o700 });
  mkdirSync(etc, { recursive: true, mode: 0o700 });
  writeFileSync(kubeconfig, labKubeconfig(lab), { mode: 0o600 });
  writeFileSync(tokens, [`${lab.password},admin,admin,system:masters`, ...nodeLines, ""].join("\n"), { mode: 0o600 });
  if (!existsSync(serviceAccountKey)) {
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
    writeFileSync(serviceAccountKey, privateKey.export({ type: "sec1", format: "pem" }), { mode: 0o600 });
  }
  writeFileSync(
    podLog,
    "2000-01-01T00:00:00.000000000Z stdout F The lab does not run containers, so there is no log.\n",
  );
  const rule = { apiVersion: "kwok.x-k8s.io/v1alpha1", kind: "ClusterLogs", metadata: { name: "pods" } };
  writeFileSync(podLogRule, JSON.stringify({ ...rule, spec: { logs: [{ logsFile: podLog }] } })); // JSON is YAML
}

/** Whether discovery lists the kinds of all definitions and their schemas are published: kwok reads both once, at its start. */
async function served(api: KubeApi): Promise<boolean> {
  const { paths } = await api.get<{ paths: Record<string, unknown> }>("/openapi/v3");
  const found = await Promise.all(
    openshiftKinds.map(async (definition) => {
      const { group, versions, names } = definition.spec as CustomResource;
      const path = `apis/${group}/${versions[0].name}`;
      const { resources } = await api.get<{ resources: { name: string }[] }>(`/${path}`);
      return path in paths && resources.some(({ name }) => name === names.plural);
    }),
  );
  return found.every(Boolean);
}

/** The fields of a definition that `served` reads. */
interface CustomResource {
  readonly group: string;
  readonly versions: readonly [{ readonly name: string }];
  readonly names: { readonly plural: string };
}

/** Releases the nodes of an earlier kwok process: a new one would wait 40 s for their leases to expire. */
async function releaseNodes(api: KubeApi): Promise<void> {
  const leases = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases";
  await Promise.all((await api.list(leases)).map(({ metadata }) => api.delete(`${leases}/${metadata.name}`)));
}

/** Whether the admission policy that gives Routes a host is active; see route.ts. */
async function admitsRoutes(api: KubeApi): Promise<boolean> {
  const probe = { apiVersion: "route.openshift.io/v1", kind: "Route", metadata: { name: "probe" } };
  const tried = await api.post<{ spec: { host?: string } }>(
    "/apis/route.openshift.io/v1/namespaces/default/routes?dryRun=All",
    { ...probe, spec: { to: { name: "probe" } } },
  );
  return tried.spec.host !== undefined;
}
