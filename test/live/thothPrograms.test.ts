/** What Thoth's bots and nodepool are given, read by the real libraries and programs, pulled from PyPI. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { World } from "../../contracts/check/workloads.ts";
import { sampleCertificate } from "../../config/samples.ts";
import { projectDir } from "../../config/stackFile.ts";
import { kubeconfigYaml } from "../../components/thoth/nodepool/zuulFiles.ts";
import { bots, buildThoth } from "../unit/thoth/fixture.ts";
import { topics } from "../../lab/demo/thoth/kafka.ts";
import { type PythonEnvironment, pythonEnvironment } from "../../lab/harness/python.ts";

/** Only what reading its configuration and a kubeconfig takes; all of nodepool is half a gigabyte. */
const nodepoolNeeds = [
  ...["bcrypt==5.0.0", "certifi", "cffi==2.1.1", "cryptography==50.0.2", "extras==1.0.0", "google-auth==2.62.2"],
  ...["idna", "kazoo==2.9.0", "kubernetes==24.2.0", "lockfile==0.12.2", "oauthlib==4.0.1", "openshift==0.13.2"],
  ...["paramiko==5.1.0", "pbr==7.1.3", "pycparser==3.12", "PyNaCl==1.6.2", "python-daemon==3.1.2", "PyYAML==6.0.2"],
  ...["python-dateutil==4.0.0", "requests==2.34.2", "requests-oauthlib==2.0.0", "six==1.17.0", "statsd==4.0.1"],
  ...["urllib3==2.8.0", "voluptuous==0.15.2", "websocket-client==1.9.2"],
];
const nodepools = ["8.0.0", "11.0.0"] as const;
const nodepoolOf = (version: string): PythonEnvironment =>
  pythonEnvironment(`nodepool-${version}`, ["--no-deps", `nodepool==${version}`, ...nodepoolNeeds]);
const streaming = pythonEnvironment("faust", ["faust-streaming==0.15.3", "kafka-python==1.4.6"]);
/** Newer ones of gidgethub call this octomachinery with words that it does not know. */
const octomachinery = pythonEnvironment("octomachinery", [
  "octomachinery==0.3.6",
  "gidgethub==5.2.1",
  "anyio==1.4.0",
  "setuptools==79.0.1",
]);

type Texts = Record<string, string>;

describe("inputs of Thoth's bots and nodepool, read by the real programs", function () {
  this.timeout(900_000);
  let dir: string;

  before(async () => {
    for (const one of [...nodepools.map(nodepoolOf), streaming, octomachinery]) await one.install();
    dir = mkdtempSync(path.join(tmpdir(), "thoth-programs-"));
  });
  after(() => {
    rmSync(dir, { recursive: true, force: true });
  });

  /** What a script prints as JSON, run with these variables and no others. */
  function python(environment: PythonEnvironment, script: string, env: Texts, ...args: readonly string[]): unknown {
    const home = { HOME: dir, PATH: "/usr/bin:/bin", PYTHONWARNINGS: "ignore" };
    const done = spawnSync(path.join(environment.bin, "python"), ["-c", script, ...args], {
      cwd: dir,
      env: { ...home, ...env },
      encoding: "utf8",
    });
    assert.equal(done.status, 0, done.stderr);
    return JSON.parse(done.stdout) as unknown;
  }

  /** Variables of a bot's container, secrets in the clear. */
  async function given(settings: object, container: string): Promise<Texts> {
    const { resources } = await buildThoth({ bots: { ...bots, ...settings } });
    const found = new World(resources)
      .pods(() => undefined)
      .flatMap(({ containers }) => containers)
      .find(({ name }) => name === container);
    return Object.fromEntries([...(found?.variables ?? [])].map(([name, { text }]) => [name, text ?? ""]));
  }

  describe("Kafka's brokers", () => {
    const brokers = [
      ["kafka-0.sample.invalid", 443],
      ["kafka-1.sample.invalid", 443],
    ];

    it("kafka-python in webhook2kafka sees both brokers", async () => {
      const script = `import json, os
from kafka.conn import collect_hosts
print(json.dumps(sorted([host, port] for host, port, _ in collect_hosts(os.environ["KAFKA_BOOTSTRAP_SERVERS"]))))`;
      const found = python(streaming, script, await given({ regidores: {} }, "webhook2kafka"));
      assert.deepEqual(found, brokers);
    });

    it("faust in the normalizers sees both brokers", async () => {
      const script = `import json, os, faust
app = faust.App("normalizers", broker=os.environ["KAFKA_BOOTSTRAP_SERVERS"], value_serializer="json", web_enabled=False)
from faust.transport.drivers.aiokafka import server_list
print(json.dumps([[(u.scheme, u.host, u.port) for u in app.conf.broker], server_list(app.conf.broker, 9092), str(app.conf.datadir)]))`;
      const found = python(streaming, script, await given({ regidores: {} }, "normalizers"));
      assert.deepEqual(found, [
        brokers.map(([host, port]) => ["kafka", host, port]),
        brokers.map(([host, port]) => `${host ?? ""}:${port ?? ""}`),
        "/tmp/faust",
      ]);
    });
  });

  it("the normalizers that the demonstration runs bring GitHub's issues and pull requests into one form", async () => {
    const folder = path.join(projectDir, "lab", "images", "thoth", "normalizers");
    mkdirSync(path.join(dir, "secrets"), { recursive: true });
    writeFileSync(path.join(dir, "secrets", "data-hub-kafka-ca.crt"), sampleCertificate("kafka", ["kafka"]));
    const script = `import contextlib, io, json, os, sys
sys.path.insert(0, sys.argv[1])
with contextlib.redirect_stdout(io.StringIO()) as said:
    import normalizers
def event(kind, subject):
    times = {"created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-02T00:00:00Z"}
    where = {"repository": {"html_url": "https://github.com/a/b"}, "sender": {"login": "alice"}, "action": "opened"}
    return normalizers.normalized(kind, {**where, subject: {"html_url": "https://github.com/a/b/1", **times}}).asdict()
print(json.dumps({"said": said.getvalue(), "topics": [normalizers.raw.get_topic_name(), normalizers.events.get_topic_name()],
  "group": normalizers.app.conf.id, "events": [event("issues", "issue"), event("pull_request", "pull_request")]}))`;
    const common = {
      ...{ action: "opened", user_name: "alice", repository_url: "https://github.com/a/b" },
      ...{ created_at: "2026-01-01T00:00:00Z", updated_at: "2026-01-02T00:00:00Z" },
    };
    const url = "https://github.com/a/b/1";
    assert.deepEqual(python(streaming, script, await given({ regidores: {} }, "normalizers"), folder), {
      said: "stand-in for the normalizers: Faust is real, the rest is not cyborg-regidores' own\n",
      topics: [topics.github, topics.events],
      group: "cyborg_regidores_normalizers",
      events: [
        { ...common, event_type: "issues", issue_url: url, pull_request_url: "" },
        { ...common, event_type: "pull_request", issue_url: "", pull_request_url: url },
      ],
    });
  });

  it("octomachinery builds its settings from the Review Manager's variables, and accepts only the App's signatures", async () => {
    const variables = await given({ reviewManager: { appId: 42 } }, "review-manager-webhooks");
    const sesheta = await given({}, "sesheta-webhooks");
    const script = `import json, sys
from octomachinery.app.config import BotAppConfig
from gidgethub.sansio import validate_event
from gidgethub import ValidationFailure
c = BotAppConfig.from_env(app_name="Sefkhet-Abwy", app_version="0", app_url="https://example.org")
secret = "".join(c.github.webhook_secret)
def takes(signature):
    try:
        validate_event(b"{}", signature=signature, secret=secret)
        return True
    except ValidationFailure:
        return False
print(json.dumps({"app": c.github.app_id, "key": len(c.github.private_key.fingerprint), "mode": c.runtime.mode,
  "env": c.runtime.env, "debug": c.runtime.debug, "listens": [c.server.host, c.server.port], "takes": [takes(s) for s in sys.argv[1:]]}))`;
    const sign = (secret = ""): string => `sha256=${createHmac("sha256", secret).update("{}").digest("hex")}`;
    const signatures = [variables.GITHUB_WEBHOOK_SECRET, sesheta.SESHETA_GITHUB_WEBHOOK_SECRET].map(sign);
    assert.deepEqual(python(octomachinery, script, variables, ...signatures), {
      ...{ app: "42", key: 59, mode: "app", env: "dev", debug: true, listens: ["0.0.0.0", 8080] },
      takes: [true, false],
    });
  });

  describe("nodepool", () => {
    const nodepool = {
      cluster: "lab",
      server: "https://paas.psi.redhat.com:443",
      maxPods: 7,
      streams: { "thoth-coala": { ubi8: { contextDir: "thoth-coala-ubi8", ref: "d081057" } } },
      labels: { "thoth-coala": { image: "thoth-coala:ubi8", minReady: 1 } },
    };
    // The drivers of other clouds need half a gigabyte of packages, so this one is put in place by hand.
    const validate = `import json, sys
from nodepool import config
from nodepool.cmd.config_validator import ConfigValidator
from nodepool.driver import Drivers
from nodepool.driver.openshiftpods import OpenshiftPodsDriver
from nodepool.driver.utils_k8s import get_client
Drivers.drivers["openshiftpods"] = OpenshiftPodsDriver()
status = ConfigValidator(sys.argv[1]).validate()
provider = config.loadConfig(sys.argv[1]).providers["psi"] if status == 0 else None
pool = provider.pools["thoth-zuul"]
client = get_client(None, provider.context)
print(json.dumps({"status": status, "counts": getattr(provider, "max_pods", None) or pool.max_servers,
  "labels": {l.name: [l.image, l.cpu, l.memory] for l in pool.labels.values()}, "token": client[0], "host": client[2].api_client.configuration.host}))`;

    for (const version of nodepools) {
      it(`nodepool ${version} accepts the configuration with its limit, and the kubeconfig with its context`, async () => {
        const seen = await buildThoth({ nodepool });
        const outputs = [...seen.outputs].find(([urn]) => urn.endsWith("Thoth::thoth"))?.[1];
        const [file, kubeconfig] = ["nodepool.yaml", "kubeconfig"].map((name) => path.join(dir, name));
        if (file === undefined || kubeconfig === undefined) throw new Error("two names");
        writeFileSync(file, String(outputs?.nodepoolConfig));
        const settings = { namespace: "thoth-zuul", server: nodepool.server };
        writeFileSync(kubeconfig, kubeconfigYaml(settings as Parameters<typeof kubeconfigYaml>[0], "t0ken", ""));
        assert.deepEqual(python(nodepoolOf(version), validate, { KUBECONFIG: kubeconfig }, file), {
          status: 0,
          counts: 7,
          labels: { "thoth-coala": ["thoth-coala:ubi8", 1, 1024] },
          token: "t0ken",
          host: "https://paas.psi.redhat.com:443",
        });
      });
    }
  });
});
