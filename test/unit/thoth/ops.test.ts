import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { presence, states } from "../../../ops/lib/kube/checks.ts";
import { switches } from "../../../ops/lib/thoth/pause.ts";
import { notes } from "../../../ops/lib/thoth/registration.ts";
import { expectations, review, rightsOf } from "../../../ops/lib/kube/permissions.ts";
import { replaced } from "../../../ops/lib/thoth/dgraphCertificates.ts";
import type { Manifest } from "../../../policy/manifest.ts";
import { thothSchema } from "../../../components/thoth/config.ts";
import { bots, buildThoth } from "./fixture.ts";
import { images } from "./stationFixture.ts";

const settings = {
  dgraph: { cluster: "lab", mode: "single", whitelist: "172.54.0.0:172.54.255.255", namespace: "thoth-dgraph-stage" },
  station: { cluster: "lab", environment: "stage", images, s3: { endpoint: "https://s3.example.org" } },
};

const object = (kind: string, name: string, body: object = {}): Manifest => {
  return { cluster: "lab", apiVersion: "v1", kind, namespace: "n", name, body: { ...body } };
};
const live = (kind: string, name: string, rest: object): Parameters<typeof states>[1][number] => {
  return { apiVersion: "v1", kind, metadata: { name, namespace: "n" }, ...rest };
};

describe("Thoth's commands", () => {
  it("verify reports what is declared but does not exist", () => {
    const declared = [object("ConfigMap", "thoth"), object("Secret", "thoth")];
    assert.deepEqual(presence(declared, [live("ConfigMap", "thoth", {})]), [
      { check: "exists", object: "ConfigMap n/thoth", ok: true },
      { check: "exists", object: "Secret n/thoth", ok: false, detail: "is not there" },
    ]);
  });

  it("verify reports what exists but does not work", () => {
    const detailOf = (kind: string, body: object, rest: object): string | undefined =>
      states([object(kind, "x", body)], [live(kind, "x", rest)])[0]?.detail;
    const three = { spec: { replicas: 3 } };
    assert.equal(detailOf("StatefulSet", three, { ...three, status: { readyReplicas: 2 } }), "2 of 3 pods are ready");
    assert.equal(detailOf("StatefulSet", three, { ...three, status: { readyReplicas: 3 } }), undefined);
    assert.match(
      detailOf("CronJob", { spec: { suspend: true } }, { spec: { suspend: false } }) ?? "",
      /is running and should/,
    );
    assert.equal(detailOf("Route", {}, { status: {} }), "no router has admitted it");
    const admitted = { ingress: [{ conditions: [{ type: "Admitted", status: "True" }] }] };
    assert.equal(detailOf("Route", {}, { status: admitted }), undefined);
    assert.equal(detailOf("Secret", {}, { type: "kubernetes.io/service-account-token", data: {} }), "has no token");
    assert.equal(detailOf("ResourceQuota", {}, { status: {} }), "is not counted yet");
  });

  it("verify reports a claim that is not bound, unless nothing that runs mounts it", () => {
    const volumes = [{ name: "data", persistentVolumeClaim: { claimName: "data" } }];
    const pod = { spec: { template: { spec: { volumes } } } };
    const detailOf = (claim: string, phase: string): string | undefined =>
      states(
        [object("PersistentVolumeClaim", claim), object("Deployment", "x", pod)],
        [live("PersistentVolumeClaim", claim, { status: { phase } })],
      )[0]?.detail;
    assert.equal(detailOf("data", "Pending"), "is Pending, not bound");
    assert.equal(detailOf("data", "Bound"), undefined);
    assert.equal(detailOf("spare", "Pending"), undefined);
    assert.equal(detailOf("spare", "Lost"), "is Lost, not bound");
  });

  it("verify checks every permission that a Role grants, and that no other account reads Secrets", async () => {
    const { manifests } = await buildThoth(settings);
    const rights = rightsOf(manifests);
    const expected = expectations(rights, manifests).map(({ account, namespace, verb, resource, allowed }) =>
      [account, allowed ? "may" : "may not", verb, resource, namespace].join(" "),
    );
    assert.ok(expected.includes("thoth-frontend-stage/user-api may create configmaps thoth-middletier-stage"));
    assert.ok(expected.includes("thoth-frontend-stage/user-api may get pods/log thoth-backend-stage"));
    assert.ok(
      expected.includes(
        "thoth-infra-stage/thoth-ops may create rolebindings.rbac.authorization.k8s.io thoth-infra-stage",
      ),
    );
    assert.ok(expected.includes("thoth-frontend-stage/user-api may not list secrets thoth-frontend-stage"));
    assert.ok(!expected.some((one) => one.startsWith("thoth-infra-stage/thoth-ops may not")));
    const [first] = rights.filter(({ resource }) => resource === "pods/log");
    assert.ok(first);
    assert.deepEqual((review(first) as { spec: { resourceAttributes: object } }).spec.resourceAttributes, {
      namespace: first.namespace,
      verb: "get",
      group: "",
      resource: "pods",
      subresource: "log",
    });
  });

  it("rotate-dgraph-certificates replaces certificates, keys and authority only as requested", async () => {
    const { resources } = await buildThoth(settings);
    const names = (keys: boolean, authority: boolean): readonly string[] =>
      replaced({ resources }, keys, authority)
        .map((urn) => urn.split("::thoth-dgraph-certificates-")[1] ?? urn)
        .sort();
    assert.deepEqual(names(false, false), ["client", "node"]);
    assert.deepEqual(names(true, false), ["client", "client-key", "node", "node-key"]);
    assert.deepEqual(names(false, true), ["ca", "client", "node"]);
    assert.deepEqual(names(true, true), ["ca", "ca-key", "client", "client-key", "node", "node-key"]);
  });

  it("pause covers every switch that stops something, and registration says where each key is registered", () => {
    const whole = thothSchema.settings.parse({ ...settings, bots, ultrahook: { cluster: "lab", tunnels: {} } });
    assert.deepEqual(
      switches(whole).map(({ at }) => at.join(".")),
      ["bots.suspendCronJobs", "station.suspendCronJobs", "ultrahook.paused"],
    );
    const keys = notes("prod", whole);
    const key = keys.find((one) => one.key === "thoth:ultrahookKey-ultrahook-thoth");
    assert.match(key?.registered ?? "", /ultrahook\.com\/register/);
    assert.equal(key?.set, "npx pulumi config set --stack prod --secret thoth:ultrahookKey-ultrahook-thoth");
    assert.ok(keys.every(({ registered }) => registered !== "this stack only"));
  });
});
