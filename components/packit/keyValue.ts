import * as pulumi from "@pulumi/pulumi";
import { quantityOf } from "../../config/fields.ts";
import { PersistentVolumeClaim } from "../../blocks/kubernetes/persistentVolumeClaim.ts";
import { Deployment } from "../../blocks/kubernetes/deployment.ts";
import { ConfigMap } from "../../blocks/kubernetes/configMap.ts";
import { NetworkPolicy } from "../../blocks/kubernetes/networkPolicy.ts";
import { exec, soon, tcp } from "../../blocks/kubernetes/probe.ts";
import { redisConf } from "../../blocks/redisConf.ts";
import { Service } from "../../blocks/kubernetes/service.ts";
import { accessModes, podsOf, type PackitContext, imageOf, retention, supportLabels, storageClass } from "./context.ts";
import { expectedWorkloads, keyValueClient } from "./inventory.ts";

const port = 6379;
const configFolder = "/etc/redislike";

/** How the three kinds differ: where they keep data, how they are started. */
const kinds = {
  redis: { folder: "/var/lib/redis/data", program: ["redis-server"] },
  redict: { folder: "/data", program: [] },
  valkey: { folder: "/data", program: [] },
} as const;

/** Redis or one of its descendants: the queues of Celery. */
export class KeyValue extends pulumi.ComponentResource {
  constructor(name: string, context: PackitContext, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:packit:KeyValue", name, {}, opts);
    const { namespace, settings } = context;
    const { kind, size } = settings.keyValue;
    const { folder, program } = kinds[kind];
    const labels = supportLabels(kind);
    const claim = new PersistentVolumeClaim(
      name,
      {
        ...{ namespace, name: `${kind}-pvc`, size, retention: retention(settings) },
        ...storageClass(settings),
        ...accessModes(settings.keyValue),
      },
      { parent: this },
    );
    const config = new ConfigMap(
      name,
      { namespace, name: "redis-like-config", data: { "redis.conf": keyValueConf(settings.keyValue) } },
      { parent: this },
    );
    const server = new Deployment(
      name,
      {
        namespace,
        name: kind,
        labels,
        // Two servers on one volume would overwrite each other's snapshots.
        strategy: "Recreate",
        runAs: { user: 1001, group: 0, fsGroup: 1001 },
        containers: [
          {
            name: kind,
            ...imageOf(context, kind),
            args: [...program, `${configFolder}/redis.conf`],
            ports: { redis: port },
            mounts: { [folder]: claim.mount(), [configFolder]: config.mount({ volume: "config" }) },
            resources: { cpu: "100m", memory: settings.keyValue.memory },
            probes: {
              readiness: exec(keyValueReadiness(kind), { ...soon, timeout: 5 }),
              liveness: tcp(port, { delay: 30 }),
            },
          },
        ],
      },
      { parent: this },
    );
    new Service(
      name,
      { namespace, name: kind, labels: { service: kind }, of: server, ports: { [`${port}`]: { port } } },
      { parent: this },
    );
    const clients = expectedWorkloads(settings)
      .filter(({ queues }) => queues)
      .map((one) => one.name);
    new NetworkPolicy(
      name,
      { namespace, name: kind, pods: { service: kind }, ingress: podsOf(clients, port) },
      { parent: this },
    );
    this.registerOutputs({});
  }
}

/** Readiness check: the client's ping. */
export function keyValueReadiness(kind: keyof typeof kinds): readonly string[] {
  const { shell, client } = keyValueClient(kind);
  return [shell, "-c", `test "$(${client} ping)" = PONG`];
}

/** Its configuration: what is full forgets expiring keys only, since to forget a message is to lose a task. */
export function keyValueConf({ kind, memory }: PackitContext["settings"]["keyValue"]): string {
  return redisConf({
    dataFolder: kinds[kind].folder,
    maxMemoryMiB: dataMiB(quantityOf(memory) / 2 ** 20),
    eviction: "volatile-lru",
    snapshots: true,
    idleSeconds: 600,
  });
}

/** MiB for data: process, client buffers and snapshot copies take 48 MiB and an eighth. */
function dataMiB(limit: number): number {
  return Math.floor(Math.min((limit * 7) / 8, Math.max(limit / 2, limit - 48)));
}
