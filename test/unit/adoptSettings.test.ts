/** Settings that adoption takes from what runs: pins of images, and the tables of the systems, on objects of real shape. */
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { Json } from "../../policy/manifest.ts";
import type { DeclaredObject } from "../../ops/lib/adopt/objects.ts";
import { imagePins } from "../../ops/lib/adopt/pins.ts";
import { Running } from "../../ops/lib/adopt/running.ts";
import { suggestions, valueAt } from "../../ops/lib/adopt/settingTable.ts";
import { settingTables } from "../../ops/lib/adopt/settingTables.ts";
import { schemas } from "../../components/registry.ts";
import { readStackFile, stackPath } from "../../config/stackFile.ts";

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;
const cluster = "image-registry.openshift-image-registry.svc:5000";

function workload(kind: string, name: string, image: string, container = name): Json {
  const template = { metadata: { labels: { app: name } }, spec: { containers: [{ name: container, image }] } };
  return {
    ...{ apiVersion: "apps/v1", kind, metadata: { name, namespace: "bots" } },
    spec: { selector: kind === "DeploymentConfig" ? { app: name } : { matchLabels: { app: name } }, template },
  };
}

function pod(name: string, image: string, imageID: string, container = name): Json {
  return {
    ...{ apiVersion: "v1", kind: "Pod", metadata: { name: `${name}-1`, namespace: "bots", labels: { app: name } } },
    spec: { containers: [{ name: container, image }] },
    status: { phase: "Running", containerStatuses: [{ name: container, image, imageID }] },
  };
}

function declared(kind: string, name: string, image: string): DeclaredObject {
  const body = workload(kind, name, image);
  const urn = `urn:pulumi:prod::orrery::kubernetes:apps/v1:${kind}::${name}`;
  const registration = { urn, type: "", name, parent: "", provider: "", inputs: {}, options: {} };
  return { ...{ cluster: "ibm", apiVersion: "apps/v1", kind, namespace: "bots", name }, body, registration };
}

const setting = { namespace: "prow", at: ["images", "deck"], image: "new.example/deck:v2" };

describe("images that run, as settings", () => {
  const pins = (image: string, ...live: Json[]) =>
    imagePins(
      [setting],
      [declared("Deployment", "deck", setting.image)],
      new Running([workload("Deployment", "deck", image), ...live]),
    );

  it("an image gets the tag of its workload and the digest that its pods run", () => {
    const image = "gcr.io/k8s-prow/deck:v1";
    const { changes, unpinned, builds } = pins(
      image,
      pod("deck", image, `docker-pullable://gcr.io/k8s-prow/deck@${digest("a")}`),
    );
    assert.deepEqual(
      changes.map(({ at, value }) => [at, value]),
      [[["images", "deck"], `${image}@${digest("a")}`]],
    );
    assert.deepEqual([unpinned, builds.get(image)], [[], digest("a")]);
  });

  it("without a running pod an image is pinned by its tag, and that is said; `latest` is none", () => {
    const byTag = pins("gcr.io/k8s-prow/deck:v1");
    assert.deepEqual(
      byTag.changes.map(({ value }) => value),
      ["gcr.io/k8s-prow/deck:v1"],
    );
    assert.match(byTag.unpinned[0]?.reason ?? "", /^pinned by its tag alone/);
    const floating = pins("gcr.io/k8s-prow/deck:latest");
    assert.deepEqual(floating.changes, []);
    assert.match(floating.unpinned[0]?.reason ?? "", /no running pod tells its build/);
  });

  it("different builds of one tag are not pinned, nor is a digest by which nobody can pull", () => {
    const image = "gcr.io/k8s-prow/deck:v1";
    const twin = {
      ...pod("deck", image, `gcr.io/k8s-prow/deck@${digest("b")}`),
      metadata: { name: "deck-2", namespace: "bots", labels: { app: "deck" } },
    };
    const { changes, unpinned } = pins(image, pod("deck", image, `gcr.io/k8s-prow/deck@${digest("a")}`), twin);
    assert.deepEqual(changes, []);
    assert.match(unpinned[0]?.reason ?? "", /different builds of it run: sha256:a{12}, sha256:b{12}/);
    const local = pins(image, pod("deck", image, `docker://${digest("c")}`));
    assert.deepEqual(
      local.changes.map(({ value }) => value),
      [image],
    );
  });

  it("an image that nobody's setting names, or that the cluster built, is reported", () => {
    const program = [declared("Deployment", "web", "program.example/web:2")];
    const { unpinned } = imagePins(
      [setting],
      program,
      new Running([workload("Deployment", "web", "old.example/web:1")]),
    );
    assert.deepEqual(
      unpinned.map(({ image, where, reason }) => [image, where, reason]),
      [["old.example/web:1", "Deployment bots/web, container web", "no setting names it, only the program"]],
    );
    const stream = { kind: "ImageStream", metadata: { name: "deck", namespace: "bots" }, status: { tags: [] } };
    const built = pins(`${cluster}/bots/deck@${digest("d")}`, stream);
    assert.deepEqual([built.changes, built.unpinned[0]?.reason], [[], "it was built in the cluster"]);
  });

  it("an ImageStream's image of a DeploymentConfig is pinned by the digest that the stream has from outside", () => {
    const own = {
      ...{ namespace: "packit", at: ["images", "worker", "digest"], digestOnly: true, stream: "packit-worker" },
      tag: "prod",
      image: "quay.io/packit/packit-worker:prod",
    };
    const stream = {
      ...{
        apiVersion: "image.openshift.io/v1",
        kind: "ImageStream",
        metadata: { name: "packit-worker", namespace: "bots" },
      },
      status: {
        tags: [
          {
            tag: "prod",
            items: [{ image: digest("e"), dockerImageReference: `quay.io/packit/packit-worker@${digest("e")}` }],
          },
        ],
      },
    };
    const live = workload("DeploymentConfig", "beat", `${cluster}/bots/packit-worker@${digest("e")}`);
    const beat = declared("Deployment", "beat", `${cluster}/bots/packit-worker:prod`);
    const { changes, unpinned } = imagePins([own], [beat], new Running([live, stream]));
    assert.deepEqual(
      [changes.map(({ at, value }) => [at, value]), unpinned],
      [[[["images", "worker", "digest"], digest("e")]], []],
    );
  });
});

describe("fields of objects by their path", () => {
  it("items of lists are found by index, name, and texts by their beginning", () => {
    const object = {
      spec: {
        containers: [{ name: "web", args: ["--a=1", "--webhook-path=/hook"] }],
        templates: [{ metadata: { name: "data" }, size: "1Gi" }],
      },
    };
    assert.equal(valueAt(object, "spec.containers[web].args[--webhook-path=]"), "/hook");
    assert.equal(valueAt(object, "spec.templates[data].size"), "1Gi");
    assert.equal(valueAt(object, "spec.containers[0].name"), "web");
    assert.equal(valueAt({ metadata: { annotations: { "a.b/c": "x" } } }, "metadata.annotations[a.b/c]"), "x");
    assert.equal(valueAt(object, "spec.nothing[web].at.all"), undefined);
  });
});

/** Settings of a system in a committed stack, as its schema completes them. */
function settingsOf(namespace: keyof typeof schemas, stack: string): unknown {
  const raw = readStackFile(stackPath(stack)).entries.get(`${namespace}:settings`)?.value ?? "{}";
  return schemas[namespace].settings.parse(JSON.parse(raw));
}

/** What a system's table makes of live objects, next to the same ones as they are declared. */
function suggested(
  namespace: keyof typeof schemas,
  stack: string,
  pairs: Readonly<Record<string, readonly [live: Json, declared?: Json]>>,
) {
  const settings = settingsOf(namespace, stack);
  const table = settingTables(namespace, settings);
  assert.ok(table);
  const found = suggestions(namespace, table, settings, {
    live: (title) => pairs[title]?.[0],
    declared: (title) => pairs[title]?.[1],
  });
  return Object.fromEntries(found.map(({ at, value }) => [at.join("."), value]));
}

describe("tables of settings", () => {
  const claim = (storage: string, storageClassName: string, mode: string): Json => ({
    spec: { accessModes: [mode], storageClassName, resources: { requests: { storage } } },
  });

  it("Prow's hosts, replicas, claims, and the files that its updater owns are settings", () => {
    const plugins = (text: string): Json => ({ data: { "plugins.yaml": text } });
    const maps =
      "config_updater:\n  maps:\n    a/config.yaml: {name: config}\n    jobs/**/*.yaml: {name: job-config, gzip: true}\n";
    const container = (name: string, more: object, replicas = 2): Json => ({
      spec: { replicas, template: { spec: { containers: [{ name, ...more }] } } },
    });
    assert.deepEqual(
      suggested("prow", "prod", {
        "Deployment kubevirt-prow/deck": [
          container("deck", {
            resources: { limits: { cpu: "2", memory: "4Gi" }, requests: { cpu: "1", memory: "4Gi" } },
          }),
          container(
            "deck",
            {
              resources: { limits: { cpu: "1", memory: "2Gi" }, requests: { cpu: "1", memory: "2Gi" } },
            },
            3,
          ),
        ],
        "Deployment kubevirt-prow/hook": [
          container("hook", { args: ["--github-app-id=77"] }),
          container("hook", {}, 4),
        ],
        "Ingress kubevirt-prow/hook": [
          {
            spec: {
              ingressClassName: "nginx",
              rules: [{ host: "hook.example.org", http: { paths: [{ path: "/github" }] } }],
            },
          },
          { spec: { rules: [{ host: "hook.other", http: { paths: [{ path: "/hook" }] } }] } },
        ],
        "PersistentVolumeClaim kubevirt-prow/ghproxy": [
          claim("100Gi", "fast", "ReadWriteMany"),
          claim("1Gi", "slow", "ReadWriteOnce"),
        ],
        "ConfigMap kubevirt-prow/plugins": [plugins(maps), plugins("plugins: {}\n")],
      }),
      {
        "replicas.deck": 2,
        "resources.deck.memory": "4Gi",
        "replicas.hook": 2,
        "hosts.hook": "hook.example.org",
        "ingress.class": "nginx",
        "paths.hook": "/github",
        "ghproxy.size": "100Gi",
        "ghproxy.storageClass": "fast",
        "ghproxy.accessMode": "ReadWriteMany",
        "github.appId": 77,
        "configuration.updaterOwns": ["config", "job-config"],
      },
    );
  });

  it("DIALS' workers of gunicorn, its database's user and its EOS claim are settings, and no password is read", () => {
    const uri = (text: string): Json => ({ data: { DJANGO_DATABASE_URI: Buffer.from(text).toString("base64") } });
    const map = (data: object): Json => ({ data });
    const text = suggested("dials", "prod", {
      "ConfigMap cms-dials-prod/dials-backend-configmap": [
        map({ GUNICORN_N_WORKERS: "7", DJANGO_CACHE_TTL: "60" }),
        map({ GUNICORN_N_WORKERS: "3" }),
      ],
      "Secret cms-dials-prod/dials-backend-secrets": [
        uri("postgresql://olduser:secret@dbod.cern.ch:6604"),
        uri("postgresql://x:y@z:1"),
      ],
      "PersistentVolumeClaim cms-dials-prod/eos-storage": [
        claim("1Mi", "eos", "ReadWriteMany"),
        claim("1Gi", "eos", "ReadWriteMany"),
      ],
      "Route cms-dials-prod/dials-backend": [
        {
          spec: { host: "api-of-old.web.cern.ch" },
          metadata: { annotations: { "haproxy.router.openshift.io/timeout": "5m" } },
        },
        { spec: { host: "x" }, metadata: { annotations: {} } },
      ],
    });
    assert.deepEqual(text, {
      apiHost: "api-of-old.web.cern.ch",
      "web.routeTimeoutSeconds": 300,
      "web.gunicornWorkers": 7,
      "web.cacheSeconds": 60,
      "eos.size": "1Mi",
      "database.host": "dbod.cern.ch",
      "database.port": 6604,
      "database.user": "olduser",
    });
  });

  it("Packit's parts and kinds follow what is there, also as DeploymentConfigs", () => {
    const live: Json = { kind: "DeploymentConfig" };
    const said = suggested("packit", "prod", {
      "Deployment packit-prod/flower": [live],
      "Deployment packit-prod/valkey": [live],
      "Deployment packit-prod/postgres-15": [live],
      "StatefulSet packit-prod/packit-worker": [{ spec: { replicas: 6 } }, { spec: { replicas: 1 } }],
    });
    assert.deepEqual(
      [said["parts.flower"], said["keyValue.kind"], said["postgres.version"], said["parts.tokman"]],
      [true, "valkey", "15", false],
    );
    assert.equal(said["workers.allTasks"], 6);
  });

  it("Thoth's alphas, sizes and users, and Callysto's flavours and volumes are settings", () => {
    const set = (replicas: number, storage: string, image: string): Json => ({
      spec: {
        replicas,
        volumeClaimTemplates: [{ metadata: { name: "datadir" }, ...claim(storage, "ssd", "ReadWriteOnce") }],
        template: { spec: { containers: [{ name: "alpha", image }] } },
      },
    });
    const user = (name: string): Json => ({ data: { "user-name": Buffer.from(name).toString("base64") } });
    const thoth = suggested("thoth", "stage", {
      "StatefulSet thoth-dgraph-stage/alpha": [
        set(6, "50Gi", "dgraph/dgraph:v1.0.14"),
        set(3, "5Gi", "docker.io/dgraph/dgraph:v1.0.15"),
      ],
      "Secret aicoe-stage-bots/nepthys-secret": [user("khebhut"), user("sesheta")],
    });
    assert.deepEqual(
      [thoth["dgraph.alphas"], thoth["dgraph.storageSize"], thoth["dgraph.version"], thoth["bots.nepthys.userName"]],
      [6, "50Gi", "v1.0.14", "khebhut"],
    );
    assert.deepEqual(
      suggested("callysto", "stage", {
        "Instance hub-dev.callysto.farm": [{ flavorName: "m1.huge" }, { flavorName: "m1.small" }],
        "Volume hub-dev.callysto.farm-zfs-01": [{ size: 400, volumeType: "ssd" }, { size: 100 }],
      }),
      {
        "environments.hub-dev.flavor": "m1.huge",
        "environments.hub-dev.volumes.size": 400,
        "environments.hub-dev.volumes.type": "ssd",
      },
    );
  });
});
