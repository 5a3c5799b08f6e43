import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { existingClaim, scratch } from "../../../blocks/kubernetes/volume.ts";
import { container, deploy, podOf } from "./workload.ts";

describe("a workload's pod", () => {
  it("a pod is secure by default, has its own account, and no token", async () => {
    const seen = await deploy();

    assert.deepEqual(seen.resources.map(({ type, name }) => `${type} ${name}`).slice(1), [
      "kubernetes:core/v1:ServiceAccount web-user-account",
      "kubernetes:apps/v1:Deployment web-deployment",
    ]);
    assert.deepEqual(seen.object("ServiceAccount web"), {
      apiVersion: "v1",
      automountServiceAccountToken: false,
      kind: "ServiceAccount",
      metadata: { name: "web", namespace: "apps", labels: { app: "web", "app.kubernetes.io/managed-by": "orrery" } },
    });
    assert.deepEqual(seen.object("Deployment web"), {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: {
        name: "web",
        namespace: "apps",
        labels: { app: "web", "app.kubernetes.io/managed-by": "orrery" },
      },
      spec: {
        replicas: 1,
        selector: { matchLabels: { app: "web" } },
        template: {
          metadata: { labels: { app: "web", "app.kubernetes.io/managed-by": "orrery" } },
          spec: {
            serviceAccountName: "web",
            automountServiceAccountToken: false,
            enableServiceLinks: false,
            restartPolicy: "Always",
            terminationGracePeriodSeconds: 30,
            securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
            containers: [
              {
                name: "web",
                image: "quay.io/example/web:v1",
                imagePullPolicy: "IfNotPresent",
                resources: { requests: { cpu: "100m", memory: "128Mi" }, limits: { cpu: "500m", memory: "128Mi" } },
                readinessProbe: { httpGet: { path: "/ready", port: 8080 } },
                securityContext: {
                  runAsNonRoot: true,
                  readOnlyRootFilesystem: true,
                  allowPrivilegeEscalation: false,
                  capabilities: { drop: ["ALL"] },
                  seccompProfile: { type: "RuntimeDefault" },
                },
                volumeMounts: [{ name: "web-tmp", mountPath: "/tmp" }],
              },
            ],
            volumes: [{ name: "web-tmp", emptyDir: {} }],
          },
        },
      },
    });
  });

  it("a pod has fixed user ids on plain Kubernetes and never on OpenShift", async () => {
    const context = async (platform: "openshift" | "kubernetes"): Promise<unknown> => {
      const seen = await deploy({ runAs: { user: 65532, fsGroup: 65532 } }, platform as "openshift");
      return podOf(seen).securityContext;
    };
    const always = { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } };
    assert.deepEqual(await context("openshift"), always);
    assert.deepEqual(await context("kubernetes"), {
      ...always,
      runAsUser: 65532,
      fsGroup: 65532,
      fsGroupChangePolicy: "OnRootMismatch",
    });
  });

  it("a pod accepts an image by digest, one without a tag by exception, and port names of one to fifteen letters", async () => {
    const digest = `quay.io/example/web@sha256:${"0".repeat(64)}`;
    const ports = { w: 1, "8080-is-a-port1": 2, "1a": 3 };
    const exceptions = { "floating-tag": "built here" };
    const seen = await deploy({
      containers: [
        { ...container, image: digest, ports },
        { ...container, name: "floats", image: "quay.io/example/web", exceptions },
      ],
    });
    const [first, second] = podOf(seen).containers as { image: string; ports: unknown; imagePullPolicy: string }[];
    assert.equal(first?.image, digest);
    assert.deepEqual(
      first.ports,
      Object.entries(ports).map(([name, containerPort]) => ({ name, containerPort, protocol: "TCP" })),
    );
    assert.equal(second?.imagePullPolicy, "Always");
  });

  it("containers of a pod share a volume by its name; unnamed scratch volumes are separate", async () => {
    const claim = existingClaim("data", "data");
    const seen = await deploy({
      containers: [
        { ...container, mounts: { "/static": scratch({ volume: "static" }), "/data": claim } },
        { ...container, name: "proxy", mounts: { "/static": scratch({ volume: "static", readOnly: true }) } },
      ],
    });
    assert.deepEqual(podOf(seen).volumes, [
      { name: "static", emptyDir: {} },
      { name: "data", persistentVolumeClaim: { claimName: "data" } },
      { name: "web-tmp", emptyDir: {} },
      { name: "proxy-tmp", emptyDir: {} },
    ]);
  });

  it("a workload with several replicas has a disruption budget and spreads over nodes", async () => {
    const seen = await deploy({ replicas: 3 });
    assert.deepEqual(seen.object("PodDisruptionBudget web").spec, {
      maxUnavailable: 1,
      selector: { matchLabels: { app: "web" } },
    });
    assert.match(JSON.stringify(podOf(seen).affinity), /podAntiAffinity.*kubernetes\.io\/hostname/);
  });
});
