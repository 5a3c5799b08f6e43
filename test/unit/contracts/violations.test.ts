/** Violations that the contract check finds, each on one small workload. */
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { contractSchema } from "../../../contracts/check/format.ts";
import { violations } from "../../../contracts/check/violations.ts";
import { imageParts, type LoadedContract, loadContracts, tagMatches } from "../../../contracts/check/load.ts";
import type { Registration } from "../../../review/evaluate/record.ts";
import { Secret } from "../../../review/evaluate/secret.ts";

type Json = Readonly<Record<string, unknown>>;

const provider = "urn:pulumi:test::orrery::pulumi:providers:kubernetes::lab";

function object(apiVersion: string, kind: string, name: string, fields: Json): Registration {
  const type = `kubernetes:${apiVersion}:${kind}`;
  const inputs = { apiVersion, kind, metadata: { name, namespace: "apps" }, ...fields };
  return { urn: `urn::${type}::${name}`, type, name, parent: "", provider, inputs, options: {} };
}

function deployment(container: Json, pod: Json = {}, labels: Json = { app: "one" }): Registration {
  const containers = [{ name: "main", image: "example.org/team/web:1.2", ...container }];
  const spec = { automountServiceAccountToken: false, containers, ...pod };
  return object("apps/v1", "Deployment", "one", { spec: { template: { metadata: { labels }, spec } } });
}

function contract(fields: Json): LoadedContract {
  const whole = {
    ...{ image: "web", about: "A web server.", tags: ["1.2"], entry: { command: ["/web"], at: "x@1 Dockerfile:1" } },
    read: [{ source: "example/web", version: "1.2", date: "2026-11-22" }],
    ...fields,
  };
  return { file: "prow/web.yaml", system: "prow", contract: contractSchema.parse(whole) };
}

/** The problems of a workload whose image has this contract. */
function problems(fields: Json, ...resources: readonly Registration[]): readonly string[] {
  return violations(resources, [contract(fields)]).map(({ problem }) => problem);
}

describe("checking contracts", () => {
  it("every committed contract file is valid, and every image has exactly one", () => {
    assert.doesNotThrow(() => loadContracts());
  });

  it("an image without a contract and an unread tag are reported", () => {
    assert.deepEqual(problems({ image: "other" }, deployment({})), ["image example.org/team/web:1.2 has no contract"]);
    assert.deepEqual(problems({ tags: ["1.1"] }, deployment({})), [
      "image example.org/team/web:1.2: prow/web.yaml was read for 1.1; read 1.2 and change both together",
    ]);
    assert.deepEqual(problems({ tags: ["1.*"] }, deployment({})), []);
  });

  it("an image reference is split into name and version, and a version is matched with the contract's tags", () => {
    assert.deepEqual(imageParts("registry:5000/ns/web:1.2"), { name: "web", version: "1.2" });
    assert.deepEqual(imageParts("web@sha256:ab"), { name: "web", version: "sha256:ab" });
    assert.deepEqual(imageParts("nginx"), { name: "nginx", version: "latest" });
    assert.equal(tagMatches(["v1*"], "v1.2"), true);
    assert.equal(tagMatches(["v1"], "v1.2"), false);
  });

  it("missing, unread, malformed and forbidden variables, and keys that do not exist, are reported", () => {
    const variables = {
      HOST: { required: true, at: "x:1" },
      PORT: { form: "^\\d+$", at: "x:2" },
      OLD: { unread: "for rolling back" },
      BAD: { never: "it breaks" },
      TOKEN: "x:3",
      "EXTRA_*": "x:4",
    };
    const env = [
      { name: "PORT", value: "http" },
      { name: "OLD", value: "1" },
      { name: "BAD", value: "1" },
      { name: "WHAT", value: "1" },
      { name: "EXTRA_A", value: "1" },
      { name: "TOKEN", valueFrom: { secretKeyRef: { name: "s", key: "no" } } },
    ];
    const secret = object("v1", "Secret", "s", { stringData: new Secret({ token: "t" }) });
    assert.deepEqual(problems({ variables }, deployment({ env }), secret), [
      "variable HOST is required and missing (x:1)",
      "variable PORT does not have the form ^\\d+$ (x:2)",
      "variable BAD must not be set: it breaks",
      "variable WHAT is set but not read",
      "variable TOKEN: Secret s has no key no",
    ]);
    const whole = [{ secretRef: { name: "s" }, prefix: "HOST" }];
    assert.deepEqual(
      problems({ variables: { HOSTtoken: { required: true, form: "^t$" } } }, deployment({ envFrom: whole }), secret),
      [],
    );
  });

  it("missing and unread files, and keys of files, are reported", () => {
    const files = {
      "/etc/web/config.yaml": {
        required: true,
        format: "yaml",
        keys: { required: ["a.b", "c.*.d"], optional: ["e"] },
        at: "x:5",
      },
      "/etc/web/key.pem": { required: true, format: "pem", at: "x:6" },
    };
    const data = { "config.yaml": "a: {b: 1, z: 2}\nc: {x: {d: 1}}\ne: {any: thing}\n", stray: "" };
    const map = object("v1", "ConfigMap", "c", { data });
    const mounted = deployment(
      { volumeMounts: [{ name: "v", mountPath: "/etc/web" }] },
      { volumes: [{ name: "v", configMap: { name: "c" } }] },
    );
    assert.deepEqual(problems({ files }, mounted, map), [
      "file /etc/web/key.pem is required and not mounted (x:6)",
      "file /etc/web/config.yaml has the key a.z, which is not read (x:5)",
      "file /etc/web/stray is mounted but not read",
    ]);
    const lacking = object("v1", "ConfigMap", "c", { data: { "config.yaml": "a: {}\n", "key.pem": "no" } });
    assert.deepEqual(problems({ files }, mounted, lacking), [
      "file /etc/web/config.yaml lacks the key a.b (x:5)",
      "file /etc/web/config.yaml lacks the key c.*.d (x:5)",
      "file /etc/web/key.pem is not PEM (x:6)",
    ]);
  });

  it("unknown and missing flags, arguments and files of flags are reported", () => {
    const flags = {
      "--port": { form: "^\\d+$", at: "x:7" },
      "--key": { required: true, file: true, at: "x:8" },
      "-A": { separate: true, at: "x:9" },
    };
    const args = ["serve", "-A", "app", "--port=web", "--what"];
    assert.deepEqual(problems({ flags, words: "serve" }, deployment({ args })), [
      "flag --what is not known",
      "flag --port=web does not have the form ^\\d+$ (x:7)",
      "flag --key is required and missing (x:8)",
    ]);
    assert.deepEqual(problems({ flags, words: "serve" }, deployment({ args: ["run", "--key=/k"] })), [
      'words "run" do not have the form serve',
      "flag --key=/k is the path of a file that is not mounted (x:8)",
    ]);
  });

  it("a probe that nothing answers, a port where nothing listens and a call in the wrong shell are reported", () => {
    const ports = {
      8080: { answers: [{ path: "/ready" }], at: "x:10" },
      9090: { when: { variable: "METRICS" }, at: "x:11" },
    };
    const container = {
      ports: [{ containerPort: 8080, name: "http" }, { containerPort: 9090 }],
      readinessProbe: { httpGet: { port: "http", path: "/healthz" } },
      livenessProbe: { exec: { command: ["sh", "-c", "ask --now"] } },
      startupProbe: { tcpSocket: { port: 9090 } },
    };
    const service = object("v1", "Service", "one", {
      spec: {
        selector: { app: "one" },
        ports: [
          { port: 80, targetPort: "http" },
          { port: 90, targetPort: 9090 },
        ],
      },
    });
    assert.deepEqual(
      problems({ ports, commands: { ask: { shell: "bash", at: "x:12" } } }, deployment(container), service),
      [
        "port 9090 is declared, but the program does not listen there",
        "livenessProbe calls ask in sh; it is found in bash only (x:12)",
        "readinessProbe calls /healthz on port 8080, which does not exist there (x:10)",
        "startupProbe calls port 9090, where the program does not listen",
        "Service apps/one: port 90 leads to 9090, where no program listens",
      ],
    );
  });

  it("users, capabilities, memory, folders and tokens that do not fit are reported", () => {
    const fields = {
      ...{
        user: { image: "root", root: true, at: "x:13" },
        capabilities: ["CHOWN"],
        memory: { atLeast: "512Mi", at: "x:14" },
      },
      writes: [
        { path: "/data/x", at: "x:15" },
        { path: "/run", at: "x:16" },
        { path: "/tmp", at: "x:17" },
      ],
      reads: [
        { path: "/tmp/own", at: "x:18" },
        { path: "/given", at: "x:19" },
      ],
    };
    const container = {
      resources: { limits: { memory: "128Mi" } },
      securityContext: {
        readOnlyRootFilesystem: true,
        runAsUser: 1000,
        allowPrivilegeEscalation: false,
        capabilities: { drop: ["ALL"], add: ["NET_RAW"] },
      },
      volumeMounts: [
        { name: "data", mountPath: "/data" },
        { name: "tmp", mountPath: "/tmp" },
        { name: "given", mountPath: "/given", readOnly: true },
      ],
    };
    const pod = {
      automountServiceAccountToken: true,
      volumes: [
        { name: "data", persistentVolumeClaim: {} },
        { name: "tmp", emptyDir: {} },
        { name: "given", emptyDir: {} },
      ],
    };
    assert.deepEqual(problems(fields, deployment(container, pod)), [
      "must run as root (x:13)",
      "capability CHOWN is required and dropped",
      "requires a capability, which only its file can give this user: allowPrivilegeEscalation: false forbids that",
      "capability NET_RAW is added but not required",
      "memory limit 128Mi is below 512Mi (x:14)",
      "only reads /tmp/own, which is mounted for writing (x:18)",
      "writes /data/x, on a volume that belongs to root without fsGroup (x:15)",
      "writes /run, and the root filesystem is read-only (x:16)",
      "has its account's token mounted, and no program uses it",
    ]);
  });

  it("a Job of a program that never ends, and a Deployment of one that does, are reported", () => {
    const job = (init: Json = {}): Registration => {
      const containers = [{ name: "main", image: "example.org/team/web:1.2" }];
      const spec = { automountServiceAccountToken: false, containers, ...init };
      return object("batch/v1", "Job", "one", { spec: { template: { spec } } });
    };
    assert.deepEqual(problems({}, job()), ["must end, and its program does not"]);
    assert.deepEqual(problems({ ends: true }, job()), []);
    assert.deepEqual(problems({ ends: true }, deployment({})), ["ends after its work, and would be started again"]);
    const initContainers = [{ name: "first", image: "example.org/team/web:1.2" }];
    assert.deepEqual(problems({}, deployment({}, { initContainers })), ["must end, and its program does not"]);
  });

  it("connections that no NetworkPolicy allows out or in are reported", () => {
    const peers = [
      { to: "${STORE}", at: "x:18" },
      { to: "world", port: 443, at: "x:19" },
      { to: "nowhere", port: 1, at: "x:20" },
    ];
    const store = object("v1", "Service", "store", { spec: { selector: { app: "store" }, ports: [{ port: 6379 }] } });
    const target = object("apps/v1", "Deployment", "store", {
      spec: {
        template: {
          metadata: { labels: { app: "store" } },
          spec: { automountServiceAccountToken: false, containers: [] },
        },
      },
    });
    const policy = (name: string, app: string, rules: Json): Registration =>
      object("networking.k8s.io/v1", "NetworkPolicy", name, {
        spec: { podSelector: { matchLabels: { app } }, policyTypes: ["Ingress", "Egress"], ...rules },
      });
    const dns = { ports: [{ port: 53, protocol: "UDP" }], to: [{ namespaceSelector: {} }] };
    const out = (port: number): Json => ({
      ports: [{ port }],
      to: [{ podSelector: { matchLabels: { app: "store" } } }],
    });
    const pod = deployment({ env: [{ name: "STORE", value: "redis://store.apps.svc:6379/0" }] });
    const fields = { peers, variables: { STORE: "x:1" } };
    assert.deepEqual(
      problems(fields, pod, store, target, policy("a", "one", { egress: [dns, out(6380)] }), policy("b", "store", {})),
      [
        "calls ${STORE} at port 6379, and no NetworkPolicy allows the egress (x:18)",
        "calls ${STORE} at port 6379, and no NetworkPolicy allows the ingress (x:18)",
        "calls world at port 443, and no NetworkPolicy allows the egress (x:19)",
        "calls nowhere, and there is no Service nowhere in apps (x:20)",
      ],
    );
    const into = { ingress: [{ from: [{ podSelector: { matchLabels: { app: "one" } } }], ports: [{ port: 6379 }] }] };
    const world = { ports: [{ port: 443 }], to: [{ ipBlock: { cidr: "0.0.0.0/0" } }] };
    const fine = { peers: peers.slice(0, 2), variables: { STORE: "x:1" } };
    assert.deepEqual(
      problems(
        fine,
        pod,
        store,
        target,
        policy("a", "one", { egress: [dns, out(6379), world] }),
        policy("b", "store", into),
      ),
      [],
    );
  });

  it("API calls that an account may not make, and permissions that no program uses, are reported", () => {
    const permissions = [
      { resources: ["pods"], verbs: ["get", "delete"], at: "x:21" },
      { resources: ["configmaps"], verbs: ["get"], in: "${WHERE}", at: "x:22" },
      { resources: ["events"], verbs: ["create"], spare: "for the next version", at: "x:23" },
      { resources: ["secrets"], verbs: ["get"], at: "x:24" },
      { resources: ["secrets"], verbs: ["update"], name: "lock", at: "x:25" },
      { resources: ["secrets"], verbs: ["patch"], name: "other", at: "x:26" },
      { resources: ["secrets"], verbs: ["watch"], name: "*", at: "x:27" },
    ];
    const role = object("rbac.authorization.k8s.io/v1", "Role", "r", {
      rules: [
        { apiGroups: [""], resources: ["pods", "events"], verbs: ["get", "create"] },
        {
          apiGroups: [""],
          resources: ["secrets"],
          verbs: ["get", "update", "patch", "watch"],
          resourceNames: ["lock"],
        },
      ],
    });
    const binding = object("rbac.authorization.k8s.io/v1", "RoleBinding", "b", {
      roleRef: { kind: "Role", name: "r" },
      subjects: [{ kind: "ServiceAccount", name: "robot" }],
    });
    const pod = { serviceAccountName: "robot", automountServiceAccountToken: true };
    const container = { env: [{ name: "WHERE", value: "jobs" }] };
    assert.deepEqual(
      problems({ permissions, variables: { WHERE: "x:1" } }, deployment(container, pod), role, binding),
      [
        "may not delete pods in apps, which it does (x:21)",
        "may not get configmaps in jobs, which it does (x:22)",
        "may not get secrets in apps, which it does (x:24)",
        "may not patch secrets in apps, which it does (x:26)",
        "may create pods in apps by Role r, and no program does",
        "may get events in apps by Role r, and no program does",
      ],
    );
  });

  it("exactly one program must be chosen of an image that holds several", () => {
    const programs = {
      worker: { when: { variables: { MODE: "^worker$" } }, variables: { QUEUE: { required: true, at: "x:24" } } },
      beat: { when: { command: "beat" } },
    };
    const variables = { MODE: "x:25" };
    const run = (container: Json): readonly string[] => problems({ programs, variables }, deployment(container));
    assert.deepEqual(run({ env: [{ name: "MODE", value: "worker" }] }), [
      "variable QUEUE is required and missing (x:24)",
    ]);
    assert.deepEqual(run({}), ["runs none of the programs of its contract"]);
    assert.deepEqual(run({ args: ["beat"], env: [{ name: "MODE", value: "worker" }] }), [
      "could be worker or beat of its contract",
    ]);
  });
});
