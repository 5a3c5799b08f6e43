import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { keyValueConf } from "../../../components/packit/keyValue.ts";
import { cachePairs, expectedWorkloads, streamedImages } from "../../../components/packit/inventory.ts";
import { manifestViolations } from "../../../policy/violations.ts";
import { Secret } from "../../../review/evaluate/secret.ts";
import type { Built } from "../kubernetes/fixture.ts";
import { buildPackit, development, everything, type Given, production, settings, streamProduction } from "./fixture.ts";

type Fields = Readonly<Record<string, unknown>>;
type Container = Fields & { readonly name: string; readonly image: string };
interface Pod extends Fields {
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly volumes?: readonly (Fields & { readonly name: string })[];
}

/** The pod of a workload. */
function pod(seen: Built, title: string): Pod {
  const spec = seen.object(title).spec as {
    template?: { spec: Pod };
    jobTemplate?: { spec: { template: { spec: Pod } } };
  };
  const found = spec.template ?? spec.jobTemplate?.spec.template;
  if (found === undefined) throw new Error(`${title} has no pod`);
  return found.spec;
}

/** Variable -> value, or `secret/key`. */
function env({ env: variables }: Fields): Record<string, string> {
  type Variable = { name: string; value?: string; valueFrom?: { secretKeyRef: { name: string; key: string } } };
  return Object.fromEntries(
    ((variables ?? []) as readonly Variable[]).map(({ name, value, valueFrom }) => [
      name,
      value ?? `${valueFrom?.secretKeyRef.name ?? ""}/${valueFrom?.secretKeyRef.key ?? ""}`,
    ]),
  );
}

/** Path -> volume's name. */
function mounts({ volumeMounts }: Fields): Record<string, string> {
  return Object.fromEntries(
    (volumeMounts as readonly { name: string; mountPath: string }[]).map(({ name, mountPath }) => [mountPath, name]),
  );
}

const names = (seen: Built, kind: string): readonly string[] =>
  seen.manifests
    .filter((one) => one.kind === kind)
    .map(({ name }) => name)
    .toSorted();

/** The first container of a workload. */
function main(seen: Built, title: string): Container {
  const [container] = pod(seen, title).containers;
  assert.ok(container);
  return container;
}

const common = ["packit-config", "packit-secrets", "packit-sentry", "packit-ssh", "postgres-secret"];

describe("Packit's program", () => {
  it("production's objects have their established names", async () => {
    const seen = await buildPackit(production);
    assert.deepEqual(names(seen, "Deployment"), [
      ...["nginx", "packit-dashboard", "packit-service", "packit-service-beat", "packit-service-fedmsg"],
      ...["postgres-12", "pushgateway", "redis", "tokman"],
    ]);
    const workers = ["packit-worker", "packit-worker-long-running", "packit-worker-short-running"];
    assert.deepEqual(names(seen, "StatefulSet"), workers);
    assert.deepEqual(names(seen, "Service"), [
      ...["nginx", "packit-dashboard", "packit-service", ...workers, "postgres", "pushgateway", "redis", "tokman"],
    ]);
    assert.deepEqual(names(seen, "ImageStream"), [
      ...["packit-dashboard", "packit-service", "packit-service-fedmsg", "packit-worker", "tokman"],
    ]);
    assert.deepEqual(names(seen, "PersistentVolumeClaim"), [
      ...["access-tokens-pvc", "postgres-12", "redis-pvc"],
      ...["sandcastle-repository-cache-packit-worker-0", "sandcastle-repository-cache-packit-worker-long-running-0"],
    ]);
    assert.deepEqual(names(seen, "Secret"), ["github-app-private-key", ...common]);
    assert.deepEqual(names(seen, "Namespace"), ["packit-prod", "packit-prod-sandbox"]);
    assert.deepEqual(names(seen, "CronJob"), ["delete-pvcs", "import-images"]);
  });

  it("development and Stream have all their objects", async () => {
    const dev = await buildPackit(development);
    assert.deepEqual(names(dev, "Deployment"), ["packit-service", "postgres-12", "redis", "tokman"]);
    assert.deepEqual(names(dev, "StatefulSet"), ["packit-worker"]);
    assert.deepEqual(names(dev, "Namespace"), ["myproject", "packit-dev-sandbox"]);
    assert.deepEqual(names(dev, "Secret"), [...common, "github-app-private-key"].toSorted());
    const stream = await buildPackit(streamProduction, "stream");
    assert.deepEqual(names(stream, "Deployment"), ["packit-service", "postgres-12", "redis"]);
    assert.deepEqual(names(stream, "Namespace"), ["stream-prod"]);
    assert.deepEqual(names(stream, "PersistentVolumeClaim"), ["postgres-12", "redis-pvc"]);
    assert.deepEqual(names(stream, "Secret"), common);
  });

  it("the program runs what the commands expect, whatever is enabled", async () => {
    for (const given of [production, development, everything]) {
      const seen = await buildPackit(given);
      const expected = expectedWorkloads(settings(given));
      for (const kind of ["Deployment", "StatefulSet"] as const) {
        const wanted = expected.filter((one) => one.kind === kind).map(({ name }) => name);
        assert.deepEqual(names(seen, kind), wanted.toSorted());
      }
      for (const { kind, name, replicas } of expected) {
        assert.equal((seen.object(`${kind} ${name}`).spec as Fields).replicas, replicas, name);
      }
    }
  });

  it("beat's pid file goes with its container: no volume keeps it for the next one, whose process has the same pid", async () => {
    const { template } = (await buildPackit(production)).object("Deployment packit-service-beat").spec as {
      template: { spec: { containers: readonly { volumeMounts: readonly { mountPath: string }[] }[] } };
    };
    const mounts = template.spec.containers.flatMap(({ volumeMounts }) => volumeMounts.map((one) => one.mountPath));
    assert.deepEqual(
      mounts.filter((at) => at.startsWith("/tmp")),
      [],
    );
  });

  it("a disabled component is left out with everything that belongs to it", async () => {
    const whole = await buildPackit({ ...everything, databaseBackups: false });
    const parts = { tokman: "tokman", fedmsg: "packit-service-fedmsg", centosmsg: "packit-service-centosmsg" };
    const more = { beat: "packit-service-beat", dashboard: "packit-dashboard", pushgateway: "pushgateway" };
    const off = { dashboard: { dashboard: undefined }, pushgateway: { metrics: undefined } };
    for (const [part, name] of Object.entries({ ...parts, ...more })) {
      const hosts = { ...production.hosts, ...(part in off ? off[part as keyof typeof off] : {}) };
      const given = {
        ...everything,
        databaseBackups: false,
        hosts,
        parts: { ...everything.parts, [part]: false },
      };
      const seen = await buildPackit(given);
      const gone = whole.manifests.length - seen.manifests.length;
      assert.ok(gone >= 3 && !names(seen, "Deployment").includes(name), `${part} leaves ${gone} objects less`);
      assert.deepEqual(manifestViolations(seen.manifests, { openshift: true }), []);
    }
  });

  it("Packit has no policy violations on either platform, with every component", async () => {
    for (const given of [everything, development]) {
      assert.deepEqual(manifestViolations((await buildPackit(given)).manifests, { openshift: true }), []);
      assert.deepEqual(manifestViolations((await buildPackit(given, "packit", {}, "kubernetes")).manifests), []);
    }
    const stream = await buildPackit(streamProduction, "stream");
    assert.deepEqual(manifestViolations(stream.manifests, { openshift: true }), []);
  });

  it("workers have their queues, variables, volumes and limits", async () => {
    const seen = await buildPackit(production);
    const database = {
      POSTGRESQL_USER: "postgres-secret/database-user",
      POSTGRESQL_PASSWORD: "postgres-secret/database-password",
      POSTGRESQL_HOST: "postgres-secret/database-host",
      POSTGRESQL_DATABASE: "postgres-secret/database-name",
    };
    const expected = {
      "packit-worker": ["short-running,long-running,rate-limited", "400m", "1024Mi", true],
      "packit-worker-short-running": ["short-running", "2", "2048Mi", false],
      "packit-worker-long-running": ["long-running,rate-limited", "2", "2048Mi", true],
    } as const;
    for (const [name, [queues, cpu, memory, cached]] of Object.entries(expected)) {
      const container = main(seen, `StatefulSet ${name}`);
      assert.equal(container.name, "packit-worker-1");
      assert.deepEqual(container.command, ["/usr/bin/run_worker.sh"]);
      assert.deepEqual(env(container), {
        PROJECT: "packit-prod",
        DEPLOYMENT: "prod",
        LOGLEVEL: "INFO",
        DISTGIT_URL: "https://src.fedoraproject.org/",
        DISTGIT_NAMESPACE: "rpms",
        APP: "packit_service.worker.tasks",
        REDIS_SERVICE_HOST: "redis",
        SENTRY_SECRET: "packit-sentry/sentry",
        ...database,
        CELERY_RETRY_LIMIT: "2",
        CELERY_RETRY_BACKOFF: "3",
        QUEUES: queues,
        ...(queues === "short-running" ? { CONCURRENCY: "16" } : {}),
        PUSHGATEWAY_ADDRESS: "http://pushgateway",
        KRB5CCNAME: "DIR:/home/packit/kerberos/",
        DISABLE_OPENSCANHUB: "true",
      });
      assert.deepEqual((container.resources as Fields).limits, { cpu, memory });
      assert.deepEqual(mounts(container), {
        "/packit-ssh": "packit-ssh",
        "/secrets": "packit-secrets",
        "/home/packit/.config": "packit-config",
        "/gh-secrets": "github-app-private-key",
        "/tmp/sandcastle": "packit-worker-vol",
        ...(cached ? { "/repository-cache": "packit-worker-repository-cache" } : {}),
        "/tmp": "packit-worker-1-tmp",
      });
      const spec = seen.object(`StatefulSet ${name}`).spec as Fields & { volumeClaimTemplates: readonly Fields[] };
      const sizes = spec.volumeClaimTemplates.map(({ metadata, spec: claim }) => [
        (metadata as Fields).name,
        ((claim as Fields).resources as { requests: Fields }).requests.storage,
      ]);
      assert.deepEqual(sizes, [
        ["packit-worker-vol", "3Gi"],
        ...(cached ? [["packit-worker-repository-cache", "10Gi"]] : []),
      ]);
      assert.deepEqual([spec.serviceName, spec.updateStrategy], [name, { type: "RollingUpdate" }]);
      assert.equal((seen.object(`Service ${name}`).spec as Fields).clusterIP, "None");
      assert.equal(pod(seen, `StatefulSet ${name}`).terminationGracePeriodSeconds, 10);
    }
    const stream = main(await buildPackit(streamProduction, "stream"), "StatefulSet packit-worker");
    const { APP, DISTGIT_URL, DISTGIT_NAMESPACE, PROJECT, PUSHGATEWAY_ADDRESS, KRB5CCNAME } = env(stream);
    assert.deepEqual(
      [APP, DISTGIT_URL, DISTGIT_NAMESPACE, PROJECT, PUSHGATEWAY_ADDRESS, KRB5CCNAME],
      ["hardly.tasks", "https://gitlab.com/", "redhat/centos-stream/rpms", "stream-prod", "", undefined],
    );
    assert.deepEqual(Object.keys(mounts(stream)), [
      ...["/packit-ssh", "/home/packit/.config", "/tmp/sandcastle", "/tmp"],
    ]);
  });

  it("the database is migrated separately from the server, with its own memory", async () => {
    const seen = await buildPackit(production);
    const { containers, initContainers } = pod(seen, "Deployment packit-service");
    const [migrations] = initContainers ?? [];
    const [server] = containers;
    assert.ok(migrations !== undefined && server !== undefined);
    assert.match(JSON.stringify(migrations.command), /alembic upgrade head|upgrade head/);
    const stores = Object.entries(env(server)).filter(([name]) => /^(POSTGRESQL|REDIS)_/.test(name));
    assert.deepEqual(env(migrations), Object.fromEntries(stores));
    assert.deepEqual(Object.keys(mounts(migrations)), ["/tmp"]);
    assert.deepEqual(Object.keys(mounts(server)), ["/secrets", "/home/packit/.config", "/gh-secrets", "/tmp"]);
    assert.equal(env(server).PROJECT, "packit-prod");
    assert.deepEqual((migrations.resources as Fields).limits, { cpu: "500m", memory: "512Mi" });
    assert.deepEqual((server.resources as Fields).limits, { cpu: "200m", memory: "512Mi" });
    assert.deepEqual((server.resources as Fields).requests, { cpu: "50m", memory: "320Mi" });
    assert.deepEqual(server.command, ["/usr/bin/run_httpd.sh"]);
    assert.equal(migrations.image, server.image);
  });

  it("each worker for long tasks has a pair of cache volumes, and the quota holds them", async () => {
    const given: Given = { ...production, workers: { allTasks: 0, shortRunning: 3, longRunning: 2 } };
    const seen = await buildPackit(given);
    const pods = ["packit-worker-long-running-0", "packit-worker-long-running-1"];
    assert.deepEqual(
      cachePairs(settings(given)),
      pods.map((one) => ({
        pod: one,
        workerClaim: `packit-worker-repository-cache-${one}`,
        sandboxClaim: `sandcastle-repository-cache-${one}`,
      })),
    );
    const claims = names(seen, "PersistentVolumeClaim").filter((name) => name.startsWith("sandcastle"));
    assert.deepEqual(
      claims,
      pods.map((one) => `sandcastle-repository-cache-${one}`),
    );
    assert.deepEqual((seen.object("ResourceQuota sandbox").spec as Fields).hard, {
      pods: "11",
      "limits.cpu": "11",
      "limits.memory": "8448Mi",
      persistentvolumeclaims: "52",
      "requests.storage": "170Gi",
    });
    const without = await buildPackit({ ...given, repositoryCache: { enabled: false } });
    assert.deepEqual(
      names(without, "PersistentVolumeClaim").filter((name) => name.startsWith("sandcastle")),
      [],
    );
  });

  it("workers have the permissions that sandcastle requires in the sandbox, and none in their own namespace", async () => {
    const seen = await buildPackit(production);
    assert.deepEqual(seen.object("Role packit-worker").rules, [
      { apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "create", "delete"] },
      { apiGroups: [""], resources: ["pods/exec"], verbs: ["get", "create"] },
      { apiGroups: [""], resources: ["pods/log"], verbs: ["get"] },
      { apiGroups: [""], resources: ["persistentvolumeclaims"], verbs: ["get", "list", "create", "delete"] },
    ]);
    const { metadata, subjects } = seen.object("RoleBinding packit-worker");
    assert.equal((metadata as Fields).namespace, "packit-prod-sandbox");
    assert.deepEqual(subjects, [{ kind: "ServiceAccount", name: "packit-worker", namespace: "packit-prod" }]);
    const edit = await buildPackit({ ...production, sandbox: { role: "edit" } });
    assert.deepEqual(edit.object("RoleBinding edit").roleRef, {
      apiGroup: "rbac.authorization.k8s.io",
      kind: "ClusterRole",
      name: "edit",
    });
    // Only pods that call the API server have a token.
    const tokens = seen.manifests
      .filter(({ kind }) => ["Deployment", "StatefulSet", "CronJob"].includes(kind))
      .filter(({ kind, name }) => pod(seen, `${kind} ${name}`).automountServiceAccountToken === true);
    assert.deepEqual(tokens.map(({ name }) => name).toSorted(), [
      ...["delete-pvcs", "import-images", "packit-worker", "packit-worker-long-running", "packit-worker-short-running"],
    ]);
  });

  it("commands of strangers can reach the Internet, but nothing in the cluster", async () => {
    const seen = await buildPackit(production);
    const denied = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10"];
    assert.deepEqual(seen.object("NetworkPolicy sandbox").spec, {
      podSelector: {},
      policyTypes: ["Ingress", "Egress"],
      ingress: [],
      egress: [{ to: [{ ipBlock: { cidr: "0.0.0.0/0", except: denied } }], ports: [] }],
    });
  });

  it("only components that use the databases can reach them", async () => {
    const seen = await buildPackit({ ...everything, postgres: {} });
    const callers = (name: string): readonly string[] => {
      const { ingress } = seen.object(`NetworkPolicy ${name}`).spec as { ingress: { from: Fields[] }[] };
      return ingress.map(({ from: [peer] }) => JSON.stringify(peer?.podSelector));
    };
    const pods = (...found: string[]): string[] => found.map((name) => JSON.stringify({ matchLabels: { name } }));
    const workers = ["packit-worker", "packit-worker-short-running", "packit-worker-long-running"];
    const writers = ["packit-service", ...workers, "packit-service-beat"];
    assert.deepEqual(callers("postgres-12"), pods(...writers, "database-backup"));
    assert.deepEqual(
      callers("redis"),
      pods(...writers, "packit-service-fedmsg", "packit-service-centosmsg", "redis-commander", "flower"),
    );
    assert.deepEqual(callers("pushgateway"), pods("nginx", ...workers));
    assert.deepEqual(callers("tokman"), pods("packit-service", ...workers));
  });

  it("images come through ImageStreams on OpenShift and from registries elsewhere; pinned ones come by digest", async () => {
    const registry = "image-registry.openshift-image-registry.svc:5000/packit-prod";
    const digest = `sha256:${"a".repeat(64)}`;
    const image = async (given: Given, platform = "openshift"): Promise<unknown[]> => {
      const container = main(await buildPackit(given, "packit", {}, platform), "StatefulSet packit-worker");
      return [container.image, container.imagePullPolicy];
    };
    const from = async (given: Given): Promise<unknown> => {
      const { spec } = (await buildPackit(given)).object("ImageStream packit-worker") as { spec: { tags: Fields[] } };
      return spec.tags[0];
    };
    const pinned: Given = { ...production, images: { worker: { digest } } };
    assert.deepEqual(await image(production), [`${registry}/packit-worker:prod`, "Always"]);
    assert.deepEqual(await image(pinned), [`${registry}/packit-worker@${digest}`, "IfNotPresent"]);
    assert.deepEqual(await image(production, "kubernetes"), ["quay.io/packit/packit-worker:prod", "Always"]);
    assert.deepEqual(await image(pinned, "kubernetes"), [`quay.io/packit/packit-worker@${digest}`, "IfNotPresent"]);
    const tag = { name: "prod", importPolicy: { scheduled: false }, referencePolicy: { type: "Local" } };
    const source = "quay.io/packit/packit-worker";
    assert.deepEqual(await from(production), { ...tag, from: { kind: "DockerImage", name: `${source}:prod` } });
    assert.deepEqual(await from(pinned), { ...tag, from: { kind: "DockerImage", name: `${source}@${digest}` } });
    const stream = await buildPackit(streamProduction, "stream");
    const { tags } = stream.object("ImageStream packit-worker").spec as { tags: Fields[] };
    assert.deepEqual(tags[0]?.from, { kind: "DockerImage", name: "quay.io/packit/hardly:prod" });
  });

  it("the import job imports every stream on schedule, has no other permissions, and restarts what runs on each", async () => {
    const seen = await buildPackit(production);
    const { schedule, timeZone } = seen.object("CronJob import-images").spec as Fields;
    assert.deepEqual([schedule, timeZone], ["0 2 * * 2", "Etc/UTC"]);
    const [container] = pod(seen, "CronJob import-images").containers;
    const script = (container?.command as string[])[2] ?? "";
    const follows = script.split("\n").filter((line) => line.startsWith("follow "));
    assert.deepEqual(follows.map((line) => line.split(" ")[1]).toSorted(), names(seen, "ImageStream"));
    const workers = ["packit-worker", "packit-worker-short-running", "packit-worker-long-running"];
    const users = [...workers.map((name) => `statefulset/${name}`), "deployment/packit-service-beat"];
    assert.ok(follows.includes(`follow packit-worker ${users.join(" ")}`), script);
    const rules = seen.object("Role importimager").rules as readonly Record<string, string[]>[];
    assert.deepEqual(
      rules.map(({ resources, verbs, resourceNames }) => [resources?.[0], verbs, resourceNames?.length ?? 0]),
      [
        ["imagestreams", ["get", "update"], streamedImages(settings()).length],
        ["imagestreamimports", ["create"], 0],
        ["deployments", ["get", "patch"], 5],
        ["statefulsets", ["get", "patch"], 3],
      ],
    );
    assert.deepEqual(names(await buildPackit(production, "packit", {}, "kubernetes"), "ImageStream"), []);
    assert.ok(!names(await buildPackit(production, "packit", {}, "kubernetes"), "CronJob").includes("import-images"));
  });

  it("three hosts are published, with TLS that ends in the pods", async () => {
    const seen = await buildPackit(production);
    const routes = seen.manifests.filter(({ kind }) => kind === "Route");
    const shapes = routes.map(({ name, body }) => {
      const { host, port, tls } = body.spec as Record<string, Fields>;
      return [name, host, port?.targetPort, tls?.termination, tls?.insecureEdgeTerminationPolicy];
    });
    assert.deepEqual(shapes.toSorted(), [
      ["nginx", "workers.packit.dev", "nginx-https", "passthrough", "Redirect"],
      ["packit-dashboard", "dashboard.packit.dev", "packit-dashboard-https", "passthrough", "Redirect"],
      ["packit-service", "prod.packit.dev", "prod-packit", "passthrough", "Redirect"],
    ]);
    const { spec } = (await buildPackit(development)).object("Route packit-service") as { spec: Fields };
    assert.ok(!("host" in spec), "in development the router names it");
    const consoles = await buildPackit({ ...production, parts: { flower: true, redisCommander: true } });
    for (const [name, port] of [
      ["flower", "5555"],
      ["redis-commander", "8081"],
    ] as const) {
      const route = consoles.object(`Route ${name}`).spec as Record<string, unknown>;
      assert.deepEqual(route.tls, { termination: "edge", insecureEdgeTerminationPolicy: "None" });
      assert.deepEqual([route.port, "host" in route], [{ targetPort: port }, false]);
    }
  });

  it("Service postgres can point to another version, and both volumes are kept meanwhile", async () => {
    const selector = async (given: Given): Promise<unknown> =>
      ((await buildPackit(given)).object("Service postgres").spec as Fields).selector;
    const before: Given = { ...production, postgres: { version: "13", beside: ["16"] } };
    const after: Given = { ...production, postgres: { version: "16", beside: ["13"] } };
    assert.deepEqual(await selector(before), { service: "postgres-13" });
    assert.deepEqual(await selector(after), { service: "postgres-16" });
    const own = (seen: Built): unknown[] =>
      seen.resources
        .filter(({ name, type }) => /postgres-1/.test(name) && /Claim|Deployment/.test(type))
        .map(({ urn }) => urn);
    assert.deepEqual(own(await buildPackit(before)).toSorted(), own(await buildPackit(after)).toSorted());
  });

  it("everything with data is protected unless the stack is disposable", async () => {
    const protectedOnes = (seen: Built): readonly string[] =>
      seen.resources
        .filter(({ options }) => options.protect === true)
        .map(({ inputs }) => {
          const { kind, metadata } = inputs as { kind: string; metadata: { name: string } };
          return `${kind} ${metadata.name}`;
        });
    const seen = await buildPackit({ ...production, retainOnDelete: true });
    const kept = [...names(seen, "PersistentVolumeClaim").map((name) => `PersistentVolumeClaim ${name}`)];
    const sets = names(seen, "StatefulSet").map((name) => `StatefulSet ${name}`);
    assert.deepEqual(
      protectedOnes(seen).toSorted(),
      [...kept, ...sets, "Namespace packit-prod", "Namespace packit-prod-sandbox"].toSorted(),
    );
    assert.deepEqual(protectedOnes(await buildPackit(development)), []);
  });

  it("the memory of Redis, Redict and Valkey is bounded by their pods' limits", async () => {
    for (const [kind, memory, mib] of [
      ["redis", "80Mi", 40],
      ["redict", "256Mi", 208],
      ["valkey", "4Gi", 3584],
    ] as const) {
      const given: Given = { ...production, keyValue: { kind, memory } };
      const seen = await buildPackit(given);
      const { data } = seen.object("ConfigMap redis-like-config") as { data: Record<string, string> };
      assert.equal(data["redis.conf"], keyValueConf(settings(given).keyValue));
      assert.match(data["redis.conf"] ?? "", new RegExp(`^maxmemory ${mib}mb$`, "m"));
      const container = main(seen, `Deployment ${kind}`);
      assert.deepEqual((container.resources as Fields).limits, { cpu: "100m", memory });
      assert.equal((container.args as string[]).at(-1), "/etc/redislike/redis.conf");
      assert.equal(env(main(seen, "Deployment packit-service")).REDIS_SERVICE_HOST, kind);
    }
  });

  it("production listens to CentOS' message bus and other deployments to the staging bus", async () => {
    const broker = async (given: Given): Promise<unknown[]> => {
      const { MQTT_HOST, MQTT_TOPICS, SENTRY_SECRET } = env(
        main(await buildPackit(given), "Deployment packit-service-centosmsg"),
      );
      assert.equal(SENTRY_SECRET, undefined);
      return [MQTT_HOST, MQTT_TOPICS];
    };
    assert.deepEqual(await broker(everything), ["mqtt.git.centos.org", "git.centos.org/#"]);
    const hosts = { ...production.hosts, dashboard: "dashboard.stg.packit.dev" };
    const staging: Given = { ...everything, deployment: "stg", namespace: { name: "packit-stg" }, hosts };
    assert.deepEqual(await broker(staging), ["mqtt.stg.centos.org", "git.stg.centos.org/#"]);
  });

  it("validation runs every night from another project", async () => {
    const validation = { cluster: "lab", namespace: { name: "packit-service-validation" } };
    const seen = await buildPackit({ ...production, validation });
    const { schedule, jobTemplate } = seen.object("CronJob run-validation").spec as Fields & {
      jobTemplate: { spec: Fields };
    };
    assert.deepEqual([schedule, jobTemplate.spec.activeDeadlineSeconds], ["0 4 * * *", 14_400]);
    const [container] = pod(seen, "CronJob run-validation").containers;
    assert.ok(container);
    assert.deepEqual(env(container), {
      DEPLOYMENT: "production",
      GITHUB_TOKEN: "github-token/token",
      SENTRY_SECRET: "packit-sentry/sentry",
    });
    assert.deepEqual(Object.keys(mounts(container)), ["/tmp"]);
  });

  it("every secret file is stored byte by byte under the keys that its consumers read", async () => {
    const keytab = Buffer.from([5, 2, 0, 255, 10, 10]).toString("base64");
    const copr = "[copr-cli]\nlogin = a\nusername = b\ntoken = c\ncopr_url = d\n\n \n";
    const seen = await buildPackit(production, "packit", { fedoraKeytab: keytab, copr });
    const secretNamed = (name: string): { stringData: Record<string, unknown>; data?: Record<string, unknown> } => {
      const { inputs } = seen.one(`packit-secrets-${name}-secret`);
      const open = (value: unknown): unknown =>
        value instanceof Secret
          ? open(value.value)
          : typeof value === "object" && value !== null
            ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, open(inner)]))
            : value;
      return open(inputs) as { stringData: Record<string, unknown> };
    };
    const ssh = secretNamed("packit-ssh").stringData;
    assert.deepEqual(Object.keys(ssh).toSorted(), ["config", "id_ed25519", "id_ed25519.pub", "id_rsa", "id_rsa.pub"]);
    assert.deepEqual([ssh.id_ed25519, ssh["id_ed25519.pub"]], [ssh.id_rsa, ssh["id_rsa.pub"]]);
    assert.deepEqual(Object.keys(secretNamed("packit-secrets").stringData).toSorted(), [
      "fullchain.pem",
      "privkey.pem",
    ]);
    assert.deepEqual(secretNamed("packit-secrets").data, { "fedora.keytab": keytab });
    assert.deepEqual(Object.keys(secretNamed("packit-config").stringData).toSorted(), [
      "copr",
      "fedora.toml",
      "packit-service.yaml",
    ]);
    assert.equal(secretNamed("packit-config").stringData.copr, copr);
    const { stringData } = secretNamed("postgres-secret");
    assert.deepEqual(
      [stringData["database-user"], stringData["database-host"], stringData["database-name"]],
      ["packit", "postgres", "packit"],
    );
  });
});
