import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { type Json, type Manifest, toManifest } from "../../../policy/manifest.ts";
import { manifestViolations } from "../../../policy/violations.ts";

const managed = { "app.kubernetes.io/managed-by": "orrery" };

/** A manifest in namespace `apps`. */
function manifest(apiVersion: string, kind: string, name: string, body: Json): Manifest {
  const metadata = { name, namespace: kind === "Namespace" ? undefined : "apps", labels: managed };
  const found = toManifest("kubernetes:x:y", { apiVersion, kind, metadata, ...body });
  assert.ok(found !== undefined);
  return found;
}

const container = {
  name: "web",
  image: "web:1",
  env: [{ name: "A", valueFrom: { secretKeyRef: { name: "s", key: "token" } } }],
  ports: [{ name: "http", containerPort: 8080 }],
  resources: { requests: { cpu: "1", memory: "1Gi" }, limits: { cpu: "1", memory: "1Gi" } },
  readinessProbe: {},
  securityContext: {
    runAsNonRoot: true,
    readOnlyRootFilesystem: true,
    allowPrivilegeEscalation: false,
    capabilities: { drop: ["ALL"] },
    seccompProfile: { type: "RuntimeDefault" },
  },
  volumeMounts: [{ name: "files", mountPath: "/etc/web" }],
};

const podSpec = {
  serviceAccountName: "web",
  automountServiceAccountToken: false,
  volumes: [{ name: "files", configMap: { name: "c", items: [{ key: "a.yaml", path: "a" }] } }],
};

/** A complete small service; `changed` alters its container, pod or Deployment. */
function service(changed: { container?: Json; pod?: Json; spec?: Json; metadata?: Json } = {}): Manifest[] {
  const spec = { ...podSpec, containers: [{ ...container, ...changed.container }], ...changed.pod };
  const template = { metadata: { labels: { app: "web" } }, spec };
  const deployment = manifest("apps/v1", "Deployment", "web", { spec: { replicas: 1, template, ...changed.spec } });
  const metadata = { ...(deployment.body.metadata as object), ...changed.metadata };
  return [
    { ...deployment, body: { ...deployment.body, metadata } },
    manifest("v1", "ServiceAccount", "web", {}),
    manifest("v1", "Secret", "s", { stringData: { token: "[secret]" } }),
    manifest("v1", "ConfigMap", "c", { data: { "a.yaml": "" } }),
    manifest("v1", "Service", "web", {
      spec: { selector: { app: "web" }, ports: [{ name: "http", targetPort: 8080 }] },
    }),
    manifest("route.openshift.io/v1", "Route", "web", {
      spec: { to: { kind: "Service", name: "web" }, port: { targetPort: "http" }, tls: { termination: "edge" } },
    }),
    manifest("networking.k8s.io/v1", "NetworkPolicy", "default", { spec: { podSelector: {} } }),
    manifest("rbac.authorization.k8s.io/v1", "RoleBinding", "web", {
      roleRef: { kind: "ClusterRole", name: "view" },
      subjects: [{ kind: "ServiceAccount", name: "web", namespace: "apps" }],
    }),
  ];
}

/** Violations, by the names of the rules. */
const rulesBroken = (manifests: readonly Manifest[]): readonly string[] =>
  manifestViolations(manifests, { openshift: true }).map((fault) => /\[(.*)\]$/.exec(fault)?.[1] ?? "");

describe("the policies", () => {
  it("a good service has no violations", () => {
    assert.deepEqual(manifestViolations(service(), { openshift: true }), []);
  });

  const changes: Readonly<Record<string, Parameters<typeof service>[0]>> = {
    "run-as-non-root": { container: { securityContext: { ...container.securityContext, runAsNonRoot: false } } },
    "read-only-root": {
      container: { securityContext: { ...container.securityContext, readOnlyRootFilesystem: false } },
    },
    "no-privilege-escalation": {
      container: { securityContext: { ...container.securityContext, allowPrivilegeEscalation: true } },
    },
    "not-privileged": { container: { securityContext: { ...container.securityContext, privileged: true } } },
    "drop-capabilities": { container: { securityContext: { ...container.securityContext, capabilities: {} } } },
    "add-no-capabilities": {
      container: { securityContext: { ...container.securityContext, capabilities: { drop: ["ALL"], add: ["X"] } } },
    },
    seccomp: { container: { securityContext: { ...container.securityContext, seccompProfile: {} } } },
    requests: { container: { resources: { ...container.resources, requests: { cpu: "1" } } } },
    "memory-limit": { container: { resources: { ...container.resources, limits: { cpu: "1" } } } },
    "cpu-limit": { container: { resources: { ...container.resources, limits: { memory: "1Gi" } } } },
    "pinned-image": { container: { image: "web:latest" } },
    probes: { container: { readinessProbe: undefined } },
    "no-secret-in-clear": { container: { env: [{ name: "DB_PASSWORD", value: "hunter2" }] } },
    "no-host-path": { pod: { volumes: [...podSpec.volumes, { name: "files", hostPath: {} }] } },
    "no-host-network": { pod: { hostNetwork: true } },
    "token-decided": { pod: { automountServiceAccountToken: undefined } },
    "no-pinned-ids": { pod: { securityContext: { fsGroup: 1000 } } },
    "managed-by": { metadata: { labels: {} } },
    "accounts-exist": { pod: { serviceAccountName: "other" } },
    "volumes-mounted": { pod: { volumes: [...podSpec.volumes, { name: "idle", emptyDir: {} }] } },
    "claims-exist": {
      pod: { volumes: [...podSpec.volumes, { name: "files", persistentVolumeClaim: { claimName: "x" } }] },
    },
    budgets: { spec: { replicas: 2 } },
  };
  for (const [rule, changed] of Object.entries(changes)) {
    it(`a violation of ${rule} is found`, () => {
      assert.deepEqual(rulesBroken(service(changed)), [rule]);
    });
  }

  it("keys, Secrets and ConfigMaps that do not exist are found, unless others own them", () => {
    const without = service().filter(({ kind }) => kind !== "Secret" && kind !== "ConfigMap");
    assert.deepEqual(manifestViolations(without), [
      'Deployment apps/web reads Secret "s", which does not exist [keys-exist]',
      'Deployment apps/web reads ConfigMap "c", which does not exist [keys-exist]',
    ]);
    assert.deepEqual(manifestViolations(without, { external: ["Secret apps/s", "ConfigMap apps/c"] }), []);
    const misspelt = { env: [{ name: "A", valueFrom: { secretKeyRef: { name: "s", key: "tokne" } } }] };
    assert.deepEqual(manifestViolations(service({ container: misspelt })), [
      'Deployment apps/web reads key "tokne" of Secret "s", which has token [keys-exist]',
    ]);
  });

  it("Services and Routes without a target are found", () => {
    const [deployment, ...rest] = service({ container: { ports: [{ name: "other", containerPort: 9 }] } });
    assert.ok(deployment !== undefined);
    assert.deepEqual(rulesBroken([deployment, ...rest]), ["services-select"]);
    assert.deepEqual(rulesBroken(rest), ["services-select"]);
    assert.deepEqual(rulesBroken(service().filter(({ kind }) => kind !== "Service")), ["backends-exist"]);
  });

  it("pods without a network policy, duplicates and bindings to nothing are found", () => {
    assert.deepEqual(rulesBroken(service().filter(({ kind }) => kind !== "NetworkPolicy")), ["network-policies"]);
    assert.deepEqual(rulesBroken([...service(), ...service().slice(2, 3)]), ["no-duplicates"]);
    const bound = manifest("rbac.authorization.k8s.io/v1", "RoleBinding", "b", {
      roleRef: { kind: "Role", name: "r" },
    });
    assert.deepEqual(rulesBroken([...service(), bound]), ["roles-exist"]);
  });

  it("objects without a name or namespace, and namespaces with a lax standard, are found", () => {
    const nameless = toManifest("kubernetes:x:y", {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { labels: managed },
    });
    assert.ok(nameless !== undefined);
    assert.deepEqual(rulesBroken([nameless]), ["named", "namespace"]);
    const denied = manifest("networking.k8s.io/v1", "NetworkPolicy", "p", {
      spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] },
    });
    assert.deepEqual(rulesBroken([manifest("v1", "Namespace", "apps", {}), denied]), ["pod-security"]);
    assert.deepEqual(rulesBroken([manifest("v1", "Service", "n", { spec: { type: "LoadBalancer" } })]), [
      "service-inside",
    ]);
  });

  it("a namespace that lets pods talk to others by default is found", () => {
    const labels = { ...managed, "pod-security.kubernetes.io/enforce": "restricted" };
    const namespace = manifest("v1", "Namespace", "apps", { metadata: { name: "apps", labels } });
    const policy = (spec: Json): Manifest => manifest("networking.k8s.io/v1", "NetworkPolicy", "p", { spec });
    const both = ["Ingress", "Egress"];
    for (const spec of [
      { podSelector: { matchLabels: { app: "web" } }, policyTypes: both },
      { podSelector: {}, policyTypes: ["Ingress"] },
      { podSelector: {}, policyTypes: both, ingress: [{ from: [] }] },
    ])
      assert.deepEqual(rulesBroken([namespace, policy(spec)]), ["default-deny"], JSON.stringify(spec));
    assert.deepEqual(rulesBroken([namespace, policy({ podSelector: {}, policyTypes: both })]), []);
  });

  it("Routes and Ingresses that serve plain HTTP are found", () => {
    const to = { kind: "Service", name: "web" };
    const route = (spec: Json): Manifest => manifest("route.openshift.io/v1", "Route", "r", { spec: { to, ...spec } });
    for (const one of [
      route({}),
      route({ tls: { termination: "edge", insecureEdgeTerminationPolicy: "Allow" } }),
      manifest("networking.k8s.io/v1", "Ingress", "i", { spec: {} }),
    ])
      assert.ok(rulesBroken([one]).includes("public-tls"));
    for (const insecure of ["Redirect", "None", undefined])
      assert.ok(
        !rulesBroken([route({ tls: { termination: "edge", insecureEdgeTerminationPolicy: insecure } })]).includes(
          "public-tls",
        ),
      );
  });

  it("one container may break the one rule that its workload exempts it from", () => {
    const annotations = { "orrery/exception-writable-root": "web: writes\nother: too" };
    const changed = {
      container: changes["read-only-root"]?.container ?? {},
      metadata: { labels: managed, annotations },
    };
    assert.deepEqual(rulesBroken(service(changed)), []);
    const elsewhere = {
      ...changed,
      metadata: { labels: managed, annotations: { "orrery/exception-writable-root": "x: y" } },
    };
    assert.deepEqual(rulesBroken(service(elsewhere)), ["read-only-root"]);
  });
});
