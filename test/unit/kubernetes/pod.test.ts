import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { DeploymentArgs } from "../../../components/kubernetes/deployment.ts";
import { existingNamespace } from "../../../components/kubernetes/place.ts";
import { http } from "../../../components/kubernetes/probe.ts";
import { existingClaim, hostPath, scratch } from "../../../components/kubernetes/volume.ts";
import { type Built, build } from "./world.ts";

type Container = DeploymentArgs["containers"][0];

const container: Container = {
  name: "web",
  image: "quay.io/example/web:v1",
  resources: { cpu: ["100m", "500m"], memory: "128Mi" },
  probes: { readiness: http("/ready", 8080) },
};

/** A Deployment `web` with other arguments. */
async function deploy(
  args: Partial<Omit<DeploymentArgs, "place">> = {},
  platform = "openshift" as const,
): Promise<Built> {
  return build(platform, async (cluster, opts) => {
    const { Deployment } = await import("../../../components/kubernetes/deployment.ts");
    const place = existingNamespace(cluster, "apps");
    new Deployment("web", { place, name: "web", labels: { app: "web" }, containers: [container], ...args }, opts);
  });
}

const refuses = (args: Partial<Omit<DeploymentArgs, "place">>, message: RegExp): Promise<void> =>
  assert.rejects(deploy(args), message);

describe("A workload's pod", () => {
  it("is secure, has its own account and no token unless something is said", async () => {
    const seen = await deploy();

    assert.deepEqual(seen.resources.map(({ type, name }) => `${type} ${name}`).slice(1), [
      "orrery:kubernetes:Deployment web",
      "orrery:kubernetes:ServiceAccount web-user",
      "kubernetes:core/v1:ServiceAccount web-user-account",
      "kubernetes:apps/v1:Deployment web-deployment",
    ]);
    assert.match(seen.one("web-deployment").parent, /orrery:kubernetes:Deployment::web$/);
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

  it("pins ids on plain Kubernetes and never on OpenShift", async () => {
    const context = async (platform: "openshift" | "kubernetes"): Promise<unknown> => {
      const seen = await deploy({ runAs: { user: 65532, fsGroup: 65532 } }, platform as "openshift");
      return pod(seen).securityContext;
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

  it("records every exception with its reason where the render shows it", async () => {
    const seen = await deploy({
      containers: [
        {
          ...container,
          image: "quay.io/example/web:latest",
          exceptions: { "writable-root": "writes its config", "floating-tag": "built here" },
          probes: { none: "a batch program" },
        },
      ],
      hostNetwork: true,
      exceptions: { "host-network": "answers on the node's address" },
    });
    const { metadata, spec } = seen.object("Deployment web") as { metadata: { annotations: unknown }; spec: unknown };
    assert.deepEqual(metadata.annotations, {
      "orrery/exception-floating-tag": "web: built here",
      "orrery/exception-host-network": "pod: answers on the node's address",
      "orrery/exception-no-probes": "web: a batch program",
      "orrery/exception-writable-root": "web: writes its config",
    });
    assert.match(JSON.stringify(spec), /"imagePullPolicy":"Always".*"readOnlyRootFilesystem":false/);
  });

  it("takes an image by its digest, one without a tag by exception, and ports of one letter or fifteen", async () => {
    const digest = `quay.io/example/web@sha256:${"0".repeat(64)}`;
    const ports = { w: 1, "8080-is-a-port1": 2, "1a": 3 };
    const exceptions = { "floating-tag": "built here" };
    const seen = await deploy({
      containers: [
        { ...container, image: digest, ports },
        { ...container, name: "floats", image: "quay.io/example/web", exceptions },
      ],
    });
    const [first, second] = pod(seen).containers as { image: string; ports: unknown; imagePullPolicy: string }[];
    assert.equal(first?.image, digest);
    assert.deepEqual(
      first.ports,
      Object.entries(ports).map(([name, containerPort]) => ({ name, containerPort, protocol: "TCP" })),
    );
    assert.equal(second?.imagePullPolicy, "Always");
  });

  it("may gain privileges by either of two exceptions, and by no other", async () => {
    const gains = async (exceptions: NonNullable<Container["exceptions"]>): Promise<unknown> => {
      const [first] = pod(await deploy({ containers: [{ ...container, exceptions }] })).containers as {
        securityContext: { allowPrivilegeEscalation: boolean; privileged?: boolean };
      }[];
      return [first?.securityContext.allowPrivilegeEscalation, first?.securityContext.privileged];
    };
    assert.deepEqual(await gains({ "privilege-escalation": "sudo" }), [true, undefined]);
    assert.deepEqual(await gains({ privileged: "mounts" }), [true, true]);
    assert.deepEqual(await gains({ "writable-root": "writes" }), [false, undefined]);
  });

  it("shares a volume by its name and keeps unnamed scratch apart", async () => {
    const claim = existingClaim("data", "data");
    const seen = await deploy({
      containers: [
        { ...container, mounts: { "/static": scratch({ volume: "static" }), "/data": claim } },
        { ...container, name: "proxy", mounts: { "/static": scratch({ volume: "static", readOnly: true }) } },
      ],
    });
    assert.deepEqual(pod(seen).volumes, [
      { name: "static", emptyDir: {} },
      { name: "data", persistentVolumeClaim: { claimName: "data" } },
      { name: "web-tmp", emptyDir: {} },
      { name: "proxy-tmp", emptyDir: {} },
    ]);
  });

  it("has a budget and spreads when there is more than one", async () => {
    const seen = await deploy({ replicas: 3 });
    assert.deepEqual(seen.object("PodDisruptionBudget web").spec, {
      maxUnavailable: 1,
      selector: { matchLabels: { app: "web" } },
    });
    assert.match(JSON.stringify(pod(seen).affinity), /podAntiAffinity.*kubernetes\.io\/hostname/);
  });

  it("refuses what contradicts the rules or itself", async () => {
    const one = (changed: Partial<Container>): { containers: [Container] } => ({
      containers: [{ ...container, ...changed }],
    });
    await refuses(one({ image: "quay.io/example/web" }), /\[image\] of container "web": .* is not pinned/);
    await refuses(one({ image: "localhost:5000/web" }), /is not pinned/);
    await refuses(one({ image: "quay.io/example/web:latest" }), /is not pinned/);
    await refuses(one({ resources: { cpu: ["1", "none"], memory: "1Gi" } }), /needs|no limit/);
    await refuses(one({ capabilities: ["NET_BIND_SERVICE"] }), /need the exception "capabilities"/);
    await refuses(one({ mounts: { "/host": hostPath("/var/lib/x") } }), /needs the exception "host-path"/);
    await refuses(
      one({ exceptions: { "writable-root": " " } }),
      /\[exceptions\.writable-root\] of "web" needs a reason/,
    );
    for (const port of ["8080-8080", "-web", "web-", "Web", "a-name-that-is-long"])
      await refuses(one({ ports: { [port]: 8080 } }), /is no port name; .* at least one letter/);
    await refuses({ hostNetwork: true }, /needs the exception "host-network"/);
    await refuses({ containers: [container, container] }, /two containers of one pod are called "web"/);
    await refuses(
      one({ mounts: { "/a": scratch({ volume: "x" }), "/b": existingClaim("x", "x") } }),
      /volume "x" is two things, scratch and claim\/x/,
    );
  });
});

function pod(seen: Built): Readonly<Record<string, unknown>> {
  const { spec } = seen.object("Deployment web") as { spec: { template: { spec: Record<string, unknown> } } };
  return spec.template.spec;
}
