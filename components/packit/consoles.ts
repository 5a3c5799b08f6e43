import * as pulumi from "@pulumi/pulumi";
import type { BlockOptions } from "../../blocks/block.ts";
import type { EnvSource } from "../../blocks/kubernetes/container.ts";
import { PublicEndpoint } from "../../blocks/kubernetes/publicEndpoint.ts";
import { dns, NetworkPolicy, prometheus, router } from "../../blocks/kubernetes/networkPolicy.ts";
import { PodMonitor } from "../../blocks/kubernetes/podMonitor.ts";
import { http, type Probes, soon, tcp } from "../../blocks/kubernetes/probe.ts";
import type { RequestAndLimit } from "../../blocks/kubernetes/resources.ts";
import { ServiceSecret } from "../../blocks/kubernetes/secret.ts";
import { Service } from "../../blocks/kubernetes/service.ts";
import { type PackitContext, podsOf, supportLabels } from "./context.ts";
import { singletonDeployment } from "./component.ts";

export interface ConsoleArgs {
  readonly context: PackitContext;
  /** Password of its one user. */
  readonly password: pulumi.Output<string>;
}

const user = "packit";

/** Flower: shows Celery's workers and tasks. */
export class Flower extends pulumi.ComponentResource {
  constructor(name: string, { context, password }: ConsoleArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:packit:Flower", name, {}, opts);
    const login = new ServiceSecret(
      name,
      {
        namespace: context.namespace,
        name: "flower-secret",
        values: { "flower-basic-auth": pulumi.interpolate`${context.settings.flowerUser}:${password}` },
      },
      { parent: this },
    );
    const port = 5555;
    consolePod(
      name,
      {
        context,
        name: "flower",
        image: "flower",
        port,
        env: {
          CELERY_BROKER_URL: `redis://${context.settings.keyValue.kind}:6379/0`,
          FLOWER_PORT: `${port}`,
          FLOWER_BASIC_AUTH: login.env("flower-basic-auth"),
        },
        probes: { readiness: http("/healthcheck", port, soon), liveness: tcp(port, { delay: 30 }) },
        memory: ["80Mi", "128Mi"],
        collects: true,
      },
      { parent: this },
    );
    // mher/flower@v2.0.1 flower/views/monitor.py: /metrics asks for no login.
    const pods = supportLabels("flower");
    new PodMonitor(name, { namespace: context.namespace, name: "flower", pods, port: "http" }, { parent: this });
    this.registerOutputs({});
  }
}

/** Redis Commander: shows the keys of the key-value database. */
export class RedisCommander extends pulumi.ComponentResource {
  constructor(name: string, { context, password }: ConsoleArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:packit:RedisCommander", name, {}, opts);
    const login = new ServiceSecret(
      name,
      {
        namespace: context.namespace,
        name: "redis-commander-secret",
        values: { "redis-commander-user": user, "redis-commander-password": password },
      },
      { parent: this },
    );
    const port = 8081;
    consolePod(
      name,
      {
        context,
        name: "redis-commander",
        image: "redisCommander",
        port,
        env: {
          REDIS_HOST: context.settings.keyValue.kind,
          REDIS_PORT: "6379",
          HTTP_USER: login.env("redis-commander-user"),
          HTTP_PASSWORD: login.env("redis-commander-password"),
        },
        probes: { readiness: tcp(port, soon), liveness: tcp(port, { delay: 30 }) },
        memory: "80Mi",
        writableRoot: "the start script writes the image's configuration folder",
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}

interface ConsolePodArgs {
  readonly context: PackitContext;
  readonly name: string;
  readonly image: "flower" | "redisCommander";
  readonly port: number;
  readonly env: Readonly<Record<string, string | EnvSource>>;
  readonly probes: Probes;
  readonly memory: RequestAndLimit;
  readonly writableRoot?: string;
  /** Prometheus collects from it. @default false */
  readonly collects?: boolean;
}

/** A page for operators behind a login, on a Route with a generated host name. */
function consolePod(name: string, args: ConsolePodArgs, opts: BlockOptions): void {
  const { context, port, image, env, probes, memory, writableRoot } = args;
  const { namespace, settings } = context;
  const labels = supportLabels(args.name);
  const pod = singletonDeployment(
    name,
    {
      ...{ context, name: args.name, labels, image, env, probes },
      ports: { http: port },
      resources: { cpu: "100m", memory },
      exceptions: writableRoot === undefined ? {} : { "writable-root": writableRoot },
    },
    opts,
  );
  const service = new Service(
    name,
    { namespace, name: args.name, labels: { service: args.name }, of: pod, ports: { [`${port}`]: { port } } },
    opts,
  );
  new PublicEndpoint(
    name,
    { namespace, name: args.name, service, port: `${port}`, tls: { termination: "edge", insecure: "None" } },
    opts,
  );
  const egress = [dns(), ...podsOf([settings.keyValue.kind], 6379)];
  const ingress = [
    router(namespace.cluster, port),
    ...(args.collects === true ? prometheus(namespace.cluster, port) : []),
  ];
  new NetworkPolicy(name, { namespace, name: args.name, pods: labels, ingress, egress }, opts);
}
