import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { scaleSet } from "../../../components/dials/inventory.ts";
import type { Rendered } from "../../../review/evaluate/render.ts";
import {
  byName,
  clearDials,
  type Container,
  container,
  deployments,
  given,
  type Manifest,
  object,
  renderDials,
  settings,
  workspaceLists,
} from "./fixture.ts";

const eosMark = "eos.okd.cern.ch/mount-eos-with-credentials-from-secret";

const isEtl = (deployment: Manifest): boolean =>
  deployment.spec.template.spec.containers.some(({ image }) => image.includes("etl"));
const flag = (command: readonly string[] | undefined, name: string): string | undefined =>
  command?.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3);

/** The invariants that hold for any settings. */
function checkInvariants(all: readonly Rendered[], given_: ReturnType<typeof settings>): void {
  const names = deployments(all).map(({ metadata }) => metadata.name);
  const etlFile = JSON.parse(String(object(all, "ConfigMap", "dials-etl-config").data?.["etl.config.json"])) as {
    workspaces: { name: string; bulk_ingesting_queue: string; priority_ingesting_queue: string }[];
  };
  const django = object(all, "ConfigMap", "dials-backend-configmap").data as Record<string, string>;
  const queues = new Set(etlFile.workspaces.flatMap((one) => [one.bulk_ingesting_queue, one.priority_ingesting_queue]));

  // (a) workers are the queues, and the indexer
  const workers = deployments(all).filter((one) => container1(one)?.command?.includes("worker") === true);
  assert.deepEqual(workers.map(({ metadata }) => metadata.name).sort(), [...queues, "common-indexer"].sort());
  // (b) databases, roles and sections are the workspaces
  const wanted = given_.workspaces.map(({ name }) => name);
  assert.deepEqual(String(object(all, "ConfigMap", "dials-etl-configmap").data?.DATABASES).split(","), wanted);
  assert.deepEqual(Object.keys(JSON.parse(django.DJANGO_WORKSPACES ?? "") as object), wanted);
  assert.ok(wanted.includes(django.DJANGO_DEFAULT_WORKSPACE ?? ""));
  // (c) a worker's queue and host name are its Deployment's name
  for (const worker of workers) {
    const { name } = worker.metadata;
    const { command } = container(worker);
    assert.equal(flag(command, "queues"), name);
    assert.equal(flag(command, "hostname"), `${name}@%h`);
  }
  // (d) hosts
  const hosts = [...byName(all, "Route").values(), ...byName(all, "Ingress").values()].map(({ spec }) => spec.host);
  if (hosts.length > 0 && hosts[0] !== undefined) {
    assert.deepEqual(new Set(hosts), new Set(django.DJANGO_ALLOWED_HOSTS?.split(" ")));
  }
  const origins = django.DJANGO_ALLOWED_HOSTS?.split(" ")
    .map((host) => `https://${host}`)
    .join(" ");
  assert.equal(django.DJANGO_CSRF_TRUSTED_ORIGINS, origins);
  assert.equal(django.DJANGO_CORS_ALLOWED_ORIGINS, origins);
  // (g) everything that a pod refers to exists
  for (const { metadata, spec } of deployments(all)) {
    const pod = spec.template.spec;
    const claims = pod.volumes?.flatMap((one) => one.persistentVolumeClaim?.claimName ?? []) ?? [];
    const maps = pod.volumes?.flatMap((one) => one.configMap?.name ?? []) ?? [];
    const secrets = pod.volumes?.flatMap((one) => one.secret?.secretName ?? []) ?? [];
    const sources = pod.containers.flatMap(({ envFrom }) => envFrom ?? []);
    const keys = pod.containers.flatMap(({ env }) => env ?? []).flatMap((one) => one.valueFrom?.secretKeyRef ?? []);
    for (const claim of claims)
      assert.ok(byName(all, "PersistentVolumeClaim").has(claim), `${metadata.name}: ${claim}`);
    for (const name of [...maps, ...sources.flatMap((one) => one.configMapRef?.name ?? [])])
      object(all, "ConfigMap", name);
    for (const name of [...secrets, ...sources.flatMap((one) => one.secretRef?.name ?? [])])
      object(all, "Secret", name);
    for (const { name, key } of keys)
      assert.ok(key in (object(all, "Secret", name).stringData ?? {}), `${name} ${key}`);
    const marked = spec.template.metadata.annotations?.[eosMark];
    if (marked !== undefined) object(all, "Secret", marked);
    // (j) credentials for EOS where EOS is mounted, and nowhere else; never written to
    const mounts = pod.containers
      .flatMap(({ volumeMounts }) => volumeMounts ?? [])
      .filter(({ mountPath }) => mountPath === "/eos");
    assert.equal(marked !== undefined, mounts.length > 0, metadata.name);
    assert.ok(mounts.every(({ readOnly }) => readOnly === true));
    assert.equal(claims.includes("eos-storage"), mounts.length > 0, metadata.name);
    // EOS's credentials bring their own /tmp; a second one would be refused
    if (marked !== undefined) {
      assert.ok(
        !pod.containers.some(
          ({ volumeMounts }) => volumeMounts?.some(({ mountPath }) => mountPath === "/tmp") === true,
        ),
      );
    }
  }
  // (h) ConfigMaps hold text
  for (const { data } of byName(all, "ConfigMap").values()) {
    assert.ok(Object.values(data ?? {}).every((value) => typeof value === "string"));
  }
  // (i) Services find pods, Routes find ports
  for (const { metadata, spec } of byName(all, "Service").values()) {
    const found = deployments(all).filter(({ spec: { template } }) =>
      Object.entries(spec.selector).every(([label, value]) => template.metadata.labels[label] === value),
    );
    assert.equal(found.length, 1, metadata.name);
  }
  for (const { spec } of byName(all, "Route").values()) {
    const ports = object(all, "Service", spec.to?.name ?? "").spec.ports;
    assert.ok(ports.some(({ name }) => name === spec.port?.targetPort));
  }
  // (l) what pauses is what runs the ETL image
  assert.deepEqual(
    deployments(all)
      .filter(isEtl)
      .map(({ metadata }) => metadata.name)
      .sort(),
    [...scaleSet(given_.workspaces)].sort(),
  );
  assert.equal(new Set(names).size, names.length);
}

const container1 = ({ spec }: Manifest): Container | undefined => spec.template.spec.containers[0];

describe("DIALS' program", () => {
  it("DIALS keeps its invariants for any list of workspaces", async () => {
    const lists = fc.sample(workspaceLists, { numRuns: 8, seed: 8 });
    for (const workspaces of lists) {
      const more = { workspaces, defaultWorkspace: workspaces[0]?.name ?? "" };
      const all = await renderDials(more);
      checkInvariants(all, settings(more));
    }
  });

  it("DIALS keeps its invariants on plain Kubernetes, with Ingresses and fixed users", async () => {
    const all = await renderDials({}, "kubernetes");
    checkInvariants(all, settings());
    assert.equal(byName(all, "Ingress").size, 2);
    assert.equal(byName(all, "Route").size, 0);
  });

  it("pausing DIALS' ETL leaves the rest running", async () => {
    const all = await renderDials({ etl: { ...given.etl, paused: true } });
    for (const { metadata, spec } of deployments(all)) {
      const paused = scaleSet(settings().workspaces).includes(metadata.name);
      assert.equal(spec.replicas === 0, paused, metadata.name);
    }
  });

  it("DIALS' Routes admit only CERN when the settings say so", async () => {
    const ranges = ["188.184.0.0/15", "2001:1458::/32"];
    const route = object(await renderDials({ exposure: { to: "cern", ranges } }), "Route", "dials-backend");
    for (const spelling of ["ip_whitelist", "ip_allowlist"]) {
      assert.equal(route.metadata.annotations?.[`haproxy.router.openshift.io/${spelling}`], ranges.join(" "));
    }
  });

  it("DIALS mounts claims that are created elsewhere without creating them", async () => {
    const all = await renderDials({ eos: { create: false } });
    assert.deepEqual([...byName(all, "PersistentVolumeClaim").keys()], ["redis-etl-broker"]);
    const { volumes } = object(all, "Deployment", "tracker-bulk").spec.template.spec;
    assert.ok(volumes?.some(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName === "eos-storage"));
  });

  it("every Redis URL is composed from one password per Redis and the name of its Service (f)", async () => {
    const all = await clearDials();
    const texts = (name: string): Record<string, string> =>
      object(all, "Secret", name).stringData as Record<string, string>;
    const broker = texts("redis-etl-broker")["database-password"] ?? "";
    const cache = texts("redis-web-cache")["database-password"] ?? "";
    assert.notEqual(broker, cache);
    assert.equal(texts("redis-etl-broker")["auth.conf"], `requirepass ${broker}\n`);
    const etl = texts("dials-etl-secrets");
    assert.equal(etl.CELERY_BROKER_URL, `redis://:${broker}@redis-etl-broker:6379/0`);
    assert.equal(etl.CELERY_RESULT_BACKEND, `redis://:${broker}@redis-etl-broker:6379/1`);
    assert.equal(etl.CELERY_REDBEAT_URL, `redis://:${broker}@redis-etl-broker:6379/2`);
    const django = texts("dials-backend-secrets");
    assert.equal(django.DJANGO_REDIS_URL, `redis://:${cache}@redis-web-cache:6379/0`);
    assert.match(etl.DATABASE_URI ?? "", /^postgresql:\/\/dials:[^@]+@db.example.org:5432$/);
    assert.equal(django.DJANGO_DATABASE_URI, etl.DATABASE_URI);
    // (e) the API takes the tokens that the frontend asks for
    assert.equal(django.DJANGO_KEYCLOAK_CLIENT_ID, settings().frontendBuild.audience);
    assert.deepEqual(Object.values(JSON.parse(django.DJANGO_KEYCLOAK_API_CLIENTS ?? "") as object), ["client-a"]);
  });
});
