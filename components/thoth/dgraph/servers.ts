/** Dgraph's servers: managers and data servers of their own, or all in one pod. */
import type { BlockOptions } from "../../../blocks/block.ts";
import { PersistentVolumeClaim } from "../../../blocks/kubernetes/persistentVolumeClaim.ts";
import type { ServingContainerArgs } from "../../../blocks/kubernetes/container.ts";
import type { NamespaceRef } from "../../../blocks/kubernetes/metadata.ts";
import type { Workload } from "../../../blocks/kubernetes/workload.ts";
import { http, tcp, soon } from "../../../blocks/kubernetes/probe.ts";
import { Service } from "../../../blocks/kubernetes/service.ts";
import { StatefulSet } from "../../../blocks/kubernetes/statefulSet.ts";
import { claimTemplate, type Mount } from "../../../blocks/kubernetes/volume.ts";
import type { DgraphContext } from "./context.ts";
import type { DgraphSettings } from "./settings.ts";
import { exportsContainer, exportsMount } from "./exports.ts";
import { alphaScript, exportFolder, hasSuperflags, replicas, tlsFolder, zeroScript } from "./flags.ts";

/** The pods that answer as managers and as data servers; with mode single they are the same. */
export interface Servers {
  readonly zero: Workload;
  readonly alpha: Workload;
}

/** What a data server reads of the Secret `dgraph-tls`. */
const serverFiles = { "ca.crt": "ca.crt", "node.crt": "node.crt", "node.key": "node.key" };

/** The image runs as root where no platform picks an id. */
const runAs = { user: 10001, group: 10001, fsGroup: 10001 };

/** Three managers and the data servers, each with a volume. */
export function haServers(name: string, context: DgraphContext, opts: BlockOptions): Servers {
  const { namespace, settings } = context;
  const zeros = domain("zero", namespace);
  const data = claimTemplate("datadir");
  const set = (
    component: string,
    count: number,
    ...containers: readonly [ServingContainerArgs, ...ServingContainerArgs[]]
  ): StatefulSet => {
    const labels = { app: "dgraph", component };
    const workload = new StatefulSet(
      `${name}-${component}`,
      {
        ...{ namespace, name: component, labels, replicas: count, runAs, graceSeconds: 60 },
        // Each waits for the others, so none may wait for another to be ready.
        podManagement: "Parallel",
        claimTemplates: {
          datadir: {
            size: settings.storageSize,
            ...(settings.storageClass === undefined ? {} : { storageClass: settings.storageClass }),
          },
        },
        retention: { protect: settings.protect },
        containers,
      },
      opts,
    );
    const port = component === "zero" ? 5080 : 7080;
    headless(`${name}-${component}-headless`, { service: component, of: workload, port }, opts);
    return workload;
  };
  return {
    zero: set("zero", replicas, zeroContainer(context, zeros, data, "1", "5Gi")),
    alpha: set(
      "alpha",
      settings.alphas,
      alphaContainer(context, domain("alpha", namespace), zeros, data, "4", "6Gi"),
      ...exporting(context),
    ),
  };
}

/** One pod with a manager and a data server, and a volume that both share. */
export function singleServer(name: string, context: DgraphContext, opts: BlockOptions): Servers {
  const { namespace, settings } = context;
  const { storageClass, storageSize: size, protect, retainOnDelete } = settings;
  const labels = { app: "dgraph", component: "dgraph" };
  const claim = new PersistentVolumeClaim(
    `${name}-data`,
    {
      namespace,
      name: "datadir",
      labels,
      size,
      retention: { protect, retainOnDelete },
      ...(storageClass === undefined ? {} : { storageClass }),
    },
    opts,
  );
  const own = domain("dgraph", namespace);
  const zero = zeroContainer(context, own, claim.mount(), "500m", "1Gi");
  const alpha = alphaContainer(context, own, own, claim.mount(), ["1", "2"], ["1Gi", "4Gi"]);
  const server = new StatefulSet(
    `${name}-server`,
    { namespace, name: "dgraph", labels, runAs, graceSeconds: 60, containers: [zero, alpha, ...exporting(context)] },
    opts,
  );
  headless(`${name}-headless`, { service: "dgraph", of: server, port: 5080 }, opts);
  return { zero: server, alpha: server };
}

function zeroContainer(
  { settings }: DgraphContext,
  zeros: string,
  data: Mount,
  cpu: string,
  memory: string,
): ServingContainerArgs {
  const probe = hasSuperflags(settings) ? http("/health", 6080, soon) : tcp(6080, soon);
  return {
    name: "zero",
    image: imageOf(settings),
    command: ["bash", "-c", zeroScript(settings, zeros)],
    mounts: { "/dgraph": data },
    ports: { "zero-grpc": 5080, "zero-rest": 6080 },
    resources: { cpu, memory },
    probes: { readiness: probe, liveness: tcp(5080, { delay: 60, period: 20 }) },
  };
}

function alphaContainer(
  { settings, secret }: DgraphContext,
  own: string,
  zeros: string,
  data: Mount,
  cpu: ServingContainerArgs["resources"]["cpu"],
  memory: ServingContainerArgs["resources"]["memory"],
): ServingContainerArgs {
  return {
    name: "alpha",
    image: imageOf(settings),
    command: ["bash", "-c", alphaScript(settings, own, zeros)],
    env: { ADMIN_WHITELIST_IPS: settings.whitelist },
    mounts: {
      "/dgraph": data,
      [tlsFolder]: secret.mount({ items: serverFiles }),
      ...(settings.backups === undefined ? {} : { [exportFolder]: exportsMount(settings) }),
    },
    ports: { "alpha-grpc-int": 7080, "alpha-rest": 8080, "alpha-grpc": 9080 },
    resources: { cpu, memory },
    probes: {
      readiness: http("/health", 8080, { ...soon, scheme: "HTTPS", timeout: 5 }),
      // A data server that waits for its managers is alive.
      liveness: tcp(7080, { delay: 120, period: 20 }),
    },
  };
}

/** What serves the exports, if backups are made of them. */
function exporting(context: DgraphContext): readonly ServingContainerArgs[] {
  return context.settings.backups === undefined ? [] : [exportsContainer(context)];
}

interface HeadlessArgs {
  readonly service: string;
  readonly of: Workload;
  readonly port: number;
}

/** Gives the pods of a StatefulSet their names; also before they are ready, as they must find each other first. */
function headless(name: string, { service, of, port }: HeadlessArgs, opts: BlockOptions): Service {
  const labels = { app: "dgraph", component: service };
  const ports = { [port === 5080 ? "zero-grpc" : "alpha-grpc-int"]: { port } };
  return new Service(
    name,
    { namespace: of.namespace, name: service, labels, of, ports, headless: true, publishNotReady: true },
    opts,
  );
}

function domain(service: string, { plainName: namespaceName }: NamespaceRef): string {
  return `${service}.${namespaceName}.svc.cluster.local`;
}

/** The image of all servers. */
export function imageOf({ version }: DgraphSettings): string {
  return `docker.io/dgraph/dgraph:${version}`;
}
