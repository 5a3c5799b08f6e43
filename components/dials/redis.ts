import * as pulumi from "@pulumi/pulumi";
import { Deployment } from "../../blocks/kubernetes/deployment.ts";
import { ConfigMap } from "../../blocks/kubernetes/configMap.ts";
import { NetworkPolicy, pods } from "../../blocks/kubernetes/networkPolicy.ts";
import { exec, soon, tcp } from "../../blocks/kubernetes/probe.ts";
import { ServiceSecret } from "../../blocks/kubernetes/secret.ts";
import { Service } from "../../blocks/kubernetes/service.ts";
import type { Mount } from "../../blocks/kubernetes/volume.ts";
import { type DialsContext, labels, podLabels, selector, serviceLabels } from "./context.ts";
import { redisConf, type RedisUse } from "./redisConf.ts";

export interface RedisArgs {
  readonly context: DialsContext;
  /** Name of its Deployment, Service and Secret. */
  readonly name: "redis-etl-broker" | "redis-web-cache";
  readonly use: RedisUse;
  readonly password: pulumi.Input<string>;
  /** Volume of its data folder. */
  readonly data: Mount;
  /** Labels of the pods that may talk to it. */
  readonly clients: Readonly<Record<string, string>>;
}

const port = 6379;
const dataFolder = "/var/lib/redis/data";
const configFolder = "/etc/dials-redis";
const authFolder = "/etc/dials-redis-auth";

/** One Redis with its password, Service and NetworkPolicy. */
export class Redis extends pulumi.ComponentResource {
  private readonly service: Service;
  private readonly password: pulumi.Output<string>;

  constructor(name: string, args: RedisArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:dials:Redis", name, {}, opts);
    const { namespace, images, account } = args.context;
    const own = labels(namespace, args.name, "databases", "redis");
    this.password = pulumi.secret(args.password);

    const secret = new ServiceSecret(
      name,
      {
        namespace,
        name: args.name,
        // Redis reads the file, so that the password is in no process list; the key's name is what clients know.
        values: { "database-password": this.password, "auth.conf": pulumi.interpolate`requirepass ${this.password}\n` },
      },
      { parent: this },
    );
    const config = new ConfigMap(
      name,
      {
        namespace,
        name: `${args.name}-config`,
        data: { "redis.conf": redisConf(args.use, dataFolder, `${authFolder}/auth.conf`) },
      },
      { parent: this },
    );
    new Deployment(
      name,
      {
        namespace,
        name: args.name,
        labels: own,
        podLabels: podLabels(args.name),
        selector: selector(args.name),
        serviceAccount: account,
        // Two servers on one volume would overwrite each other's snapshots.
        strategy: args.use.keeps ? "Recreate" : "RollingUpdate",
        runAs: { user: 1001, group: 0, fsGroup: 1001 },
        containers: [
          {
            name: "redis",
            image: images.redis,
            args: ["redis-server", `${configFolder}/redis.conf`],
            env: { REDIS_PASSWORD: secret.env("database-password") },
            ports: { redis: port },
            mounts: {
              [dataFolder]: args.data,
              [configFolder]: config.mount({ volume: "config" }),
              [authFolder]: secret.mount({ volume: "auth", items: { "auth.conf": "auth.conf" } }),
            },
            resources: { cpu: ["50m", "500m"], memory: ["512Mi", "1024Mi"] },
            probes: { readiness: readiness, liveness: tcp(port, { delay: 30, timeout: 1 }) },
          },
        ],
      },
      { parent: this },
    );
    this.service = new Service(
      name,
      {
        namespace,
        name: args.name,
        labels: serviceLabels(args.name),
        of: { selector: { ...selector(args.name), ...podLabels(args.name) } },
        ports: { [args.name]: { port } },
      },
      { parent: this },
    );
    new NetworkPolicy(
      name,
      { namespace, name: args.name, pods: selector(args.name), ingress: [pods(args.clients, [port])] },
      { parent: this },
    );
    this.registerOutputs({});
  }

  /** URL of one of its databases, including the password. */
  url(database: number): pulumi.Output<string> {
    return pulumi.interpolate`redis://:${this.password}@${this.service.name}:${port}/${database}`;
  }
}

/**
 * The client takes the password from the environment; as an argument anybody in the pod could read it. Images of software
 * collections have it on the PATH of bash only, and not when bash is called sh.
 */
const readiness = exec(["bash", "-c", 'test "$(REDISCLI_AUTH="$REDIS_PASSWORD" redis-cli -h 127.0.0.1 ping)" = PONG'], {
  ...soon,
  timeout: 5,
});
