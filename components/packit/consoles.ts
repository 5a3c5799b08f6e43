import * as pulumi from "@pulumi/pulumi";
import type { EnvSource } from "../../blocks/kubernetes/container.ts";
import { PublicEndpoint } from "../../blocks/kubernetes/publicEndpoint.ts";
import { dns, NetworkPolicy, router } from "../../blocks/kubernetes/networkPolicy.ts";
import { http, type Probes, tcp } from "../../blocks/kubernetes/probe.ts";
import type { RequestAndLimit } from "../../blocks/kubernetes/resources.ts";
import { ServiceSecret } from "../../blocks/kubernetes/secret.ts";
import { Service } from "../../blocks/kubernetes/service.ts";
import { between, type PackitContext, sideLabels } from "./context.ts";
import { onePod } from "./component.ts";

/** What a console needs. */
export interface ConsoleArgs {
  readonly context: PackitContext;
  /** Password of its one user, `packit`. */
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
        values: { "flower-basic-auth": pulumi.interpolate`${user}:${password}` },
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
        probes: { readiness: http("/healthcheck", port, { delay: 10 }), liveness: tcp(port, { delay: 30 }) },
        memory: ["80Mi", "128Mi"],
      },
      this,
    );
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
        probes: { readiness: tcp(port), liveness: tcp(port, { delay: 30 }) },
        memory: "80Mi",
        writableRoot: "the start script writes the image's configuration folder",
      },
      this,
    );
    this.registerOutputs({});
  }
}

interface ConsoleShape {
  readonly context: PackitContext;
  readonly name: string;
  readonly image: "flower" | "redisCommander";
  readonly port: number;
  readonly env: Readonly<Record<string, string | EnvSource>>;
  readonly probes: Probes;
  readonly memory: RequestAndLimit;
  readonly writableRoot?: string;
}

/** A page for operators behind a login, by a Route whose name the router picks. */
function consolePod(name: string, args: ConsoleShape, parent: pulumi.Resource): void {
  const { context, port, image, env, probes, memory, writableRoot } = args;
  const { namespace, settings } = context;
  const labels = sideLabels(args.name);
  const pod = onePod(
    name,
    context,
    {
      ...{ name: args.name, labels, image, env, probes },
      ports: { http: port },
      resources: { cpu: "100m", memory },
      exceptions: writableRoot === undefined ? {} : { "writable-root": writableRoot },
    },
    parent,
  );
  const service = new Service(
    name,
    { namespace, name: args.name, labels: { service: args.name }, of: pod, ports: { [`${port}`]: { port } } },
    { parent },
  );
  new PublicEndpoint(
    name,
    { namespace, name: args.name, service, port: `${port}`, tls: { termination: "edge", insecure: "None" } },
    { parent },
  );
  const to = [dns(), ...between([settings.keyValue.kind], 6379)];
  new NetworkPolicy(
    name,
    { namespace, name: args.name, pods: labels, from: [router(namespace.cluster, port)], to },
    { parent },
  );
}
