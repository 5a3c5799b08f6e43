import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { Manifest } from "../../../policy/manifest.ts";
import { manifestViolations } from "../../../policy/violations.ts";
import { Secret } from "../../../review/evaluate/secret.ts";
import type { Built } from "../kubernetes/fixture.ts";
import { app, cron, env, mounts } from "./pods.ts";
import { images, stage, test, wholeStage, wholeTest } from "./stationFixture.ts";
import { buildThoth, problems, thothConfig } from "./fixture.ts";

const titles = ({ manifests }: Built): readonly string[] =>
  manifests.map(({ kind, namespace, name }) => `${kind} ${namespace}/${name}`).sort();
const named = (seen: Built, kind: string): readonly string[] =>
  titles(seen)
    .filter((title) => title.startsWith(`${kind} `))
    .map((title) => title.slice(kind.length + 1));

/** Problems of the stage's good settings with others. */
const wrong = (changed: object): string =>
  problems(thothConfig({ ...stage, station: { ...stage.station, ...changed } })).join("\n");

interface Rule {
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

/** `resource: verbs` of a Role. */
function rules(seen: Built, title: string): readonly string[] {
  const [namespace = "", name = ""] = title.split("/");
  const role = seen.manifests.find((one) => one.kind === "Role" && one.namespace === namespace && one.name === name);
  return ((role?.body.rules ?? []) as readonly Rule[]).map(
    ({ resources, verbs }) => `${resources.join()}: ${verbs.join(" ")}`,
  );
}

/** Every referenced name and key of a Secret or ConfigMap. */
function references(value: unknown): readonly { kind: "Secret" | "ConfigMap"; name: string; key?: string }[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value as Record<string, { name: string; key?: string; secretName?: string }>).flatMap(
    ([member, reference]) => {
      if (member === "secretKeyRef") return [{ kind: "Secret" as const, ...reference }];
      if (member === "configMapKeyRef") return [{ kind: "ConfigMap" as const, ...reference }];
      if (member === "secret") return [{ kind: "Secret" as const, name: reference.secretName ?? "" }];
      return references(reference);
    },
  );
}

const templates = ({ manifests }: Built): readonly Manifest[] => manifests.filter(({ kind }) => kind === "Template");

describe("the Thoth station", () => {
  it("in stage the station has six namespaces, each with a quota and administrators", async () => {
    const seen = await buildThoth(stage);
    const namespaces = ["amun-api", "amun-inspection", "backend", "frontend", "infra", "middletier"].map(
      (one) => `thoth-${one}-stage`,
    );
    assert.deepEqual(
      named(seen, "Namespace"),
      ["/thoth-amun-api-stage", ...namespaces.slice(1).map((one) => `/${one}`), "/thoth-dgraph-stage"].sort(),
    );
    assert.deepEqual(
      named(seen, "ResourceQuota"),
      namespaces.map((one) => `${one}/${one}-quota`),
    );
    assert.deepEqual(
      named(seen, "LimitRange"),
      namespaces.map((one) => `${one}/${one}-quota`),
    );
    assert.deepEqual(seen.object("ResourceQuota thoth-middletier-stage-quota").spec, {
      hard: {
        "limits.cpu": "48",
        "limits.memory": "48Gi",
        "requests.cpu": "48",
        "requests.memory": "32Gi",
        "requests.storage": "64Gi",
        pods: "1000",
      },
    });
    const bindings = named(seen, "RoleBinding").filter((one) => one.endsWith("/administrators"));
    assert.equal(bindings.length, 6);
    assert.deepEqual(manifestViolations(seen.manifests, { openshift: true }), []);
  });

  it("in test the station is complete in one namespace, without duplicates", async () => {
    const seen = await buildThoth(test);
    assert.deepEqual(named(seen, "Namespace"), ["/thoth-test-core"]);
    assert.deepEqual([...new Set(seen.manifests.map(({ namespace }) => namespace))].sort(), ["", "thoth-test-core"]);
    assert.deepEqual(manifestViolations(seen.manifests, { openshift: true }), []);
    for (const one of ["workload-operator", "graph-sync-scheduler"]) {
      assert.deepEqual(
        named(seen, "Deployment").filter((name) => name.includes(`/${one}`)),
        [`thoth-test-core/${one}-thoth-test-core`],
      );
    }
    assert.deepEqual(rules(seen, "thoth-test-core/workload-operator-thoth-test-core"), [
      "configmaps: get list watch delete",
      "resourcequotas: get list",
      "jobs: create",
      "processedtemplates: create",
      // Inspections run in the same namespace.
      "buildconfigs: create",
      "templates: get list",
    ]);
    assert.deepEqual(rules(await buildThoth(stage), "thoth-infra-stage/workload-operator-thoth-backend-stage"), []);
  });

  it("each part of the station runs in its namespace", async () => {
    const seen = await buildThoth(stage);
    const own = (kind: string): readonly string[] =>
      named(seen, kind)
        .filter((one) => !one.startsWith("thoth-dgraph-stage/"))
        .map((one) => one.replace(/^thoth-(.*?)-stage\//, "$1/"));
    assert.deepEqual(own("Deployment"), [
      "amun-api/amun-api",
      "amun-api/graph-sync-scheduler-thoth-amun-inspection-stage",
      "amun-api/workload-operator-thoth-amun-inspection-stage",
      "backend/result-api",
      "frontend/graph-sync-scheduler-thoth-backend-stage",
      "frontend/graph-sync-scheduler-thoth-middletier-stage",
      "frontend/management-api",
      "frontend/metrics-exporter",
      "frontend/user-api",
      "frontend/workload-operator-thoth-backend-stage",
      "frontend/workload-operator-thoth-middletier-stage",
      "middletier/result-api",
    ]);
    assert.deepEqual(own("CronJob"), [
      "amun-api/cleanup-thoth-amun-inspection-stage",
      "frontend/cleanup-thoth-backend-stage",
      "frontend/cleanup-thoth-middletier-stage",
      "frontend/cve-update",
      "frontend/graph-refresh",
      "frontend/package-releases",
    ]);
    assert.deepEqual(own("Route"), [
      "amun-api/amun-api",
      "frontend/management-api",
      "frontend/metrics-exporter",
      "frontend/user-api",
    ]);
    const [cleanup, refresh] = [cron(seen, "cleanup-thoth-backend-stage"), cron(seen, "graph-refresh")];
    assert.deepEqual([cleanup.spec.schedule, refresh.spec.schedule], ["0 */2 * * *", "0 * * * *"]);
    assert.equal(env(refresh.pod.containers[0]).THOTH_SOLVER_OUTPUT, "http://result-api/api/v1/solver-result");
    // management-api copies this one through batch/v1beta1, which knows no time zone.
    assert.deepEqual([cleanup.spec.timeZone, refresh.spec.timeZone], ["Etc/UTC", undefined]);
  });

  it("the station pulls all images in stage, and builds all in test", async () => {
    const [pulled, built] = [await buildThoth(stage), await buildThoth(test)];
    assert.deepEqual(named(pulled, "BuildConfig"), []);
    assert.equal(named(built, "BuildConfig").length, 25);
    const streams = named(pulled, "ImageStream").filter((one) => one.startsWith("thoth-infra-stage/"));
    assert.equal(streams.length, Object.keys(images).length + 3);
    assert.equal(app(pulled, "user-api").pod.containers[0]?.image, images["user-api"]);
    assert.equal(
      app(built, "user-api").pod.containers[0]?.image,
      "image-registry.openshift-image-registry.svc:5000/thoth-test-core/user-api:latest",
    );
    const { source, strategy, triggers } = built.object("BuildConfig solver-fedora-29-py37").spec as {
      source: { git: object; dockerfile: string };
      strategy: object;
      triggers: object[];
    };
    assert.deepEqual(strategy, {
      type: "Docker",
      dockerStrategy: { from: { kind: "ImageStreamTag", name: "fedora:29" } },
    });
    // The repository has no Dockerfile in its root, neither then nor now.
    assert.match(source.dockerfile, /^FROM .*\nENTRYPOINT \["thoth-solver"\]\nCMD \["pypi"\]\n$/s);
    // pip-tools 4.1.0 of its lock file imports pip._internal.index.PackageFinder, which pip 21 does not have.
    assert.match(source.dockerfile, / pip install pip==19\.2\.3 /);
    assert.deepEqual(source.git, {
      uri: "https://github.com/thoth-station/solver",
      ref: "3261d17eb85e617df5a4b0708a3c8764207096a0",
    });
    assert.deepEqual(triggers, [
      { type: "ImageChange", imageChange: {} },
      { type: "Generic", generic: { secretReference: { name: "generic-webhook-secret" } } },
    ]);
    const { subjects } = pulled.object("RoleBinding image-pullers") as { subjects: { name: string }[] };
    assert.equal(subjects.length, 5);
  });

  it("every Template has the label that programs search for, and its objects' references resolve where they run", async () => {
    for (const [settings, infra] of [
      [stage, "thoth-infra-stage"],
      [test, "thoth-test-core"],
    ] as const) {
      const seen = await buildThoth(settings);
      const found = templates(seen);
      // 23 of them; those that run in several namespaces are in each, and solvers are listed in the infra namespace, too.
      assert.equal(found.length, infra === "thoth-infra-stage" ? 23 + 8 * 2 + 1 : 23);
      const labels = found.map(({ body }) => (body.metadata as { labels: Record<string, string> }).labels);
      assert.deepEqual([...new Set(labels.map(({ template }) => template))].sort(), [
        "adviser",
        "amun-inspection-buildconfig",
        "amun-inspection-buildconfig-with-cpu",
        "amun-inspection-imagestream",
        "amun-inspection-job",
        "amun-inspection-job-with-cpu",
        "build-analyze",
        "build-dependencies",
        "build-report",
        "dependency-monkey",
        "graph-sync-job-adviser",
        "graph-sync-job-dependency-monkey",
        "graph-sync-job-inspection",
        "graph-sync-job-multiple",
        "graph-sync-job-package-analyzer",
        "graph-sync-job-package-extract",
        "graph-sync-job-provenance-checker",
        "graph-sync-job-solver",
        "kebechet",
        "package-analyzer",
        "package-extract",
        "provenance-checker",
        "solver",
      ]);
      await referencesResolve(seen, infra);
    }
  });

  it("parameters are filled in where the cluster does, and each without a default is required", async () => {
    const seen = await buildThoth(stage);
    const { objects, parameters } = seen.object("Template dependency-monkey") as {
      objects: { metadata: { name: string; labels: Record<string, string> }; spec: Record<string, unknown> }[];
      parameters: { name: string; required?: boolean; value?: string }[];
    };
    assert.equal(objects[0]?.metadata.name, "${THOTH_DEPENDENCY_MONKEY_JOB_ID}");
    assert.deepEqual(objects[0].metadata.labels, {
      app: "thoth",
      component: "dependency-monkey",
      mark: "cleanup",
      operator: "graph-sync",
      task: "dependency-monkey",
    });
    assert.deepEqual([objects[0].spec.activeDeadlineSeconds, objects[0].spec.backoffLimit], [1800, 0]);
    const known = new Map(parameters.map((one) => [one.name, one]));
    assert.equal(known.get("THOTH_DEPENDENCY_MONKEY_JOB_ID")?.required, true);
    assert.equal(known.get("THOTH_DEPENDENCY_MONKEY_COUNT")?.value, "-1");
    for (const { name, body } of templates(seen)) {
      const declared = new Set((body.parameters as { name: string }[]).map((one) => one.name));
      const used = [...JSON.stringify(body.objects).matchAll(/\$\{+(\w+)\}+/g)].map(([, one]) => one ?? "");
      assert.deepEqual(
        [...new Set(used)].filter((one) => !declared.has(one)),
        [],
        name,
      );
      assert.deepEqual(
        [...declared].filter((one) => !used.includes(one)),
        [],
        name,
      );
    }
  });

  it("each account has the permissions that its program uses, across namespaces", async () => {
    const seen = await buildThoth(stage);
    assert.deepEqual(rules(seen, "thoth-middletier-stage/user-api"), [
      "configmaps: create get list",
      "pods: get list",
      "pods/log: get",
      "jobs: get list",
    ]);
    assert.deepEqual(rules(seen, "thoth-infra-stage/user-api"), ["templates: get list"]);
    assert.deepEqual(rules(seen, "thoth-frontend-stage/user-api"), []);
    assert.deepEqual(rules(seen, "thoth-backend-stage/cleanup-thoth-backend-stage"), [
      "jobs: list delete",
      "configmaps: list delete",
      "pods: list delete",
      "imagestreams: list delete",
      "buildconfigs: list delete",
    ]);
    assert.equal(named(seen, "Role").filter((one) => one.endsWith("/metrics-exporter")).length, 6);
    const platform = named(seen, "RoleBinding").filter((one) => /role-(jobs|inspector)-binding/.test(one));
    assert.deepEqual(platform, [
      "thoth-amun-api-stage/role-inspector-binding",
      "thoth-amun-inspection-stage/role-inspector-binding",
      "thoth-middletier-stage/role-jobs-binding",
    ]);
  });

  it("programs that watch restart every half hour unless the settings say otherwise", async () => {
    const seen = await buildThoth(stage);
    for (const name of ["workload-operator-thoth-backend-stage", "graph-sync-scheduler-thoth-amun-inspection-stage"]) {
      assert.deepEqual(app(seen, name).pod.containers[0]?.livenessProbe, {
        tcpSocket: { port: 80 },
        initialDelaySeconds: 1800,
        timeoutSeconds: 5,
        failureThreshold: 1,
      });
    }
    const calm = await buildThoth({ ...stage, station: { ...stage.station, operatorRestart: { enabled: false } } });
    assert.equal(app(calm, "workload-operator-thoth-backend-stage").pod.containers[0]?.livenessProbe, undefined);
    const slow = await buildThoth({ ...stage, station: { ...stage.station, operatorRestart: { seconds: 3600 } } });
    const probe = app(slow, "workload-operator-thoth-backend-stage").pod.containers[0]?.livenessProbe;
    assert.equal((probe as { initialDelaySeconds: number }).initialDelaySeconds, 3600);
  });

  it("thoth-ops and its token are kept, and also used by build-watcher", async () => {
    const seen = await buildThoth(wholeStage);
    assert.equal(seen.one("thoth-station-namespaces-ops-account").options.protect, true);
    assert.equal(seen.one("thoth-station-namespaces-ops-token").options.protect, true);
    const { roleRef } = seen.object("RoleBinding thoth-ops") as { roleRef: { name: string } };
    assert.equal(roleRef.name, "admin");
    const watcher = env(app(seen, "build-watcher-thoth-amun-inspection-stage").pod.containers[0]);
    assert.equal(watcher.THOTH_DST_REGISTRY_PASSWORD, "secretKeyRef registry-credential/password");
    // Inspected objects are in another namespace than the account.
    const puller = seen.object("RoleBinding inspected-images") as { roleRef: { name: string }; subjects: object[] };
    assert.equal(puller.roleRef.name, "system:image-puller");
    assert.deepEqual(puller.subjects, [{ kind: "ServiceAccount", name: "thoth-ops", namespace: "thoth-infra-stage" }]);
    const outputs = [...seen.outputs].find(([urn]) => urn.endsWith("Thoth::thoth"))?.[1];
    assert.ok(outputs?.opsToken instanceof Secret);
    assert.ok(outputs.managementToken instanceof Secret);
    assert.deepEqual(outputs.stationUrls, {
      "user-api": "https://user-api-thoth-frontend-stage.apps.lab.test",
      "management-api": "https://management-api-thoth-frontend-stage.apps.lab.test",
      "metrics-exporter": "https://metrics-exporter-thoth-frontend-stage.apps.lab.test",
      "amun-api": "https://amun-api-thoth-amun-api-stage.apps.lab.test",
      "isis-api": "https://isis-api-thoth-frontend-stage.apps.lab.test",
    });
  });

  it("the graph is queried with the client's certificate", async () => {
    const { pod } = app(await buildThoth(stage), "management-api");
    assert.equal(pod.containers[0]?.name, "management-api-openapi");
    assert.equal(env(pod.containers[0]).GRAPH_SERVICE_HOST, "configMapKeyRef thoth/graph-service-host");
    // The Secret also has the servers' key, which clients must not get.
    const items = ["ca.crt", "client.user.crt", "client.user.key"].map((key) => ({ key, path: key }));
    assert.deepEqual(mounts(pod)["/var/run/secrets/dgraph"], {
      secret: { secretName: "dgraph-tls", defaultMode: 0o644, items },
    });
    const seen = await buildThoth(stage);
    const { data } = configMap(seen, "thoth-frontend-stage");
    assert.equal(data["graph-service-host"], "alpha-public.thoth-dgraph-stage.svc:9080");
    assert.equal(data["amun-api-url"], "http://amun-api.thoth-amun-api-stage.svc/api/v1");
  });

  it("init-job runs only on request", async () => {
    assert.deepEqual(named(await buildThoth(stage), "Job"), []);
    for (const whole of [wholeStage, wholeTest]) {
      const first = await buildThoth(whole);
      assert.equal(named(first, "Job").length, 1);
      assert.equal(app(first, "isis-api").pod.initContainers[0]?.name, "isis-model-download");
      assert.deepEqual(manifestViolations(first.manifests, { openshift: true }), []);
    }
  });

  it("wrong settings of the station are reported", async () => {
    assert.match(
      problems(thothConfig({ station: stage.station })).join(),
      /station: expected thoth:settings\.dgraph on cluster "lab"/,
    );
    const others = Object.fromEntries(Object.entries(images).filter(([name]) => name !== "adviser"));
    assert.match(
      wrong({ images: others, isisApi: true }),
      /station\.images: nothing is built in stage: expected an image for adviser, isis-api$/m,
    );
    assert.match(wrong({ images: { ...images, adviser: "adviser:latest" } }), /station\.images\.adviser: .*pinned/);
    assert.match(wrong({ images: { ...images, advisor: "advisor:1" } }), /station\.images/);
    assert.match(
      problems(thothConfig({ ...test, station: { ...test.station, buildWatcher: true } })).join(),
      /station\.images: build-watcher of September 2019 finds no builds .*: expected an image for build-watcher/,
    );
    assert.match(wrong({ refs: { adviser: "0.5.0" } }), /station\.refs: is about builds; nothing is built in stage/);
    assert.match(wrong({ quotas: { elsewhere: {} } }), /station\.quotas\.elsewhere: is about no namespace/);
    assert.match(wrong({ environment: "prod" }), /station\.environment/);
    await assert.rejects(buildThoth(stage, "kubernetes"), /station\.cluster: "lab" is not OpenShift/);
  });
});

function configMap(seen: Built, namespace: string): { data: Record<string, string> } {
  const found = seen.manifests.find(
    (one) => one.kind === "ConfigMap" && one.name === "thoth" && one.namespace === namespace,
  );
  return found?.body as unknown as { data: Record<string, string> };
}

/** Asserts that all inputs of the Templates' jobs exist, with their keys, in every namespace where they run. */
async function referencesResolve(seen: Built, infra: string): Promise<void> {
  const { jobTemplates } = await import("../../../components/thoth/station/templates/table.ts");
  const { namespacesOf } = await import("../../../components/thoth/station/roles.ts");
  const names = namespacesOf({ environment: infra.endsWith("-stage") ? "stage" : "test", namespaces: {} });
  for (const { name, runsIn } of jobTemplates) {
    for (const role of runsIn) {
      const template = seen.manifests.find(
        (one) => one.kind === "Template" && one.name === name && one.namespace === names[role],
      );
      assert.ok(template, `${name} in ${names[role]}`);
      for (const { kind, name: wanted, key } of references(template.body)) {
        const object = seen.manifests.find(
          (one) => one.kind === kind && one.name === wanted && one.namespace === names[role],
        );
        assert.ok(object, `${name} reads ${kind} ${wanted} in ${names[role]}`);
        const keys = Object.keys(object.body.data ?? object.body.stringData ?? {});
        assert.ok(key === undefined || keys.includes(key), `${name} reads ${kind} ${wanted}/${key ?? ""}`);
      }
    }
  }
}
