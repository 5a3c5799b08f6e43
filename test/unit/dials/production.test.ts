import assert from "node:assert/strict";
import { before, describe, it } from "mocha";
import type { Rendered } from "../../../review/evaluate/render.ts";
import { renderedStack } from "../recordings.ts";
import { byName, container, deployments, type Manifest, object } from "./fixture.ts";

describe("DIALS in production", () => {
  let all: readonly Rendered[];
  before(async () => {
    all = (await renderedStack("prod")).filter(
      ({ inputs }) => (inputs as Partial<Manifest>).metadata?.namespace === "cms-dials-prod",
    );
  });

  it("production DIALS has the runbook's 20 Deployments and 26 pods with their memory (k)", () => {
    const table: Record<string, readonly [replicas: number, group: string, runtime: string, memory: string]> = {
      "common-redbeat": [1, "common-etl", "python", "256Mi/1024Mi"],
      flower: [1, "common-etl", "python", "256Mi/1024Mi"],
      "common-indexer": [1, "common-etl", "python", "256Mi/2048Mi"],
      "redis-etl-broker": [1, "databases", "redis", "512Mi/1024Mi"],
      backend: [5, "dials", "django", "512Mi/2048Mi 64Mi/256Mi"],
      frontend: [3, "dials", "nginx", "64Mi/256Mi"],
      "redis-web-cache": [1, "databases", "redis", "512Mi/1024Mi"],
    };
    for (const name of ["csc", "ecal", "egamma", "hcal", "jetmet", "tracker"]) {
      for (const kind of ["bulk", "priority"]) table[`${name}-${kind}`] = [1, `${name}-etl`, "python", "1024Mi/5120Mi"];
    }
    table["private-bulk"] = [1, "private-etl", "python", "1024Mi/5120Mi"];
    const actual = Object.fromEntries(
      deployments(all).map(({ metadata, spec }) => [
        metadata.name,
        [
          spec.replicas,
          metadata.labels["app.kubernetes.io/part-of"],
          metadata.labels["app.openshift.io/runtime"],
          spec.template.spec.containers
            .map(({ resources: { requests, limits } }) => `${requests.memory ?? ""}/${limits.memory ?? ""}`)
            .join(" "),
        ],
      ]),
    );
    assert.deepEqual(actual, table);
    assert.equal(
      deployments(all).reduce((sum, { spec }) => sum + spec.replicas, 0),
      26,
    );
    assert.equal(deployments(all).length, 20);
  });

  it("production DIALS requests the runbook's 18176 Mi of memory", () => {
    const sum = deployments(all)
      .flatMap(({ spec }) =>
        spec.template.spec.containers.map(
          (one) => spec.replicas * Number.parseInt(one.resources.requests.memory ?? "", 10),
        ),
      )
      .reduce((a, b) => a + b, 0);
    assert.equal(sum, 18_176);
  });

  it("production DIALS has the runbook's labels and selectors", () => {
    for (const { metadata, spec } of deployments(all)) {
      const { name } = metadata;
      assert.deepEqual(spec.selector.matchLabels, { app: name });
      for (const label of [
        "app",
        "app.kubernetes.io/component",
        "app.kubernetes.io/instance",
        "app.kubernetes.io/name",
      ]) {
        assert.equal(metadata.labels[label], name);
      }
      assert.equal(metadata.labels["app.openshift.io/runtime-namespace"], "cms-dials-prod");
      assert.equal(spec.template.metadata.labels.app, name);
      assert.equal(spec.template.metadata.labels.deployment, name);
    }
  });

  it("production Celery starts with the runbook's flags, as the first process", () => {
    assert.deepEqual(container(object(all, "Deployment", "csc-bulk")).command, [
      ...[
        "celery",
        "--app=python",
        "worker",
        "--loglevel=INFO",
        "--without-mingle",
        "--concurrency=1",
        "--autoscale=1,0",
      ],
      ...["--max-tasks-per-child=1", "--hostname=csc-bulk@%h", "--queues=csc-bulk"],
    ]);
    assert.deepEqual(container(object(all, "Deployment", "common-redbeat")).command?.slice(2), [
      ...["beat", "--loglevel=INFO", "--scheduler", "redbeat.RedBeatScheduler"],
    ]);
    assert.deepEqual(container(object(all, "Deployment", "flower")).command?.slice(2), [
      "flower",
      "--purge_offline_workers=120",
    ]);
  });

  it("the ETL and the backend have the runbook's variables in its order", () => {
    assert.deepEqual(container(object(all, "Deployment", "csc-bulk")).envFrom, [
      { configMapRef: { name: "dials-etl-configmap" } },
      { secretRef: { name: "dials-etl-secrets" } },
    ]);
    assert.deepEqual(container(object(all, "Deployment", "backend")).envFrom, [
      { configMapRef: { name: "dials-backend-configmap" } },
      { secretRef: { name: "dials-backend-secrets" } },
    ]);
    assert.deepEqual(Object.keys(object(all, "Secret", "dials-etl-secrets").stringData ?? {}).sort(), [
      ...["CELERY_BROKER_URL", "CELERY_REDBEAT_URL", "CELERY_RESULT_BACKEND", "CERT_FPATH", "DATABASE_URI"],
      ...["ETL_CONFIG_FPATH", "FLOWER_BASIC_AUTH", "KEY_FPATH", "MODEL_REGISTRY_PATH", "RAW_LAYERS"],
    ]);
    assert.deepEqual(Object.keys(object(all, "Secret", "dials-backend-secrets").stringData ?? {}).sort(), [
      ...["DJANGO_DATABASE_URI", "DJANGO_KEYCLOAK_API_CLIENTS", "DJANGO_KEYCLOAK_CLIENT_ID"],
      ...["DJANGO_KEYCLOAK_SECRET_KEY", "DJANGO_KEYTAB_PWD", "DJANGO_KEYTAB_USR", "DJANGO_OMS_SSO_CLIENT_ID"],
      ...["DJANGO_OMS_SSO_CLIENT_SECRET", "DJANGO_REDIS_URL", "DJANGO_SECRET_KEY"],
    ]);
    assert.deepEqual(Object.keys(object(all, "Secret", "eos-credentials").stringData ?? {}).sort(), [
      "KEYTAB_PWD",
      "KEYTAB_USER",
    ]);
    assert.deepEqual(object(all, "ConfigMap", "dials-backend-configmap").data, {
      DJANGO_ENV: "prod",
      DJANGO_DEBUG: "0",
      DJANGO_CACHE_TTL: "30",
      DJANGO_ALLOWED_HOSTS: "cmsdials-api.web.cern.ch cmsdials.web.cern.ch",
      DJANGO_CSRF_TRUSTED_ORIGINS: "https://cmsdials-api.web.cern.ch https://cmsdials.web.cern.ch",
      DJANGO_CORS_ALLOWED_ORIGINS: "https://cmsdials-api.web.cern.ch https://cmsdials.web.cern.ch",
      DJANGO_WORKSPACES: JSON.stringify({
        csc: "cms-dqm-runregistry-offline-csc-certifiers",
        ecal: "cms-dqm-runregistry-offline-ecal-certifiers",
        egamma: "cms-dqm-runregistry-offline-egamma-certifiers",
        hcal: "cms-dqm-runregistry-offline-hcal-certifiers",
        jetmet: "cms-dqm-runregistry-offline-jme-certifiers",
        muon_staging: "fake",
        tracker: "cms-dqm-runregistry-offline-tracker-certifiers",
      }),
      DJANGO_DEFAULT_WORKSPACE: "tracker",
      DJANGO_KEYCLOAK_SERVER_URL: "https://auth.cern.ch/auth/",
      DJANGO_KEYCLOAK_REALM: "cern",
      GUNICORN_LOG_TO_STDOUT: "1",
      GUNICORN_N_WORKERS: "3",
      GUNICORN_TIMEOUT: "30",
    });
    assert.equal(
      object(all, "ConfigMap", "dials-etl-configmap").data?.DATABASES,
      "csc,ecal,egamma,hcal,jetmet,muon_staging,tracker",
    );
  });

  it("the ETL queries DBS for the runbook's 11 pairs of pattern and instance, and keeps 35 prefixes for the tracker", () => {
    const file = JSON.parse(String(object(all, "ConfigMap", "dials-etl-config").data?.["etl.config.json"])) as {
      workspaces: { name: string; primary_datasets: object[]; me_startswith: string[] }[];
    };
    const pairs = new Set(file.workspaces.flatMap((one) => one.primary_datasets.map((pair) => JSON.stringify(pair))));
    assert.equal(pairs.size, 11);
    const prefixes = file.workspaces.map(({ name, me_startswith }) => [name, new Set(me_startswith).size]);
    assert.deepEqual(Object.fromEntries(prefixes), {
      csc: 1,
      ecal: 3,
      egamma: 1,
      hcal: 1,
      jetmet: 2,
      muon_staging: 5,
      tracker: 35,
    });
  });

  it("both of DIALS' hosts are public, with TLS that ends at the router", () => {
    for (const [name, service, host] of [
      ["dials-backend", "backend-nginx", "cmsdials-api.web.cern.ch"],
      ["dials-frontend", "frontend", "cmsdials.web.cern.ch"],
    ] as const) {
      const { metadata, spec } = object(all, "Route", name);
      assert.deepEqual(spec.to, { kind: "Service", name: service, weight: 100 });
      assert.equal(spec.host, host);
      assert.deepEqual(spec.port, { targetPort: "8081-tcp" });
      assert.deepEqual(spec.tls, { termination: "edge", insecureEdgeTerminationPolicy: "Redirect" });
      assert.equal(metadata.annotations?.["haproxy.router.openshift.io/timeout"], "180s");
      assert.equal(metadata.annotations["haproxy.router.openshift.io/ip_whitelist"], "");
    }
  });

  it("production DIALS has the runbook's Services", () => {
    const services = [...byName(all, "Service").values()].map(({ metadata, spec }) => [
      metadata.name,
      spec.ports.map(({ name, port, targetPort }) => `${name} ${port} ${targetPort}`).join(),
      spec.selector,
    ]);
    assert.deepEqual(services.sort(), [
      ["backend-nginx", "8081-tcp 8081 8081", { app: "backend", deployment: "backend" }],
      ["frontend", "8081-tcp 8081 8081", { app: "frontend", deployment: "frontend" }],
      ["redis-etl-broker", "redis-etl-broker 6379 6379", { app: "redis-etl-broker", deployment: "redis-etl-broker" }],
      ["redis-web-cache", "redis-web-cache 6379 6379", { app: "redis-web-cache", deployment: "redis-web-cache" }],
    ]);
  });

  it("the broker's data is safe: one server at a time, and a protected claim that is retained on delete", () => {
    assert.equal(object(all, "Deployment", "redis-etl-broker").spec.strategy?.type, "Recreate");
    const claims = all.filter(({ type }) => type.endsWith(":PersistentVolumeClaim"));
    assert.equal(claims.length, 2);
    for (const { options } of claims) assert.deepEqual([options.protect, options.retainOnDelete], [true, true]);
  });

  it("everything that reads DIALS' databases waits for the migrations", async () => {
    const job = all.find(({ type }) => type === "kubernetes:batch/v1:Job");
    const parts = (await renderedStack("prod")).filter(({ type }) =>
      /orrery:dials:(Worker|Scheduler|Flower|Backend)$/.test(type),
    );
    assert.equal(parts.length, 14 + 3);
    for (const { urn, options } of parts) assert.ok(options.dependsOn?.includes(job?.urn ?? ""), urn);
  });

  it("DIALS' images run by digest, from the project's own streams", () => {
    const images = deployments(all).flatMap(({ spec }) => spec.template.spec.containers.map(({ image }) => image));
    assert.ok(images.every((image) => /@sha256:[0-9a-f]{64}$/.test(image)));
    assert.deepEqual([...byName(all, "ImageStream").keys()].sort(), [
      "backend",
      "etl",
      "frontend",
      "nginx-unprivileged",
    ]);
    for (const { spec } of byName(all, "ImageStream").values()) {
      const { tags, lookupPolicy } = spec as unknown as {
        tags: { name: string; referencePolicy: { type: string } }[];
        lookupPolicy: { local: boolean };
      };
      assert.deepEqual(
        tags.map(({ name, referencePolicy }) => [name, referencePolicy.type]),
        [["latest", "Local"]],
      );
      assert.equal(lookupPolicy.local, false);
    }
  });
});
