/** Packit and the Stream service, staging and production, side by side on one cluster: from nothing to nothing. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { packitSchema } from "../../components/packit/config.ts";
import { openSalt } from "../../config/passphrase.ts";
import { samplePassphrase } from "../../config/samples.ts";
import { readStackFile } from "../../config/stackFile.ts";
import { eventually, lab } from "../../lab/harness/cloud.ts";
import { fileSecrets } from "../../ops/lib/packit/secretFiles.ts";
import { api, kubeApi, type KubeObject } from "../../lab/harness/kube.ts";
import { SystemOnLab } from "../../lab/harness/system.ts";

/** What each program has on the cluster: namespaces, workloads with their pods, Routes and bound claims. */
const expected = {
  "packit stage": { namespaces: ["packit-stg", "packit-stg-sandbox"], sets: 1, pods: 10, routes: 3, claims: 3 + 2 + 1 },
  "stream stage": { namespaces: ["stream-stg"], sets: 1, pods: 4, routes: 1, claims: 2 + 1 },
  "packit prod": {
    namespaces: ["packit-prod", "packit-prod-sandbox", "packit-service-validation"],
    sets: 3,
    pods: 12,
    routes: 3,
    claims: 3 + 5 + 2,
  },
  "stream prod": { namespaces: ["stream-prod"], sets: 1, pods: 4, routes: 1, claims: 2 + 1 },
} as const;
type Name = keyof typeof expected;
const names = Object.keys(expected) as Name[];

interface Workload extends KubeObject {
  readonly status: { readonly readyReplicas?: number };
}

const account = (namespace: string, name: string): string => `system:serviceaccount:${namespace}:${name}`;

describe("Packit and Stream, staging and production, on one cluster", function () {
  this.timeout(600_000);
  const open = new Map<Name, SystemOnLab>();
  const one = (name: Name): SystemOnLab => {
    const found = open.get(name);
    assert.ok(found, `${name} was not opened`);
    return found;
  };
  /** Does the same with all four, two at a time, as the machine may have two processors. */
  const all = async (work: (system: SystemOnLab, name: Name) => Promise<void>): Promise<void> => {
    for (const service of ["packit", "stream"] as const) {
      await Promise.all(
        (["stage", "prod"] as const).map((stack) => work(one(`${service} ${stack}`), `${service} ${stack}`)),
      );
    }
  };
  const inAll = async <T extends KubeObject>(name: Name, group: string, plural: string): Promise<readonly T[]> => {
    const found = expected[name].namespaces.map((at) => api.list<T>(`${group}/namespaces/${at}/${plural}`));
    return (await Promise.all(found)).flat();
  };

  before(async () => {
    for (const name of names) {
      const [service = "", stack = ""] = name.split(" ");
      open.set(name, await SystemOnLab.open(service, stack));
    }
  });
  after(async () => {
    for (const [name, system] of open) await system.close(...expected[name].namespaces);
  });

  it("every resource of all four deployments exists as declared", () => all((system) => system.assertDeploys()));

  it("every pod is ready, every Route admitted and every claim bound", async () => {
    for (const name of names) {
      const { sets, pods, routes, claims } = expected[name];
      const deployments = await inAll<Workload>(name, "/apis/apps/v1", "deployments");
      const stateful = await inAll<Workload>(name, "/apis/apps/v1", "statefulsets");
      assert.equal(stateful.length, sets, name);
      const ready = [...deployments, ...stateful].reduce((sum, { status }) => sum + (status.readyReplicas ?? 0), 0);
      assert.equal(ready, pods, name);
      interface Route extends KubeObject {
        readonly status: { ingress: readonly { conditions: readonly { status: string }[] }[] };
      }
      const found = await inAll<Route>(name, "/apis/route.openshift.io/v1", "routes");
      assert.equal(found.length, routes, name);
      assert.ok(found.every(({ status }) => status.ingress[0]?.conditions[0]?.status === "True"));
      interface Claim extends KubeObject {
        readonly status: { readonly phase: string };
      }
      const bound = await inAll<Claim>(name, "/api/v1", "persistentvolumeclaims");
      assert.equal(bound.length, claims, name);
      assert.deepEqual(
        bound.filter(({ status }) => status.phase !== "Bound"),
        [],
      );
    }
  });

  it("each cache volume of a worker is paired with one of its sandboxes", async () => {
    const claims = async (namespace: string, prefix: string): Promise<readonly string[]> =>
      (await api.list(`/api/v1/namespaces/${namespace}/persistentvolumeclaims`))
        .map(({ metadata }) => metadata.name)
        .filter((name) => name.startsWith(prefix))
        .map((name) => name.slice(prefix.length))
        .toSorted();
    const pairs = { stg: ["packit-worker-0"], prod: ["packit-worker-0", "packit-worker-long-running-0"] };
    for (const [deployment, pods] of Object.entries(pairs)) {
      assert.deepEqual(await claims(`packit-${deployment}`, "packit-worker-repository-cache-"), pods);
      assert.deepEqual(await claims(`packit-${deployment}-sandbox`, "sandcastle-repository-cache-"), pods);
    }
  });

  it("each account has the permissions that it needs, in its own namespaces only", async () => {
    // What `kubectl auth can-i` asks; that drops the group of a resource that the lab's API does not serve.
    type Question = readonly [user: string, namespace: string, verb: string, resource: string, name?: string];
    const can = async ([user, namespace, verb, what, name = ""]: Question): Promise<boolean> => {
      const [, resource, group = "", subresource = ""] = /^(\w+)(?:\.([\w.]+))?(?:\/(\w+))?$/.exec(what) ?? [];
      const resourceAttributes = { namespace, verb, group, resource, subresource, name };
      const review = { spec: { user, resourceAttributes } };
      const { status } = await api.post<{ status: { allowed: boolean } }>(
        "/apis/authorization.k8s.io/v1/subjectaccessreviews",
        { apiVersion: "authorization.k8s.io/v1", kind: "SubjectAccessReview", ...review },
      );
      return status.allowed;
    };
    const importer = account("packit-prod", "importimager");
    const worker = account("packit-prod", "packit-worker");
    const cleaner = account("packit-prod-sandbox", "pvcdeleter");
    const sandbox = "packit-prod-sandbox";
    const yes: Question[] = [
      [importer, "packit-prod", "create", "imagestreamimports.image.openshift.io"],
      [importer, "packit-prod", "get", "imagestreams.image.openshift.io", "packit-worker"],
      [importer, "packit-prod", "update", "imagestreams.image.openshift.io", "tokman"],
      [importer, "packit-prod", "patch", "statefulsets.apps", "packit-worker-long-running"],
      [importer, "packit-prod", "patch", "deployments.apps", "packit-service-beat"],
      [cleaner, sandbox, "delete", "pods"],
      [cleaner, sandbox, "list", "persistentvolumeclaims"],
      [cleaner, sandbox, "delete", "persistentvolumeclaims"],
      [worker, sandbox, "create", "pods"],
      [worker, sandbox, "create", "pods/exec"],
      [worker, sandbox, "get", "pods/log"],
      [worker, sandbox, "delete", "persistentvolumeclaims"],
    ];
    const no: Question[] = [
      [importer, "packit-prod", "delete", "imagestreams.image.openshift.io", "packit-worker"],
      [importer, "packit-prod", "patch", "deployments.apps", "postgres-12"],
      [importer, "packit-prod", "get", "secrets"],
      [importer, "packit-stg", "create", "imagestreamimports.image.openshift.io"],
      [cleaner, sandbox, "create", "pods"],
      [cleaner, sandbox, "get", "secrets"],
      [cleaner, "packit-prod", "delete", "persistentvolumeclaims"],
      [cleaner, "packit-stg-sandbox", "delete", "pods"],
      [worker, sandbox, "get", "secrets"],
      [worker, sandbox, "update", "resourcequotas"],
      [worker, "packit-prod", "list", "pods"],
      [worker, "packit-stg-sandbox", "create", "pods"],
    ];
    for (const question of yes) assert.equal(await can(question), true, question.join(" "));
    for (const question of no) assert.equal(await can(question), false, question.join(" "));
  });

  it("a worker creates sandboxes as sandcastle does, until the quota is full", async () => {
    const namespace = "packit-stg-sandbox";
    const { status } = await api.post<{ status: { token: string } }>(
      "/api/v1/namespaces/packit-stg/serviceaccounts/packit-worker/token",
      { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} },
    );
    const worker = kubeApi(lab, status.token);
    const at = `/api/v1/namespaces/${namespace}/pods`;
    const nameOf = (index: number): string => `quay-io-packit-sandcastle-stg-${index}`;
    const make = (index: number): Promise<KubeObject> => {
      const resources = { requests: { memory: "512Mi", cpu: "50m" }, limits: { memory: "768Mi" } };
      const spec = {
        automountServiceAccountToken: false,
        restartPolicy: "Never",
        containers: [{ name: "sandcastle", image: "quay.io/packit/sandcastle:stg", resources }],
      };
      return worker.post(at, { apiVersion: "v1", kind: "Pod", metadata: { name: nameOf(index) }, spec });
    };
    // Two for its one worker, and the cleanup's.
    for (const index of [1, 2, 3]) await make(index);
    await assert.rejects(make(4), { status: 403, message: /exceeded quota: sandbox/ });
    for (const index of [1, 2, 3]) await worker.delete(`${at}/${nameOf(index)}?gracePeriodSeconds=1`);
    await eventually(
      "the sandboxes' end",
      () => api.list(at),
      (left) => left.length === 0,
    );
  });

  it("a second up of all four deployments changes nothing", () => all((system) => system.assertNoChanges()));

  it("load-secrets takes a folder of the secrets repository; the changed file is on the cluster byte by byte, and exactly its readers restart", async () => {
    const system = one("packit stage");
    const copr = [
      ...[
        "[copr-cli]",
        "# ž, blanks and lines at the end  ",
        "login = another",
        "username = packit",
        "token = sample-token",
      ],
      ...["copr_url = https://copr.sample.invalid", "  ", "", ""],
    ].join("\n");
    const folder = mkdtempSync(path.join(tmpdir(), "packit-secrets-"));
    try {
      await system.with([], async () => {
        const file = readStackFile(system.target.file);
        const crypter = openSalt(file.encryptionSalt ?? "", samplePassphrase("stage"));
        const settings = packitSchema.settings.parse(JSON.parse(file.entries.get("packit:settings")?.value ?? "{}"));
        for (const { name, file: to, binary } of fileSecrets({ schema: packitSchema, settings })) {
          const secret = file.entries.get(`packit:${name}`)?.value;
          if (secret === undefined) continue;
          const text = crypter.decrypt(secret);
          writeFileSync(path.join(folder, to), name === "copr" ? copr : Buffer.from(text, binary ? "base64" : "utf8"));
        }
        const loaded = await system.ops(["load-secrets", folder]);
        assert.equal(loaded.code, 0, loaded.stderr);
        const { code, text, changed } = await system.up();
        assert.equal(code, 0, text);
        const workloads = changed.filter(
          ({ urn }) => /:(Deployment|StatefulSet)::/.test(urn) && /kubernetes:apps/.test(urn),
        );
        assert.deepEqual(workloads.map(({ op, urn }) => `${op} ${urn.split("::").at(-1) ?? ""}`).toSorted(), [
          ...["update packit-beat-deployment", "update packit-fedmsg-deployment", "update packit-packit-worker-set"],
          "update packit-web-deployment",
        ]);
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
    const secrets = await api.list<KubeObject & { data?: Readonly<Record<string, string>> }>(
      "/api/v1/namespaces/packit-stg/secrets",
    );
    const there = secrets.map(({ data }) => data?.copr).filter((one) => one !== undefined);
    assert.deepEqual(there, [Buffer.from(copr).toString("base64")]);
  });

  it("destroy refuses to delete data, and is clean on request", async () => {
    await one("packit stage").assertDestroyRefused();
    await all((system, name) =>
      system.assertDestroyed(
        ...expected[name].namespaces.map((at) => `/apis/apps/v1/namespaces/${at}/deployments`),
        ...expected[name].namespaces.map((at) => `/api/v1/namespaces/${at}/secrets`),
      ),
    );
    const kept = await api.list("/api/v1/namespaces/packit-prod/persistentvolumeclaims");
    assert.ok(
      kept.some(({ metadata }) => metadata.name === "postgres-12"),
      "production's volumes outlive the program",
    );
  });
});
