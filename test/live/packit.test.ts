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
import { eventually } from "../../lab/harness/cloud.ts";
import { fileSecrets } from "../../ops/lib/packit/secretFiles.ts";
import { api, type KubeObject } from "../../lab/harness/kube.ts";
import { type Ended, kubectl, runJob } from "./packitOps/job.ts";
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
  readonly spec: {
    readonly replicas: number;
    readonly template: { readonly metadata: { readonly annotations?: Readonly<Record<string, string>> } };
  };
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
    const [namespace, as] = ["packit-stg-sandbox", account("packit-stg", "packit-worker")];
    const make = (index: number): Ended => {
      const name = `quay-io-packit-sandcastle-stg-${index}`;
      const resources = { requests: { memory: "512Mi", cpu: "50m" }, limits: { memory: "768Mi" } };
      const spec = {
        automountServiceAccountToken: false,
        restartPolicy: "Never",
        containers: [{ name: "sandcastle", image: "quay.io/packit/sandcastle:stg", resources }],
      };
      const pod = JSON.stringify({ apiVersion: "v1", kind: "Pod", metadata: { name }, spec });
      return kubectl(["create", "--namespace", namespace, "--filename", "-"], { as, input: pod });
    };
    // Two for its one worker, and the cleanup's.
    for (const index of [1, 2, 3]) {
      const made = make(index);
      assert.equal(made.status, 0, made.text);
    }
    const refused = make(4);
    assert.notEqual(refused.status, 0);
    assert.match(refused.text, /exceeded quota: sandbox/);
    for (const index of [1, 2, 3]) {
      const name = `quay-io-packit-sandcastle-stg-${index}`;
      assert.equal(kubectl(["delete", "pod", name, "--namespace", namespace, "--now"], { as }).status, 0);
    }
    await eventually(
      "the sandboxes' end",
      () => api.list(`/api/v1/namespaces/${namespace}/pods`),
      (left) => left.length === 0,
    );
  });

  it("the cleanup deletes what has been left for a day, and nothing else", async () => {
    const namespace = "packit-stg-sandbox";
    const make = async (name: string, claim: string, reason?: string): Promise<void> => {
      const spec = {
        storageClassName: "standard",
        accessModes: ["ReadWriteOnce"],
        resources: { requests: { storage: "3Gi" } },
      };
      await api.apply({
        apiVersion: "v1",
        kind: "PersistentVolumeClaim",
        metadata: { name: claim, namespace },
        spec,
      });
      if (name === "") return;
      const volumes = [{ name: "data", persistentVolumeClaim: { claimName: claim } }];
      const containers = [{ name: "main", image: "example.org/a:1" }];
      await api.apply({
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name, namespace },
        spec: { volumes, containers, restartPolicy: "Never" },
      });
      if (reason === undefined) return;
      const terminated = { exitCode: 0, reason };
      const containerStatuses = [
        { name: "main", image: "a", imageID: "", ready: false, restartCount: 0, state: { terminated } },
      ];
      const patch = JSON.stringify({ status: { phase: "Succeeded", containerStatuses } });
      const running = async () =>
        (await api.get<KubeObject & { status?: { phase?: string } }>(`/api/v1/namespaces/${namespace}/pods/${name}`))
          .status?.phase;
      await eventually(`pod ${name} runs`, running, (phase) => phase === "Running");
      const patched = kubectl([
        "patch",
        "pod",
        name,
        "--namespace",
        namespace,
        "--subresource=status",
        "--type=merge",
        "-p",
        patch,
      ]);
      assert.equal(patched.status, 0, patched.text);
    };
    await make("ended", "sandcastle--sandcastle-ended-pvc", "Completed");
    await make("running", "sandcastle--sandcastle-running-pvc");
    await make("", "sandcastle--sandcastle-orphan-pvc");
    // As sandcastle's kube.py names the claim for today's work folder.
    await make("", "sandcastle--tmp-sandcastle-20260803-101010-pvc");
    const left = async (plural: string): Promise<readonly string[]> =>
      (await api.list(`/api/v1/namespaces/${namespace}/${plural}`)).map(({ metadata }) => metadata.name).toSorted();
    const clean = (days: number): Promise<Ended> =>
      runJob({ namespace, job: "delete-pvcs", account: "pvcdeleter", oc: 'exec kubectl "$@"', days });

    const young = await clean(0);
    assert.equal(young.status, 0, young.text);
    assert.deepEqual(await left("pods"), ["ended", "running"]);
    assert.equal((await left("persistentvolumeclaims")).length, 5);

    const old = await clean(2);
    assert.equal(old.status, 0, old.text);
    await eventually(
      "the ended pod's end",
      () => left("pods"),
      (pods) => pods.join() === "running",
    );
    // What the ended pod had goes with the next run, as its end takes a while.
    const again = await clean(2);
    assert.equal(again.status, 0, again.text);
    await eventually(
      "the orphans' end",
      () => left("persistentvolumeclaims"),
      (claims) => claims.join() === "sandcastle--sandcastle-running-pvc,sandcastle-repository-cache-packit-worker-0",
    );
    kubectl(["delete", "pod/running", "pvc/sandcastle--sandcastle-running-pvc", "--namespace", namespace, "--now"]);
  });

  it("the import restarts what runs on a new image, once, and the program sees no drift", async () => {
    const namespace = "packit-stg";
    const digest = `sha256:${"7".repeat(64)}`;
    // The lab's API imports nothing, so the answer of OpenShift's is played; all else is kubectl with the account's rights.
    const oc = `if [ "$1" = import-image ]; then
  name=\${2#is/}
  [ "\${name%%:*}" = tokman ] && exit 1
  exec kubectl --kubeconfig "$ADMIN" patch imagestream "\${name%%:*}" -n "$4" --type merge --subresource=status \\
    -p '{"status":{"tags":[{"tag":"stg","items":[{"image":"${digest}"}]}]}}'
fi
exec kubectl "$@"`;
    const generations = async (): Promise<Record<string, number | undefined>> => {
      interface Seen extends KubeObject {
        readonly metadata: KubeObject["metadata"] & { readonly generation?: number };
      }
      const seen = [
        ...(await api.list<Seen>(`/apis/apps/v1/namespaces/${namespace}/deployments`)),
        ...(await api.list<Seen>(`/apis/apps/v1/namespaces/${namespace}/statefulsets`)),
      ];
      return Object.fromEntries(seen.map(({ metadata }) => [metadata.name, metadata.generation]));
    };
    const before_ = await generations();
    const importAll = (): Promise<Ended> => runJob({ namespace, job: "import-images", account: "importimager", oc });
    const first = await importAll();
    assert.equal(first.status, 1, `one image could not be imported: ${first.text}`);
    const after_ = await generations();
    const rolled = Object.keys(after_).filter((name) => after_[name] !== before_[name]);
    assert.deepEqual(rolled.toSorted(), [
      ...["packit-dashboard", "packit-service", "packit-service-beat", "packit-service-fedmsg", "packit-worker"],
    ]);
    const worker = await api.get<Workload>(`/apis/apps/v1/namespaces/${namespace}/statefulsets/packit-worker`);
    assert.equal(worker.spec.template.metadata.annotations?.["orrery/image"], digest);
    await importAll();
    assert.deepEqual(await generations(), after_, "the same image again rolls nothing");
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
