import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { manifestViolations } from "../../../policy/violations.ts";
import type { Secret } from "../../../review/evaluate/secret.ts";
import { app, env, mounts, traffic } from "./pods.ts";
import { bots, buildThoth, problems, thothConfig } from "./fixture.ts";

const regidores = { ...bots, regidores: {} };
const manager = { ...bots, reviewManager: { appId: 42 } };
const tunnels = {
  cluster: "lab",
  tunnels: {
    "cyborg-regidores": { key: "ultrahook-aicoe", destination: { bot: "webhook2kafka", path: "/" } },
    webhooks: { key: "ultrahook-thoth", destination: { bot: "sesheta-webhooks" } },
    "review-manager": { key: "ultrahook-aicoe", destination: { bot: "review-manager-webhooks", path: "/github" } },
    "zuul-thoth-test-core": { key: "ultrahook-aicoe", destination: { url: "https://managesf.thoth-station.ninja" } },
  },
};
const all = { bots: { ...regidores, ...manager }, ultrahook: tunnels };

const everywhere = [{ ipBlock: { cidr: "0.0.0.0/0" } }, { ipBlock: { cidr: "::/0" } }];
const tcp = (...ports: number[]): object[] => ports.map((port) => ({ port, protocol: "TCP" }));
const size = { requests: { cpu: "250m", memory: "128Mi" }, limits: { cpu: "500m", memory: "512Mi" } };

describe("Webhook2kafka and the normalizers", () => {
  it("brokers and their certificate authority are read from one Secret", async () => {
    const seen = await buildThoth({ bots: regidores });
    for (const name of ["webhook2kafka", "normalizers"]) {
      const { spec, pod } = app(seen, name);
      assert.deepEqual([spec.replicas, spec.revisionHistoryLimit], [1, 4]);
      assert.deepEqual(pod.containers[0]?.resources, size);
      const secret = (key: string, path: string): object => ({
        secret: { secretName: "cyborg-regidores", defaultMode: 0o644, items: [{ key, path }] },
      });
      assert.deepEqual(mounts(pod), {
        "/opt/app-root/etc": { emptyDir: { medium: "Memory", sizeLimit: "1Mi" } },
        "/opt/app-root/src/secrets": secret("datahub-ca-cert", "data-hub-kafka-ca.crt"),
        "/tmp": { emptyDir: {} },
      });
      assert.deepEqual(traffic(seen, name).calls, [{ to: everywhere, ports: tcp(443) }]);
    }
  });

  it("Webhook2kafka and the normalizers are two programs of one repository", async () => {
    const seen = await buildThoth({ bots: regidores });
    assert.deepEqual(env(app(seen, "webhook2kafka").pod.containers[0]), {
      KAFKA_BOOTSTRAP_SERVERS: "secretKeyRef cyborg-regidores/kafka-bootstrap-servers",
      APP_FILE: "webhook2kafka.py",
      GITHUB_WEBHOOK_SECRET: "secretKeyRef sesheta-secret/github-webhook-secret",
    });
    assert.deepEqual(env(app(seen, "normalizers").pod.containers[0]), {
      KAFKA_BOOTSTRAP_SERVERS: "secretKeyRef cyborg-regidores/kafka-broker-urls",
      APP_SCRIPT: "normalizers.sh",
      FAUST_DATADIR: "/tmp/faust",
    });
    assert.equal((seen.object("Service webhook2kafka").spec as { ports: unknown[] }).ports.length, 1);
    assert.equal(seen.manifests.filter(({ kind, name }) => kind === "Service" && name === "normalizers").length, 0);
    assert.match(JSON.stringify(seen.object("BuildConfig normalizers")), /UPGRADE_PIP_TO_LATEST/);
    assert.deepEqual(manifestViolations(seen.manifests, { openshift: true }), []);
  });

  it("several brokers are passed in the form that each program splits", async () => {
    const config = { "thoth:kafkaBootstrapServers": "a.example.org:9093, b.example.org:9093" };
    const settings = { bots: { ...bots, regidores: { kafkaPort: 9093 } } };
    const seen = await buildThoth(settings, "openshift", config);
    const secret = seen.one("thoth-bots-regidores-kafka-secret").inputs.stringData as Secret;
    const { "kafka-bootstrap-servers": commas, "kafka-broker-urls": urls } = secret.value as Record<string, string>;
    assert.equal(commas, "a.example.org:9093,b.example.org:9093");
    assert.equal(urls, "kafka://a.example.org:9093;kafka://b.example.org:9093");
    const wrong = (text: string): string =>
      problems(thothConfig(settings, "openshift", { "thoth:kafkaBootstrapServers": text })).join("\n");
    assert.match(wrong("kafka://a:9093"), /^thoth:kafkaBootstrapServers: .*expected brokers, host:port each/);
    assert.match(wrong("a:9093;b:9093"), /expected brokers, host:port each/);
    const kept = thothConfig({ bots }, "openshift", { "thoth:kafkaBootstrapServers": "a:9093" });
    assert.deepEqual(problems(kept), [], "a secret of what does not run may stay");
    assert.match(wrong("a:9093,b:9092"), /expected brokers on port 9093, the one of bots\.regidores\.kafkaPort/);
  });

  it("Webhook2kafka and the normalizers need nothing of Sesheta but its Secret", async () => {
    const off = { webhooks: false, scrum: false, labelChecker: false, approver: false };
    const seen = await buildThoth({ bots: { ...regidores, sesheta: { ...bots.sesheta, ...off } } });
    assert.deepEqual(manifestViolations(seen.manifests, { openshift: true }), []);
    assert.deepEqual(
      seen.manifests
        .filter(({ kind }) => kind === "Deployment")
        .map(({ name }) => name)
        .sort(),
      ["normalizers", "webhook2kafka"],
    );
  });

  it("an image is required where it is not built", () => {
    const settings = { ...bots, regidores: { build: false } };
    const found = problems(thothConfig({ bots: settings })).join("\n");
    assert.match(found, /regidores\.webhook2kafkaImage: got nothing/);
    assert.match(found, /regidores\.normalizersImage: got nothing/);
  });
});

describe("The Review Manager", () => {
  it("the Review Manager is a GitHub App behind the host that tunnels use", async () => {
    const seen = await buildThoth({ bots: manager });
    const { pod } = app(seen, "review-manager-webhooks");
    const [container] = pod.containers;
    assert.equal(container?.image, "quay.io/thoth-station/sefkhet-abwy-webhook-receiver:v0.23.2");
    const own = (key: string): string => `secretKeyRef sefkhet-abwy/${key}`;
    assert.deepEqual(env(container), {
      APP_FILE: "review-manager",
      DEBUG: "true",
      ENV: "dev",
      PYTHONPATH: ".",
      THOTH_DEPLOYMENT_NAME: "aicoe-prod-bots",
      GITHUB_ACCESS_TOKEN: own("github-access-token"),
      GITHUB_APP_IDENTIFIER: own("github-app-identifier"),
      GITHUB_WEBHOOK_SECRET: own("github-webhook-secret"),
      SENTRY_DSN: own("sentry-dsn"),
      SESHETA_THOTH_DEVOPS_SPACE: own("google-chat-space"),
      SESHETA_AIOPS_DEVOPS_SPACE: "secretKeyRef aiops/google-chat-space",
    });
    assert.deepEqual(container.envFrom, [{ secretRef: { name: "sefkhet-abwy-github-app" }, prefix: "GITHUB_" }]);
    assert.deepEqual(container.resources, {
      requests: { cpu: "100m", memory: "256Mi" },
      limits: { cpu: "250m", memory: "512Mi" },
    });
    assert.match(JSON.stringify(mounts(pod)["/opt/app-root/etc/gcloud"]), /"path":"sesheta-chatbot\.json"/);
    assert.equal(seen.object("Route review-manager-webhooks").kind, "Route");
    const values = (role: string): Record<string, string> =>
      (seen.one(`thoth-bots-${role}-secret`).inputs.stringData as Secret).value as Record<string, string>;
    // Signatures of the App's webhooks are checked with the App's own secret.
    assert.notEqual(
      values("review-manager-secret")["github-webhook-secret"],
      values("sesheta-secret")["github-webhook-secret"],
    );
    assert.deepEqual(manifestViolations(seen.manifests, { openshift: true }), []);
  });
});

describe("Builds of the Review Manager", () => {
  it("the Review Manager is built on the Python that it requires, from a version that works", async () => {
    const seen = await buildThoth({ bots: { ...bots, reviewManager: { appId: 42, build: true } } });
    const { source, strategy } = seen.object("BuildConfig review-manager-webhooks").spec as Record<string, unknown>;
    assert.deepEqual(source, { type: "Git", git: { uri: "https://github.com/AICoE/sefkhet-abwy", ref: "v0.23.2" } });
    assert.match(JSON.stringify(strategy), /"name":"python-38:latest"/);
    assert.match(JSON.stringify(seen.object("ImageStream python-38")), /ubi8\/python-38:latest/);
  });
});

describe("Ultrahook", () => {
  it("Ultrahook runs one client per subdomain, each leading to its bot's Service", async () => {
    const seen = await buildThoth(all);
    const clients = Object.keys(tunnels.tunnels).map((subdomain) => {
      const { spec, pod } = app(seen, `ultrahook-${subdomain}`);
      assert.deepEqual([spec.replicas, spec.strategy], [1, { type: "Recreate" }]);
      const [container] = pod.containers;
      assert.equal(container?.image, "quay.io/thoth-station/ultrahook:v0.1.0");
      assert.deepEqual((container.resources as { limits: unknown }).limits, { cpu: "100m", memory: "50Mi" });
      // source-to-image puts the source's start script into /tmp/scripts; a volume there would hide it.
      assert.deepEqual(container.volumeMounts, []);
      return env(container);
    });
    const client = (subdomain: string, destination: string, key = "ultrahook-aicoe"): object => ({
      ULTRAHOOK_API_KEY: `secretKeyRef ${key}/api.key`,
      ULTRAHOOK_SUBDOMAIN: subdomain,
      ULTRAHOOK_DESTINATION: destination,
    });
    const inside = "aicoe-prod-bots.svc:8080";
    assert.deepEqual(clients, [
      client("cyborg-regidores", `http://webhook2kafka.${inside}`),
      client("webhooks", `http://sesheta-webhooks.${inside}`, "ultrahook-thoth"),
      client("review-manager", `http://review-manager-webhooks.${inside}/github`),
      client("zuul-thoth-test-core", "https://managesf.thoth-station.ninja"),
    ]);
    assert.deepEqual(manifestViolations(seen.manifests, { openshift: true }), []);
  });

  it("Ultrahook has its own namespace, and can call the bots and nobody else inside", async () => {
    const seen = await buildThoth(all);
    const own = seen.manifests.filter(({ namespace }) => namespace === "aicoe");
    assert.deepEqual([...new Set(own.map(({ kind }) => kind))].sort(), [
      "Deployment",
      "ImageStream",
      "NetworkPolicy",
      "Secret",
      "ServiceAccount",
    ]);
    assert.ok(own.some(({ name }) => name === "default-deny"));
    const bot = {
      podSelector: {},
      namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "aicoe-prod-bots" } },
    };
    assert.deepEqual(traffic(seen, "ultrahook-webhooks").calls, [
      { to: everywhere, ports: tcp(80, 443) },
      { to: [bot], ports: tcp(8080) },
    ]);
    const client = {
      podSelector: { matchLabels: { app: "ultrahook" } },
      namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "aicoe" } },
    };
    // The router's namespace, or that of pods on their nodes' network, where a router may be, too.
    const routers = [
      { namespaceSelector: { matchLabels: { "network.openshift.io/policy-group": "ingress" } } },
      { namespaceSelector: { matchLabels: { "policy-group.network.openshift.io/host-network": "" } } },
    ];
    assert.deepEqual(traffic(seen, "webhook2kafka").calledOn, [
      { from: routers, ports: tcp(8080) },
      { from: [client], ports: tcp(8080) },
    ]);
  });

  it("Ultrahook runs no client while another cluster does", async () => {
    const seen = await buildThoth({ ...all, ultrahook: { ...tunnels, paused: true } });
    const clients = seen.manifests.filter(({ kind, namespace }) => kind === "Deployment" && namespace === "aicoe");
    assert.deepEqual(
      clients.map(({ name }) => app(seen, name).spec.replicas),
      [0, 0, 0, 0],
    );
  });

  it("further tunnels, keys and namespaces of Ultrahook need only settings", async () => {
    const settings = {
      cluster: "lab",
      namespace: "hooks",
      createNamespace: false,
      keys: ["mine"],
      tunnels: { sub: { key: "mine", destination: { url: "http://ci.example.org:8000/hook/" } } },
    };
    const seen = await buildThoth({ ultrahook: settings });
    assert.deepEqual(
      seen.manifests.filter(({ kind }) => kind === "Namespace"),
      [],
    );
    const { pod } = app(seen, "ultrahook-sub");
    assert.equal(env(pod.containers[0]).ULTRAHOOK_DESTINATION, "http://ci.example.org:8000/hook");
    assert.deepEqual(traffic(seen, "ultrahook-sub").calls, [{ to: everywhere, ports: tcp(80, 443, 8000) }]);
    assert.equal(seen.object("Secret mine").type, "Opaque");
  });

  it("an unknown key, a bot that does not run and a missing API key are reported", () => {
    const wrong = {
      ...tunnels,
      tunnels: {
        a: { key: "ultrahook-x", destination: { url: "https://x.example.org" } },
        b: { key: "ultrahook-thoth", destination: { bot: "webhook2kafka" } },
      },
    };
    const twice = {
      ...tunnels,
      tunnels: { "a--b": { key: "ultrahook-thoth", destination: { bot: "sesheta-webhooks" } } },
    };
    assert.match(
      problems(thothConfig({ bots, ultrahook: twice })).join(),
      /expected a subdomain: .*never two in a row/,
    );
    const found = problems(thothConfig({ bots, ultrahook: wrong }));
    assert.match(found.join("\n"), /ultrahook\.tunnels\.a\.key: got "ultrahook-x"; expected one of ultrahook\.keys/);
    assert.match(found.join("\n"), /ultrahook\.tunnels\.b\.destination\.bot: got "webhook2kafka", which this stack/);
    const config = new Map([...thothConfig(all)].filter(([key]) => key !== "thoth:ultrahookKey-ultrahook-thoth"));
    assert.match(problems(config).join("\n"), /^thoth:ultrahookKey-ultrahook-thoth: /m);
  });
});
