import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { anywhere, anywhereOnAnyPort, anywhereUdp, apiServer, pods } from "../../../blocks/kubernetes/networkPolicy.ts";
import { existingNamespace } from "../../../blocks/kubernetes/metadata.ts";
import { exec, http } from "../../../blocks/kubernetes/probe.ts";
import { existingSecretEnv } from "../../../blocks/kubernetes/secret.ts";
import { claimTemplate, volume } from "../../../blocks/kubernetes/volume.ts";
import { Secret } from "../../../review/evaluate/secret.ts";
import { type Built, build } from "./fixture.ts";

const managed = { "app.kubernetes.io/managed-by": "orrery" };
const metadata = { name: "one", namespace: "apps", labels: { app: "one", ...managed } };
const object = { name: "one", labels: { app: "one" } };

describe("Kubernetes building blocks", () => {
  it("Namespace enforces the restricted standard and denies all traffic but DNS", async () => {
    const seen = await build("openshift", async (cluster, opts) => {
      const { Namespace } = await import("../../../blocks/kubernetes/namespace.ts");
      new Namespace("ns", { cluster, name: "apps", retention: { protect: true } }, opts);
    });
    assert.deepEqual(seen.object("Namespace apps").metadata, {
      name: "apps",
      labels: {
        ...managed,
        "pod-security.kubernetes.io/enforce": "restricted",
        "pod-security.kubernetes.io/warn": "restricted",
      },
    });
    assert.equal(seen.one("ns-namespace").options.protect, true);
    assert.deepEqual(seen.object("NetworkPolicy default-deny").spec, {
      podSelector: {},
      policyTypes: ["Ingress", "Egress"],
      ingress: [],
      egress: [
        {
          to: [{ namespaceSelector: {} }],
          ports: [
            { port: 53, protocol: "UDP" },
            { port: 53, protocol: "TCP" },
            { port: 5353, protocol: "UDP" },
            { port: 5353, protocol: "TCP" },
          ],
        },
      ],
    });
  });

  it("a building block registers nothing of its own, and depending on it waits for everything that it creates", async () => {
    const seen = await build("openshift", async (cluster, opts) => {
      const { Deployment } = await import("../../../blocks/kubernetes/deployment.ts");
      const { Job } = await import("../../../blocks/kubernetes/job.ts");
      const namespace = existingNamespace(cluster, "apps");
      const container = { name: "c", image: "c:1", resources: { cpu: "1", memory: "1Gi" } };
      const serving = { ...container, probes: { none: "a test" } };
      const web = new Deployment("web", { namespace, ...object, containers: [serving], replicas: 2 }, opts);
      new Job(
        "job",
        { namespace, ...object, containers: [container], deadlineSeconds: 60 },
        { ...opts, dependsOn: [...web.resources] },
      );
    });
    const names = ["web-user-account", "web-deployment", "web-budget", "job-user-account", "job-job"];
    const made = seen.resources.filter(({ type }) => !type.startsWith("pulumi:"));
    assert.deepEqual(made.map(({ name, parent }) => [name, parent]).sort(), names.map((name) => [name, ""]).sort());
    const first = made.flatMap(({ name, urn }) => (name.startsWith("web") ? [urn] : []));
    for (const waiting of ["job-user-account", "job-job"]) {
      const { dependsOn = [] } = seen.one(waiting).options;
      assert.deepEqual(
        first.filter((urn) => !dependsOn.includes(urn)),
        [],
        waiting,
      );
    }
  });

  it("Secret hides its values and restarts the pods that read it", async () => {
    const values = { token: "t0p", "user-name": "sesheta" };
    const seen = await build("openshift", async (cluster, opts) => {
      const { ServiceSecret } = await import("../../../blocks/kubernetes/secret.ts");
      const { Job } = await import("../../../blocks/kubernetes/job.ts");
      const namespace = existingNamespace(cluster, "apps");
      const secret = new ServiceSecret("s", { namespace, ...object, type: "kubernetes.io/ssh-auth", values }, opts);
      const container = {
        name: "job",
        image: "example/job:1",
        resources: { cpu: "1", memory: "1Gi" },
        env: { TOKEN: secret.env("token") },
        envFrom: [secret.envFrom("GITHUB_")],
        mounts: { "/keys": secret.mount({ items: { token: "t.txt" }, mode: 0o400, volume: "keys" }) },
        scratch: [],
      };
      new Job("j", { namespace, name: "j", labels: { app: "j" }, deadlineSeconds: 60, containers: [container] }, opts);
    });
    const secret = seen.one("s-secret");
    assert.deepEqual(secret.inputs.metadata, metadata);
    assert.equal(secret.inputs.type, "kubernetes.io/ssh-auth");
    assert.deepEqual(secret.inputs.stringData, new Secret(values));
    const version = seen.one("s-version");
    assert.ok((version.inputs as { keepers: { values: unknown } }).keepers.values instanceof Secret);
    assert.equal(version.provider, "", "the cluster's provider knows no random number");
    const { template } = seen.object("Job j").spec as { template: { metadata: { annotations: object } } };
    assert.deepEqual(Object.keys(template.metadata.annotations), ["orrery/secret.one"]);
    assert.deepEqual(pick(template, "env", "envFrom", "volumes"), {
      env: [{ name: "TOKEN", valueFrom: { secretKeyRef: { name: "one", key: "token" } } }],
      envFrom: [{ secretRef: { name: "one" }, prefix: "GITHUB_" }],
      volumes: [
        { name: "keys", secret: { secretName: "one", defaultMode: 0o400, items: [{ key: "token", path: "t.txt" }] } },
      ],
    });
  });

  it("ConfigMap annotates pods with a checksum that changes only with its text", async () => {
    const stampOf = async (text: string): Promise<unknown> => {
      const seen = await build("openshift", async (cluster, opts) => {
        const { ConfigMap } = await import("../../../blocks/kubernetes/configMap.ts");
        const { Job } = await import("../../../blocks/kubernetes/job.ts");
        const namespace = existingNamespace(cluster, "apps");
        const files = new ConfigMap("f", { namespace, ...object, data: { "a.yaml": text } }, opts);
        const mounts = { "/etc/a": files.mount() };
        const containers = [{ name: "j", image: "j:1", resources: { cpu: "1", memory: "1Gi" }, mounts }] as const;
        new Job("j", { namespace, name: "j", labels: { app: "j" }, deadlineSeconds: 60, containers }, opts);
      });
      assert.deepEqual(seen.object("ConfigMap one").data, { "a.yaml": text });
      const { template } = seen.object("Job j").spec as { template: { metadata: { annotations: unknown } } };
      return template.metadata.annotations;
    };
    assert.deepEqual(await stampOf("x"), await stampOf("x"));
    assert.notDeepEqual(await stampOf("x"), await stampOf("y"));
  });

  it("a Service is published by a Route on OpenShift", async () => {
    const seen = await exposed("openshift");
    assert.deepEqual(seen.object("Service one").spec, {
      type: "ClusterIP",
      selector: { app: "one" },
      ports: [{ name: "web", port: 80, targetPort: 8080, protocol: "TCP" }],
    });
    assert.deepEqual(seen.object("Route one"), {
      apiVersion: "route.openshift.io/v1",
      kind: "Route",
      metadata: {
        ...metadata,
        annotations: {
          "haproxy.router.openshift.io/timeout": "180s",
          "haproxy.router.openshift.io/ip_allowlist": "",
          "haproxy.router.openshift.io/ip_whitelist": "",
        },
      },
      spec: {
        to: { kind: "Service", name: "one", weight: 100 },
        port: { targetPort: "web" },
        tls: { termination: "edge", insecureEdgeTerminationPolicy: "Redirect" },
        wildcardPolicy: "None",
      },
    });
  });

  it("a Service is published by an Ingress on plain Kubernetes, with the host that a router would choose", async () => {
    const seen = await exposed("kubernetes");
    const host = "one-apps.apps.lab.test";
    assert.deepEqual(seen.object("Ingress one"), {
      apiVersion: "networking.k8s.io/v1",
      kind: "Ingress",
      metadata: {
        ...metadata,
        annotations: {
          "nginx.ingress.kubernetes.io/proxy-read-timeout": "180",
          "nginx.ingress.kubernetes.io/proxy-send-timeout": "180",
          "nginx.ingress.kubernetes.io/ssl-redirect": "true",
        },
      },
      spec: {
        tls: [{ hosts: [host] }],
        rules: [
          {
            host,
            http: {
              paths: [{ path: "/", pathType: "Prefix", backend: { service: { name: "one", port: { number: 80 } } } }],
            },
          },
        ],
      },
    });
    assert.deepEqual(seen.exports, { host, url: `https://${host}` });
  });

  it("a Service whose target port the workload does not declare is refused", async () => {
    await assert.rejects(
      exposed("openshift", 9090),
      /\[ports\.web\] of Service "one": workload "one" declares no port 9090/,
    );
  });

  it("publishing or addressing a port that the Service does not have is refused before anything is registered", async () => {
    const seen = await build("openshift", async (cluster, opts) => {
      const { Service } = await import("../../../blocks/kubernetes/service.ts");
      const { PublicEndpoint } = await import("../../../blocks/kubernetes/publicEndpoint.ts");
      const namespace = existingNamespace(cluster, "apps");
      const of = { selector: { app: "one" } };
      const service = new Service(
        "s",
        { namespace, ...object, of, ports: { web: { port: 80 }, metrics: { port: 81 } } },
        opts,
      );
      assert.throws(() => service.url("admin"), /Service "one" has no port "admin"; it has web, metrics/);
      assert.throws(
        () => new PublicEndpoint("e", { namespace, name: "two", service, port: "admin" }, opts),
        /\[port\] of "two": Service "one" has no port "admin"/,
      );
    });
    assert.ok(!seen.resources.some(({ name }) => name.startsWith("e")));
  });

  it("StatefulSet retains its claims and has a headless Service", async () => {
    const seen = await build("openshift", async (cluster, opts) => {
      const { StatefulSet } = await import("../../../blocks/kubernetes/statefulSet.ts");
      const namespace = existingNamespace(cluster, "apps");
      const container = {
        name: "db",
        image: "db:1",
        resources: { cpu: "1", memory: "1Gi" },
        mounts: { "/dgraph": claimTemplate("datadir") },
        probes: { liveness: exec(["true"], { delay: 5 }) },
      };
      const claimTemplates = { datadir: { size: "5Gi", storageClass: "ceph" } };
      new StatefulSet("db", { namespace, ...object, claimTemplates, containers: [container] }, opts);
    });
    const spec = seen.object("StatefulSet one").spec as Readonly<Record<string, unknown>>;
    assert.equal(spec.serviceName, "one");
    assert.deepEqual(spec.persistentVolumeClaimRetentionPolicy, { whenDeleted: "Retain", whenScaled: "Retain" });
    assert.deepEqual(spec.volumeClaimTemplates, [
      {
        apiVersion: "v1",
        kind: "PersistentVolumeClaim",
        metadata: { name: "datadir" },
        spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "5Gi" } }, storageClassName: "ceph" },
      },
    ]);
    assert.deepEqual(pick(spec.template, "volumes"), { volumes: [{ name: "db-tmp", emptyDir: {} }] });
  });

  it("CronJob runs on a schedule in a time zone, with a deadline and without overlap", async () => {
    const seen = await build("openshift", async (cluster, opts) => {
      const { CronJob } = await import("../../../blocks/kubernetes/cronJob.ts");
      const namespace = existingNamespace(cluster, "apps");
      const containers = [{ name: "j", image: "j:1", resources: { cpu: "1", memory: "1Gi" } }] as const;
      const timing = { schedule: "@daily", deadlineSeconds: 1800, history: [2, 1] as const, suspend: true };
      new CronJob("c", { namespace, ...object, ...timing, containers }, opts);
    });
    const { jobTemplate, ...spec } = seen.object("CronJob one").spec as Record<string, unknown>;
    assert.deepEqual(spec, {
      schedule: "@daily",
      timeZone: "Etc/UTC",
      suspend: true,
      concurrencyPolicy: "Forbid",
      startingDeadlineSeconds: 600,
      successfulJobsHistoryLimit: 2,
      failedJobsHistoryLimit: 1,
    });
    assert.deepEqual(pick(jobTemplate, "activeDeadlineSeconds", "backoffLimit", "restartPolicy"), {
      activeDeadlineSeconds: 1800,
      backoffLimit: 0,
      restartPolicy: "Never",
    });
  });

  it("ServiceAccount can get permissions in another namespace, and a token that is secret", async () => {
    const seen = await build("openshift", async (cluster, opts) => {
      const { ServiceAccount } = await import("../../../blocks/kubernetes/serviceAccount.ts");
      const { RoleBinding } = await import("../../../blocks/kubernetes/roleBinding.ts");
      const [home, away] = ["infra", "apps"].map((name) => existingNamespace(cluster, name));
      assert.ok(home !== undefined && away !== undefined);
      const account = new ServiceAccount(
        "ops",
        { namespace: home, ...object, tokenSecret: "one-token", retention: { protect: true, retainOnDelete: true } },
        opts,
      );
      const rules = [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }];
      new RoleBinding("read", { namespace: away, name: "read", rules, subjects: [account, { group: "thoth" }] }, opts);
      new RoleBinding("admin", { namespace: home, name: "admin", clusterRole: "admin", subjects: [account] }, opts);
    });
    assert.deepEqual(seen.object("Secret one-token"), {
      apiVersion: "v1",
      kind: "Secret",
      metadata: {
        name: "one-token",
        namespace: "infra",
        labels: { app: "one", ...managed },
        annotations: { "kubernetes.io/service-account.name": "one" },
      },
      type: "kubernetes.io/service-account-token",
    });
    const { protect, retainOnDelete } = seen.one("ops-token").options;
    assert.deepEqual({ protect, retainOnDelete }, { protect: true, retainOnDelete: true });
    const binding = seen.object("RoleBinding read");
    assert.deepEqual(binding.roleRef, { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "read" });
    assert.deepEqual(binding.subjects, [
      { kind: "ServiceAccount", name: "one", namespace: "infra" },
      { kind: "Group", apiGroup: "rbac.authorization.k8s.io", name: "thoth" },
    ]);
    assert.deepEqual(seen.object("RoleBinding admin").roleRef, {
      apiGroup: "rbac.authorization.k8s.io",
      kind: "ClusterRole",
      name: "admin",
    });
  });

  it("ServiceAccount can get cluster-wide permissions, by its own rules or by an existing role", async () => {
    const seen = await build("kubernetes", async (cluster, opts) => {
      const { ServiceAccount } = await import("../../../blocks/kubernetes/serviceAccount.ts");
      const { ClusterRoleBinding } = await import("../../../blocks/kubernetes/roleBinding.ts");
      const namespace = existingNamespace(cluster, "apps");
      const account = new ServiceAccount("a", { namespace, ...object, mountsToken: true }, opts);
      const rules = [{ apiGroups: [""], resources: ["nodes"], verbs: ["get"] }];
      new ClusterRoleBinding("own", { name: "reader", rules, roleName: "node-reader", subjects: [account] }, opts);
      new ClusterRoleBinding(
        "view",
        { name: "viewer", clusterRole: "view", subjects: [{ account: "b", namespace: "c" }] },
        opts,
      );
    });
    const roleRef = (name: string): object => ({ apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name });
    assert.deepEqual(seen.object("ClusterRole node-reader").rules, [
      { apiGroups: [""], resources: ["nodes"], verbs: ["get"] },
    ]);
    assert.deepEqual(seen.object("ClusterRoleBinding reader").roleRef, roleRef("node-reader"));
    assert.deepEqual(seen.object("ClusterRoleBinding viewer").roleRef, roleRef("view"));
    assert.deepEqual(seen.object("ClusterRoleBinding viewer").subjects, [
      { kind: "ServiceAccount", name: "b", namespace: "c" },
    ]);
  });

  it("a namespace's quota comes with defaults for its containers", async () => {
    const seen = await build("openshift", async (cluster, opts) => {
      const { Quota } = await import("../../../blocks/kubernetes/quota.ts");
      const defaults = { requests: { cpu: "10m" }, limits: { memory: "64Mi" } };
      new Quota(
        "q",
        { namespace: existingNamespace(cluster, "apps"), ...object, hard: { pods: "10" }, defaults },
        opts,
      );
    });
    assert.deepEqual(seen.object("ResourceQuota one").spec, { hard: { pods: "10" } });
    assert.deepEqual(seen.object("LimitRange one").spec, {
      limits: [{ type: "Container", defaultRequest: { cpu: "10m" }, default: { memory: "64Mi" } }],
    });
  });

  it("a pod may read Secrets and ConfigMaps that others own, and call the API server", async () => {
    const seen = await build("openshift", async (cluster, opts) => {
      const { Job } = await import("../../../blocks/kubernetes/job.ts");
      const { NetworkPolicy } = await import("../../../blocks/kubernetes/networkPolicy.ts");
      const namespace = existingNamespace(cluster, "apps");
      const container = {
        name: "j",
        image: "j:1",
        resources: { cpu: "1", memory: "1Gi" },
        env: { A: existingSecretEnv("theirs", "key"), B: existingSecretEnv("theirs", "other", true) },
        mounts: {
          "/all": volume("all", { projected: { sources: [{ secret: { name: "theirs" } }] } }, { readOnly: true }),
        },
        scratch: [],
      };
      new Job("j", { namespace, ...object, deadlineSeconds: 60, containers: [container] }, opts);
      new NetworkPolicy("n", { namespace, ...object, pods: { app: "one" }, egress: [apiServer()] }, opts);
    });
    assert.deepEqual(pick(seen.object("Job one").spec, "env", "volumes", "volumeMounts"), {
      env: [
        { name: "A", valueFrom: { secretKeyRef: { name: "theirs", key: "key" } } },
        { name: "B", valueFrom: { secretKeyRef: { name: "theirs", key: "other", optional: true } } },
      ],
      volumes: [{ name: "all", projected: { sources: [{ secret: { name: "theirs" } }] } }],
      volumeMounts: [{ name: "all", mountPath: "/all", readOnly: true }],
    });
    assert.deepEqual(pick(seen.object("NetworkPolicy one").spec, "ports").ports, [
      { port: 443, protocol: "TCP" },
      { port: 6443, protocol: "TCP" },
    ]);
  });

  it("traffic without a port is refused, because Kubernetes would let all ports through", () => {
    for (const none of [() => anywhere(...[]), () => anywhereUdp(...[]), () => pods({ app: "web" }, [])]) {
      assert.throws(none, /names no port, which would open all of them/);
    }
    assert.deepEqual(anywhereOnAnyPort().ports, [{ protocol: "TCP" }]);
  });

  it("protects a claim unless its retention says otherwise", async () => {
    const keep = async (args: object): Promise<unknown> => {
      const seen = await build("openshift", async (cluster, opts) => {
        const { PersistentVolumeClaim } = await import("../../../blocks/kubernetes/persistentVolumeClaim.ts");
        new PersistentVolumeClaim(
          "c",
          { namespace: existingNamespace(cluster, "apps"), ...object, size: "5Gi", ...args },
          opts,
        );
      });
      const { protect, retainOnDelete } = seen.one("c-claim").options;
      return { protect, retainOnDelete };
    };
    assert.deepEqual(await keep({}), { protect: true, retainOnDelete: false });
    assert.deepEqual(await keep({ retention: { protect: false, retainOnDelete: true } }), {
      protect: false,
      retainOnDelete: true,
    });
  });

  it("ImageStream and BuildConfig are created on OpenShift only", async () => {
    const kinds = async (platform: "openshift" | "kubernetes"): Promise<readonly string[]> => {
      const seen = await build(platform, async (cluster, opts) => {
        const { ImageStream } = await import("../../../blocks/kubernetes/imageStream.ts");
        const { BuildConfig } = await import("../../../blocks/kubernetes/buildConfig.ts");
        const namespace = existingNamespace(cluster, "apps");
        new ImageStream("i", { namespace, ...object, tags: { latest: {} } }, opts);
        const git = { uri: "https://example.org/one", ref: "master" };
        const resources = { cpu: "1", memory: "1Gi" };
        new BuildConfig(
          "b",
          { namespace, ...object, git, strategy: { dockerfile: "Dockerfile" }, output: "one:latest", resources },
          opts,
        );
      });
      return seen.manifests.map(({ kind }) => kind).sort();
    };
    assert.deepEqual(await kinds("openshift"), ["BuildConfig", "ImageStream"]);
    assert.deepEqual(await kinds("kubernetes"), []);
  });
});

/** A Deployment `one` with Service and PublicEndpoint. */
function exposed(platform: "openshift" | "kubernetes", target = 8080): Promise<Built> {
  return build(platform, async (cluster, opts) => {
    const { Deployment } = await import("../../../blocks/kubernetes/deployment.ts");
    const { Service } = await import("../../../blocks/kubernetes/service.ts");
    const { PublicEndpoint } = await import("../../../blocks/kubernetes/publicEndpoint.ts");
    const namespace = existingNamespace(cluster, "apps");
    const container = {
      name: "web",
      image: "web:1",
      ports: { http: 8080 },
      resources: { cpu: "1", memory: "1Gi" },
      probes: { readiness: http("/", "http") },
    };
    const web = new Deployment("d", { namespace, ...object, containers: [container] }, opts);
    const service = new Service("s", { namespace, ...object, of: web, ports: { web: { port: 80, target } } }, opts);
    const tls = { termination: "edge", insecure: "Redirect" } as const;
    const { host, url } = new PublicEndpoint(
      "e",
      { namespace, ...object, service, port: "web", tls, timeoutSeconds: 180, allowFrom: [] },
      opts,
    );
    return { host, url };
  });
}

/** Members with these names at any depth of a value; each must occur once. */
function pick(value: unknown, ...names: readonly string[]): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  const walk = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return;
    for (const [key, member] of Object.entries(node)) {
      if (names.includes(key)) found[key] = member;
      else walk(member);
    }
  };
  walk(value);
  return found;
}
