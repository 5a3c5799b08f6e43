import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { alphaScript, zeroScript } from "../../../components/thoth/dgraph/flags.ts";
import { manifestViolations } from "../../../policy/violations.ts";
import { Secret } from "../../../review/evaluate/secret.ts";
import type { Built } from "../kubernetes/fixture.ts";
import { env, mounts, type Pod } from "./pods.ts";
import { buildThoth, problems, thothConfig } from "./fixture.ts";

const dgraph = {
  cluster: "lab",
  namespace: "thoth-dgraph-stage",
  mode: "ha",
  whitelist: "172.54.0.0:172.54.255.255",
  storageClass: "ceph-dyn-thoth-paas-prod-psi",
};
const single = { ...dgraph, namespace: "thoth-test-core", mode: "single" };
const clients = ["thoth-frontend-stage", "thoth-middletier-stage", "thoth-backend-stage"];

function set(seen: Built, name: string): { spec: Record<string, unknown>; pod: Pod } {
  const { template, ...spec } = seen.object(`StatefulSet ${name}`).spec as { template: { spec: Pod } };
  return { spec, pod: template.spec };
}

const script = (pod: Pod, index = 0): string => (pod.containers[index]?.command as string[])[2] ?? "";

/** Problems of the good settings with others. */
const wrong = (changed: object): string => problems(thothConfig({ dgraph: { ...dgraph, ...changed } })).join("\n");

describe("Dgraph with several servers", () => {
  it("data servers that are not published have no Route, and the router reaches the metrics only", async () => {
    const seen = async (settings: object): Promise<readonly [string[], number[]]> => {
      const { manifests, object } = await buildThoth({ dgraph: { ...dgraph, clients: [], ...settings } });
      const routes = manifests.filter(({ kind }) => kind === "Route").map(({ name }) => name);
      const { ingress } = object("NetworkPolicy dgraph").spec as {
        ingress: { from?: { namespaceSelector?: { matchLabels?: object } }[]; ports?: { port: number }[] }[];
      };
      const router = ingress.filter(({ from = [] }) =>
        from.some((peer) => "network.openshift.io/policy-group" in (peer.namespaceSelector?.matchLabels ?? {})),
      );
      return [routes.sort(), router.flatMap(({ ports = [] }) => ports.map(({ port }) => port))];
    };
    const aggregator = "prometheus-aggregate-exporter";
    assert.deepEqual(await seen({}), [
      ["alpha-grpc", "alpha-rest", aggregator],
      [8080, 9080],
    ]);
    assert.deepEqual(await seen({ exposeAlpha: false }), [[aggregator], [8080]]);
    assert.deepEqual(await seen({ exposeAlpha: false, exporters: false }), [[], []]);
  });

  it("Dgraph with several servers has exactly these objects", async () => {
    const seen = await buildThoth({ dgraph: { ...dgraph, ratel: true, exposeZero: true, clients } });
    const titles = seen.manifests.map(({ kind, namespace, name }) => `${kind} ${namespace}/${name}`);
    const own = titles.filter((title) => / thoth-dgraph-stage\//.test(title) && !title.startsWith("ServiceAccount"));
    assert.deepEqual(own.map((title) => title.replace("thoth-dgraph-stage/", "")).sort(), [
      "Deployment prometheus-aggregate-exporter",
      "Deployment ratel",
      "ImageStream aggregate-exporter",
      "ImageStream dgraph",
      "NetworkPolicy default-deny",
      "NetworkPolicy dgraph",
      "PodDisruptionBudget alpha",
      "PodDisruptionBudget zero",
      "Route alpha-grpc",
      "Route alpha-rest",
      "Route prometheus-aggregate-exporter",
      "Route zero-rest",
      "Secret dgraph-tls",
      "Service alpha",
      "Service alpha-public",
      "Service prometheus-aggregate-exporter",
      "Service prometheus-exporter-alpha-0",
      "Service prometheus-exporter-alpha-1",
      "Service prometheus-exporter-alpha-2",
      "Service prometheus-exporter-zero-0",
      "Service prometheus-exporter-zero-1",
      "Service prometheus-exporter-zero-2",
      "Service ratel-public",
      "Service zero",
      "Service zero-public",
      "StatefulSet alpha",
      "StatefulSet zero",
    ]);
    assert.deepEqual(
      titles.filter((title) => title.endsWith("/dgraph-tls")).sort(),
      ["thoth-dgraph-stage", ...clients].map((namespace) => `Secret ${namespace}/dgraph-tls`).sort(),
    );
    assert.deepEqual(manifestViolations(seen.manifests, { openshift: true }), []);
  });

  it("Dgraph has three managers and the requested number of data servers, each with a retained volume", async () => {
    const seen = await buildThoth({ dgraph });
    for (const [name, replicas, cpu, memory] of [
      ["zero", 3, "1", "5Gi"],
      ["alpha", 3, "4", "6Gi"],
    ] as const) {
      const { spec, pod } = set(seen, name);
      assert.deepEqual([spec.replicas, spec.serviceName, spec.podManagementPolicy], [replicas, name, "Parallel"]);
      assert.deepEqual(pod.containers[0]?.resources, { requests: { cpu, memory }, limits: { cpu, memory } });
      assert.equal(pod.containers[0].image, "docker.io/dgraph/dgraph:v1.0.15");
      const [claim] = spec.volumeClaimTemplates as { metadata: { name: string }; spec: object }[];
      assert.equal(claim?.metadata.name, "datadir");
      assert.deepEqual(claim.spec, {
        accessModes: ["ReadWriteOnce"],
        resources: { requests: { storage: "5Gi" } },
        storageClassName: "ceph-dyn-thoth-paas-prod-psi",
      });
      const affinity = JSON.stringify((pod as unknown as { affinity: unknown }).affinity);
      assert.match(affinity, new RegExp(`"matchLabels":\\{"app":"dgraph","component":"${name}"\\}`));
    }
    assert.equal(seen.one("thoth-dgraph-alpha-set").options.protect, true);
  });

  it("the key of Dgraph's servers is readable by the servers only", async () => {
    const seen = await buildThoth({ dgraph: { ...dgraph, clients } });
    const keys = (name: string): readonly string[] => {
      const { stringData } = seen.one(name).inputs;
      assert.ok(stringData instanceof Secret);
      return Object.keys(stringData.value as object).sort();
    };
    assert.deepEqual(keys(`thoth-dgraph-tls-${clients[0] ?? ""}-secret`), [
      "ca.crt",
      "client.user.crt",
      "client.user.key",
    ]);
    assert.ok(keys("thoth-dgraph-tls-secret").includes("node.key"));
  });

  it("Dgraph starts with the flags of its version", async () => {
    const seen = await buildThoth({ dgraph });
    const domain = "thoth-dgraph-stage.svc.cluster.local";
    assert.equal(
      script(set(seen, "zero").pod),
      [
        'ordinal="${HOSTNAME##*-}"',
        'peer=""',
        `[ "$ordinal" = 0 ] || peer="--peer zero-0.zero.${domain}:5080"`,
        `exec dgraph zero --my "$HOSTNAME.zero.${domain}:5080" --idx $((ordinal + 1)) --replicas 3 $peer`,
      ].join("\n"),
    );
    assert.equal(
      script(set(seen, "alpha").pod),
      `exec dgraph alpha --my "$HOSTNAME.alpha.${domain}:7080" --zero zero-0.zero.${domain}:5080` +
        ' --lru_mb 2048 --tls_dir /var/run/secrets/dgraph --whitelist "$ADMIN_WHITELIST_IPS"',
    );
    const today = { ...dgraph, version: "v23.1.0" } as Parameters<typeof zeroScript>[0];
    assert.match(zeroScript(today, "z"), /--raft "idx=\$\(\(ordinal \+ 1\)\)" --replicas 3/);
    assert.equal(
      alphaScript(today, "a", "z"),
      'exec dgraph alpha --my "$HOSTNAME.a:7080" --zero zero-0.z:5080,zero-1.z:5080,zero-2.z:5080' +
        ' --tls "ca-cert=/var/run/secrets/dgraph/ca.crt; server-cert=/var/run/secrets/dgraph/node.crt;' +
        ' server-key=/var/run/secrets/dgraph/node.key; client-auth-type=VERIFYIFGIVEN"' +
        ' --security "whitelist=$ADMIN_WHITELIST_IPS"',
    );
  });

  it("Dgraph's data servers have certificates and an administrators' allow list", async () => {
    const { pod } = set(await buildThoth({ dgraph }), "alpha");
    assert.deepEqual(mounts(pod)["/var/run/secrets/dgraph"], {
      secret: {
        secretName: "dgraph-tls",
        defaultMode: 0o644,
        items: ["ca.crt", "node.crt", "node.key"].map((key) => ({ key, path: key })),
      },
    });
    assert.deepEqual(env(pod.containers[0]), { ADMIN_WHITELIST_IPS: "172.54.0.0:172.54.255.255" });
    assert.match(JSON.stringify(pod.containers[0]?.readinessProbe), /"path":"\/health","port":8080,"scheme":"HTTPS"/);
  });

  it("Dgraph answers inside the cluster and, encrypted up to the pod, outside", async () => {
    const seen = await buildThoth({ dgraph: { ...dgraph, hosts: { alphaRest: "dgraph.example.org" } } });
    const ports = (name: string): unknown => {
      const { ports: found, type, clusterIP } = seen.object(`Service ${name}`).spec as Record<string, unknown>;
      return {
        type,
        clusterIP,
        ports: (found as { name: string; port: number }[]).map((one) => `${one.name} ${one.port}`),
      };
    };
    const headless = (port: string): object => ({ type: "ClusterIP", clusterIP: "None", ports: [port] });
    const open = (...list: string[]): object => ({ type: "ClusterIP", clusterIP: undefined, ports: list });
    assert.deepEqual(ports("zero"), headless("zero-grpc 5080"));
    assert.deepEqual(ports("alpha"), headless("alpha-grpc-int 7080"));
    assert.deepEqual(ports("zero-public"), open("zero-grpc 5080", "zero-rest 6080"));
    assert.deepEqual(ports("alpha-public"), open("alpha-rest 8080", "alpha-grpc 9080"));
    assert.deepEqual(seen.object("Route alpha-rest").spec, {
      host: "dgraph.example.org",
      to: { kind: "Service", name: "alpha-public", weight: 100 },
      port: { targetPort: "alpha-rest" },
      tls: { termination: "passthrough" },
      wildcardPolicy: "None",
    });
    assert.ok(!seen.manifests.some(({ name }) => name === "zero-rest"));
  });

  it("metrics of every Dgraph server are collected", async () => {
    const seen = await buildThoth({ dgraph });
    const { template } = seen.object("Deployment prometheus-aggregate-exporter").spec as { template: { spec: Pod } };
    const [container] = template.spec.containers;
    const { TARGETS, ...others } = env(container);
    const inside = "thoth-dgraph-stage.svc";
    // The exporter verifies certificates, which name the pods.
    assert.deepEqual(TARGETS?.split(","), [
      ...[0, 1, 2].map((one) => `https://alpha-${one}.alpha.${inside}.cluster.local:8080/debug/prometheus_metrics`),
      ...[0, 1, 2].map((one) => `http://prometheus-exporter-zero-${one}.${inside}:8080/debug/prometheus_metrics`),
    ]);
    assert.deepEqual(others, {
      SERVER_BIND: "0.0.0.0:8080",
      SSL_CERT_FILE: "/var/run/secrets/dgraph/ca.crt",
      VERBOSE: "True",
    });
    assert.deepEqual(mounts(template.spec)["/var/run/secrets/dgraph"], {
      secret: { secretName: "dgraph-tls", defaultMode: 0o644, items: [{ key: "ca.crt", path: "ca.crt" }] },
    });
    assert.deepEqual(seen.object("Service prometheus-exporter-zero-1").spec, {
      type: "ClusterIP",
      selector: { "statefulset.kubernetes.io/pod-name": "zero-1" },
      ports: [{ name: "metrics", port: 8080, targetPort: 6080, protocol: "TCP" }],
    });
  });
});

describe("Dgraph in one pod", () => {
  it("Dgraph in one pod has manager and data server on one volume, with a stable address", async () => {
    const seen = await buildThoth({
      dgraph: { ...single, createNamespace: false, protect: false, retainOnDelete: true },
    });
    const { spec, pod } = set(seen, "dgraph");
    assert.equal(spec.replicas, 1);
    assert.deepEqual(
      pod.containers.map(({ name, resources }) => [name, resources]),
      [
        ["zero", { requests: { cpu: "500m", memory: "1Gi" }, limits: { cpu: "500m", memory: "1Gi" } }],
        ["alpha", { requests: { cpu: "1", memory: "1Gi" }, limits: { cpu: "2", memory: "4Gi" } }],
      ],
    );
    const domain = "dgraph.thoth-test-core.svc.cluster.local";
    assert.match(script(pod), /--my "\$HOSTNAME\.dgraph\..*:5080" --idx \$\(\(ordinal \+ 1\)\) --replicas 1$/);
    assert.match(script(pod, 1), new RegExp(`--zero dgraph-0\\.${domain.replaceAll(".", "\\.")}:5080 `));
    const { protect, retainOnDelete } = seen.one("thoth-dgraph-data-claim").options;
    assert.deepEqual({ protect, retainOnDelete }, { protect: false, retainOnDelete: true });
    const own = seen.manifests.map(({ kind, name }) => `${kind} ${name}`).sort();
    assert.deepEqual(own, [
      "ImageStream dgraph",
      "NetworkPolicy dgraph",
      "PersistentVolumeClaim datadir",
      "Route alpha-grpc",
      "Route alpha-rest",
      "Secret dgraph-tls",
      "Service alpha-public",
      "Service dgraph",
      "Service zero-public",
      "ServiceAccount dgraph",
      "StatefulSet dgraph",
    ]);
    assert.deepEqual(manifestViolations(seen.manifests, { openshift: true }), []);
  });
});

describe("Dgraph's own namespace", () => {
  it("is kept as its data is, which would go with it", async () => {
    for (const [protect, retainOnDelete] of [
      [true, false],
      [false, true],
    ] as const) {
      const { options } = (await buildThoth({ dgraph: { ...single, protect, retainOnDelete } })).one(
        "thoth-dgraph-namespace-namespace",
      );
      assert.deepEqual([options.protect, options.retainOnDelete], [protect, retainOnDelete]);
    }
  });
});

describe("Dgraph's certificates", () => {
  it("certificates cover every name of a data server, are renewed early, and come from an authority that is kept", async () => {
    const seen = await buildThoth({ dgraph });
    assert.deepEqual(seen.one("thoth-dgraph-certificates-node-request").inputs.dnsNames, [
      "alpha-rest-thoth-dgraph-stage.apps.lab.test",
      "alpha-grpc-thoth-dgraph-stage.apps.lab.test",
      "alpha-public.thoth-dgraph-stage.svc",
      "alpha-public.thoth-dgraph-stage.svc.cluster.local",
      "*.alpha.thoth-dgraph-stage.svc.cluster.local",
      "localhost",
    ]);
    const { subject } = seen.one("thoth-dgraph-certificates-client-request").inputs as {
      subject: { commonName: string };
    };
    assert.equal(subject.commonName, "user");
    const node = seen.one("thoth-dgraph-certificates-node").inputs;
    assert.deepEqual([node.validityPeriodHours, node.earlyRenewalHours], [8760, 720]);
    for (const role of ["ca", "ca-key"]) {
      assert.equal(seen.one(`thoth-dgraph-certificates-${role}`).options.protect, true);
    }
    const { stringData } = seen.one("thoth-dgraph-tls-secret").inputs;
    assert.ok(stringData instanceof Secret);
    assert.deepEqual(Object.keys(stringData.value as object).sort(), [
      "ca.crt",
      "client.user.crt",
      "client.user.key",
      "node.crt",
      "node.key",
    ]);
  });

  it("certificates that the stack supplies are used unchanged", async () => {
    const settings = { dgraph: { ...dgraph, certificates: { mode: "supplied" } } };
    const seen = await buildThoth(settings);
    assert.ok(!seen.resources.some(({ type }) => type.startsWith("tls:")));
    const config = new Map([...thothConfig(settings)].filter(([key]) => key !== "thoth:dgraphNodeKey"));
    assert.match(problems(config).join("\n"), /^thoth:dgraphNodeKey: /m);
  });

  it("certificates and sizes that cannot be right are reported", () => {
    assert.match(wrong({ alphas: 0 }), /dgraph\.alphas: got 0; expected at least 1/);
    assert.match(wrong({ certificates: { mode: "generated", validDays: 30, renewDays: 30 } }), /renewDays: got 30/);
    assert.match(wrong({ clients: ["thoth-dgraph-stage"] }), /dgraph\.clients: names "thoth-dgraph-stage"/);
    assert.match(wrong({ version: "latest" }), /dgraph\.version: got "latest"; expected a version/);
    assert.match(wrong({ storageSize: "5GB" }), /dgraph\.storageSize: got "5GB"; expected a size/);
  });
});
