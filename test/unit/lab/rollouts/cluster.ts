/** A cluster of one DeploymentConfig: its API, and a controller that makes and removes pods one step at a time. */
import { type KubeApi, KubeError, type KubeObject } from "../../../../lab/kubernetes/api.ts";
import type {
  DeploymentConfig,
  ReplicationController,
} from "../../../../lab/kubernetes/nodes/deploymentConfigs/objects.ts";
import { reconcile } from "../../../../lab/kubernetes/nodes/deploymentConfigs/reconcile.ts";
import type { ImageStream } from "../../../../lab/kubernetes/nodes/imageStreams.ts";

type Json = Record<string, unknown>;
const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** RFC 7386. */
function merged(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const result: Json = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) Reflect.deleteProperty(result, key);
    else result[key] = merged(result[key], value);
  }
  return result;
}

interface Pods {
  ready: number;
  starting: number;
  ending: number;
}

export class Cluster {
  config: DeploymentConfig;
  controllers: ReplicationController[] = [];
  streams: ImageStream[] = [];
  now = new Date("2026-01-01T00:00:00Z");
  /** Images whose pods never become ready. */
  readonly broken = new Set<string>();
  /** What was written, newest last. */
  readonly log: string[] = [];
  private readonly pods = new Map<string, Pods>();
  private version = 1;

  constructor(spec: object) {
    const metadata = { name: "web", namespace: "shop", uid: "uid-1", generation: 1, resourceVersion: "1" };
    const whole = { replicas: 1, ...spec } as DeploymentConfig["spec"];
    this.config = { apiVersion: "apps.openshift.io/v1", kind: "DeploymentConfig", metadata, spec: whole };
  }

  /** Somebody changes the config. */
  edit(spec: object): void {
    this.config = merged(this.config, {
      spec,
      metadata: this.next(this.config.metadata.generation + 1),
    }) as DeploymentConfig;
  }

  /** A tag of stream `base` leads to an image. */
  tag(image: string): void {
    const item = { created: "", image: "", generation: 1, dockerImageReference: image };
    const metadata = { name: "base", namespace: "shop" };
    const status = { tags: [{ tag: "stable", items: [item] }] };
    this.streams = [{ apiVersion: "image.openshift.io/v1", kind: "ImageStream", metadata, status }];
  }

  /** Runs both controllers until nothing changes. @param seen - is called after each step */
  async settle(seen: () => void = () => undefined): Promise<void> {
    for (let step = 0; step < 500; step++) {
      const before = this.version;
      await reconcile(
        this.api(),
        this.config,
        { streams: this.streams, controllers: this.controllers, pods: this.list() },
        this.now,
      );
      seen();
      this.runPods();
      seen();
      if (before === this.version) return;
    }
    throw new Error(`it never settles: ${this.log.slice(-6).join("\n")}`);
  }

  /** Pods by their rollout, those that end included. */
  running(): Record<string, number> {
    const all = [...this.pods].map(([name, { ready, starting, ending }]) => [name, ready + starting + ending] as const);
    return Object.fromEntries(all.filter(([, count]) => count > 0));
  }

  get ready(): number {
    return [...this.pods.values()].reduce((sum, one) => sum + one.ready, 0);
  }

  rollout(version: number): ReplicationController {
    const found = this.controllers.find(({ metadata }) => metadata.name === `web-${version}`);
    if (found === undefined) throw new Error(`there is no web-${version}`);
    return found;
  }

  condition(type: string): string {
    const found = this.config.status?.conditions?.find((one) => one.type === type);
    return `${found?.status ?? ""} ${found?.reason ?? ""}`.trim();
  }

  private next(generation: number): object {
    this.version += 1;
    return { generation, resourceVersion: String(this.version) };
  }

  private list(): KubeObject[] {
    return Object.entries(this.running()).flatMap(([deployment, count]) =>
      Array.from({ length: count }, (_, index) => ({
        ...{ apiVersion: "v1", kind: "Pod" },
        metadata: { name: `${deployment}-${index}`, namespace: "shop", labels: { deployment } },
        status: { phase: "Running" },
      })),
    );
  }

  /** One step of the ReplicationControllers' controller and of the kubelets: pods that start become ready, those that end are gone. */
  private runPods(): void {
    this.controllers = this.controllers.map((one) => {
      const pods = this.pods.get(one.metadata.name) ?? { ready: 0, starting: 0, ending: 0 };
      const isBroken = one.spec.template.spec.containers.some(({ image = "" }) => this.broken.has(image));
      if (!isBroken) [pods.ready, pods.starting] = [pods.ready + pods.starting, 0];
      pods.ending = 0;
      const missing = one.spec.replicas - pods.ready - pods.starting;
      pods.starting += Math.max(0, missing);
      const surplus = Math.max(0, -missing);
      const [fromStarting] = [Math.min(surplus, pods.starting)];
      pods.starting -= fromStarting;
      pods.ready -= surplus - fromStarting;
      pods.ending = surplus;
      this.pods.set(one.metadata.name, pods);
      const status = {
        observedGeneration: one.metadata.generation,
        replicas: pods.ready + pods.starting,
        readyReplicas: pods.ready,
        availableReplicas: pods.ready,
      };
      const same = JSON.stringify(status) === JSON.stringify(one.status) && surplus === 0;
      return same ? one : { ...one, status, metadata: { ...one.metadata, ...this.next(one.metadata.generation) } };
    });
  }

  private api(): KubeApi {
    const refuse = (): never => {
      throw new Error("not served here");
    };
    const patch = (path: string, body: Json): unknown => {
      this.log.push(`patch ${path} ${JSON.stringify(body)}`);
      const name = /replicationcontrollers\/(.*)$/.exec(path)?.[1];
      const before = name === undefined ? this.config : this.controllers.find(({ metadata }) => metadata.name === name);
      const { resourceVersion } = body.metadata as { resourceVersion?: string };
      if (before === undefined) throw new KubeError(404, "not found");
      if (resourceVersion !== before.metadata.resourceVersion) throw new KubeError(409, "the object has been modified");
      const after = merged(before, body) as KubeObject;
      if (JSON.stringify(after) === JSON.stringify(before)) return before;
      const generation = before.metadata.generation + (body.spec === undefined ? 0 : 1);
      const kept = { ...after, metadata: { ...after.metadata, ...this.next(generation) } };
      if (name === undefined) this.config = kept as DeploymentConfig;
      else {
        this.controllers = this.controllers.map((one) => (one === before ? (kept as ReplicationController) : one));
      }
      return kept;
    };
    const post = (path: string, body: ReplicationController): unknown => {
      this.log.push(`post ${path} ${body.metadata.name}`);
      const { name } = body.metadata;
      if (this.controllers.some(({ metadata }) => metadata.name === name))
        throw new KubeError(409, `"${name}" already exists`);
      const given = { uid: name, creationTimestamp: this.now.toISOString(), ...this.next(1) };
      this.controllers = [...this.controllers, { ...body, metadata: { ...body.metadata, ...given } }];
      return body;
    };
    const remove = (path: string): void => {
      this.log.push(`delete ${path}`);
      this.next(1);
      this.controllers = this.controllers.filter(({ metadata }) => !path.includes(`/${metadata.name}?`));
    };
    return {
      ...{ get: refuse, list: refuse, apply: refuse, text: refuse, watch: refuse },
      find: <T>(path: string) =>
        Promise.resolve(this.controllers.find(({ metadata }) => path.endsWith(`/${metadata.name}`)) as T | undefined),
      patch: <T>(path: string, body: unknown) => Promise.resolve().then(() => patch(path, body as Json) as T),
      post: <T>(path: string, body: unknown) =>
        Promise.resolve().then(() => post(path, body as ReplicationController) as T),
      delete: (path) => {
        remove(path);
        return Promise.resolve();
      },
    };
  }
}
