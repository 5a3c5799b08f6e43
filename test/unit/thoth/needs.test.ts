import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { thothSchema } from "../../../components/thoth/config.ts";
import { questions } from "../../../config/preflight/permissions.ts";
import { bots, buildThoth } from "./fixture.ts";
import { images } from "./stationFixture.ts";

const stage = {
  bots,
  ultrahook: {
    cluster: "lab",
    tunnels: { hook: { key: "ultrahook-aicoe", destination: { bot: "sesheta-webhooks" } } },
  },
  dgraph: { cluster: "lab", mode: "ha", whitelist: "10.0.0.1", namespace: "thoth-dgraph-stage", clients: ["others"] },
  station: {
    ...{
      cluster: "lab",
      environment: "stage",
      images: { ...images, "init-job": "registry.example.org/init-job:cc26a76" },
      initialize: true,
    },
    s3: { endpoint: "https://s3.example.org" },
  },
  nodepool: {
    ...{ cluster: "lab", server: "https://paas.example.org" },
    streams: { "thoth-coala": { ubi8: { contextDir: "thoth-coala-ubi8", ref: "d081057" } } },
    labels: { "thoth-coala": { image: "thoth-coala:ubi8" } },
  },
};
const test = {
  dgraph: { cluster: "lab", mode: "single", whitelist: "10.0.0.1", namespace: "thoth-test-core" },
  station: { cluster: "lab", environment: "test", s3: { endpoint: "https://s3.example.org" } },
};

/** Irregular plurals of kinds. */
const plural: Readonly<Record<string, string>> = { NetworkPolicy: "networkpolicies", Ingress: "ingresses" };

/** Declared objects and required permissions, each as `namespace resource`. */
async function compare(
  settings: object,
  platform: "openshift" | "kubernetes" = "openshift",
): Promise<{ declared: readonly string[]; needed: readonly string[] }> {
  const { manifests } = await buildThoth(settings, platform);
  const declared = manifests.map(({ apiVersion, kind, namespace, name }) => {
    const resource = plural[kind] ?? `${kind.toLowerCase()}s`;
    const group = apiVersion.includes("/") ? `.${apiVersion.split("/")[0] ?? ""}` : "";
    return kind === "Namespace" ? `${name} namespaces` : `${namespace} ${resource}${group}`;
  });
  const needs = thothSchema.needs?.(thothSchema.settings.parse(settings)) ?? [];
  const needed = needs.flatMap((need) => [
    ...(need.makesNamespace ? [`${need.namespace} namespaces`] : []),
    ...questions(need, platform).map(({ namespace, resource }) => `${namespace} ${resource}`),
  ]);
  return { declared: [...new Set(declared)].sort(), needed: [...new Set(needed)].sort() };
}

describe("permissions that Thoth requires", () => {
  it("in stage the required permissions are exactly for what the program creates, by namespace", async () => {
    const { declared, needed } = await compare(stage);
    assert.deepEqual(needed, declared);
    assert.equal(new Set(needed.map((one) => one.split(" ")[0])).size, 11);
  });

  it("in test the required permissions are exactly for what the program creates in its one namespace", async () => {
    const { declared, needed } = await compare(test);
    assert.deepEqual(needed, declared);
    assert.deepEqual([...new Set(needed.map((one) => one.split(" ")[0]))], ["thoth-test-core"]);
  });

  it("on plain Kubernetes no permissions on OpenShift's kinds are required", async () => {
    const unbuilt = { ...bots, sesheta: { ...bots.sesheta, build: false, image: "example.org/sesheta:1" } };
    const { declared, needed } = await compare({ bots: unbuilt, dgraph: test.dgraph }, "kubernetes");
    assert.deepEqual(needed, declared);
    assert.ok(needed.includes("aicoe-prod-bots ingresses.networking.k8s.io"));
  });

  it("no permissions on namespaces are required where others create them", () => {
    const settings = { ...stage.dgraph, createNamespace: false };
    const needs = thothSchema.needs?.(thothSchema.settings.parse({ dgraph: settings })) ?? [];
    assert.deepEqual(
      needs.map(({ namespace, makesNamespace }) => [namespace, makesNamespace]),
      [
        ["thoth-dgraph-stage", false],
        ["others", false],
      ],
    );
  });
});
