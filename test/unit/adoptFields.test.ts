/** Whose fields of live objects are, and what goes with them; test/live/adopt.test.ts asks the API server the same. */
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { ClusterApi } from "../../config/clusterApi.ts";
import { accepts, effectName, effectsBetween } from "../../ops/lib/adopt/effects.ts";
import { merged, pruned, union, without } from "../../ops/lib/adopt/fieldSets.ts";
import { firstUps } from "../../ops/lib/adopt/firstUp.ts";
import type { FoundObject } from "../../ops/lib/adopt/objects.ts";
import { ownershipOf, takeoverPatch } from "../../ops/lib/adopt/ownership.ts";
import type { Json } from "../../policy/manifest.ts";

const entry = (manager: string, fieldsV1: object, more: object = {}): object => ({
  ...{ manager, operation: "Update", apiVersion: "v1", fieldsType: "FieldsV1", fieldsV1, ...more },
});

const withManagers = (...managedFields: readonly object[]): Json => ({
  ...{ apiVersion: "v1", kind: "ConfigMap" },
  metadata: { name: "a", namespace: "n", resourceVersion: "7", managedFields },
});

describe("sets of fields, as the API server keeps them", () => {
  it("a union has the fields of both, and a field can be left out with the places that are then empty", () => {
    const both = union({ "f:spec": { "f:a": {} } }, { "f:spec": { "f:b": {} }, "f:data": {} });
    assert.deepEqual(both, { "f:spec": { "f:a": {}, "f:b": {} }, "f:data": {} });
    assert.deepEqual(without(both, ["f:spec", "f:a"]), { "f:spec": { "f:b": {} }, "f:data": {} });
    assert.deepEqual(without({ "f:metadata": { "f:finalizers": {} } }, ["f:metadata", "f:finalizers"]), {});
  });

  it("what was owned and is no longer applied goes: keys of maps, items of lists by their keys and by their values", () => {
    const live = {
      annotations: { mine: "1", theirs: "2" },
      containers: [{ name: "old" }, { name: "web", image: "a", tty: true }],
      ports: [{ containerPort: 80, protocol: "TCP" }, { containerPort: 90 }],
      finalizers: ["one", "two"],
      strategy: { type: "Recreate", rollingUpdate: { maxSurge: 1 } },
    };
    const owned = {
      "f:annotations": { ".": {}, "f:mine": {} },
      "f:containers": { 'k:{"name":"old"}': { ".": {} }, 'k:{"name":"web"}': { ".": {}, "f:image": {}, "f:tty": {} } },
      "f:ports": {
        'k:{"containerPort":80,"protocol":"TCP"}': { ".": {} },
        'k:{"containerPort":90,"protocol":"TCP"}': { ".": {} },
      },
      "f:finalizers": { 'v:"one"': {} },
      "f:strategy": { "f:type": {}, "f:rollingUpdate": { ".": {}, "f:maxSurge": {} } },
    };
    const kept = {
      "f:annotations": {},
      "f:containers": { 'k:{"name":"web"}': { ".": {}, "f:image": {} } },
      "f:ports": { 'k:{"containerPort":90,"protocol":"TCP"}': { ".": {} } },
      "f:finalizers": {},
      "f:strategy": { "f:type": {} },
    };
    assert.deepEqual(pruned(live, owned, kept), {
      annotations: { theirs: "2" },
      containers: [{ name: "web", image: "a" }],
      ports: [{ containerPort: 90 }],
      finalizers: ["two"],
      strategy: { type: "Recreate" },
    });
  });
});

describe("merging a declaration", () => {
  it("a merged list has the declaration's order, and items of others stay where they are", () => {
    const named = (...names: string[]): object[] => names.map((name) => ({ name }));
    const fields = (...names: string[]) =>
      Object.fromEntries(names.map((name) => [`k:{"name":"${name}"}`, { ".": {}, "f:name": {} }]));
    for (const [live, own, after] of [
      [
        ["a", "b", "c"],
        ["c", "b", "a"],
        ["c", "b", "a"],
      ],
      [
        ["a", "x", "b"],
        ["b", "a"],
        ["x", "b", "a"],
      ],
      [
        ["x", "a", "y"],
        ["a", "new"],
        ["x", "a", "y", "new"],
      ],
      [["x"], ["new"], ["x", "new"]],
    ] as const)
      assert.deepEqual(merged(named(...live), named(...own), fields(...own)), named(...after));
  });

  it("items of lists are merged by their keys, what the declaration does not name stays", () => {
    const live = {
      spec: { a: 1, containers: [{ name: "side" }, { name: "web", image: "a", tty: true }], args: ["x"] },
    };
    const declared = { spec: { containers: [{ name: "new" }, { name: "web", image: "b" }], args: ["y", "z"] } };
    const fields = {
      "f:spec": {
        "f:containers": {
          'k:{"name":"new"}': { ".": {}, "f:name": {} },
          'k:{"name":"web"}': { ".": {}, "f:name": {}, "f:image": {} },
        },
        "f:args": {},
      },
    };
    assert.deepEqual(merged(live, declared, fields), {
      spec: {
        a: 1,
        containers: [{ name: "side" }, { name: "new" }, { name: "web", image: "b", tty: true }],
        args: ["y", "z"],
      },
    });
  });
});

describe("whose the fields of a live object are", () => {
  it("fields of every tool are taken, of the cluster's controllers and of subresources they stay", () => {
    const live = withManagers(
      entry("kubectl-client-side-apply", { "f:data": { "f:a": {} } }),
      entry("argocd-application-controller", { "f:data": { "f:b": {} } }, { operation: "Apply" }),
      entry("kustomize-controller", { "f:data": { "f:c": {} } }, { operation: "Apply" }),
      entry("kube-controller-manager", { "f:metadata": { "f:annotations": { "f:revision": {} } } }),
      entry("console", { "f:status": {} }, { subresource: "status" }),
    );
    const { taken, kept, tools } = ownershipOf(live);
    assert.deepEqual(taken, { "f:data": { "f:a": {}, "f:b": {}, "f:c": {} } });
    assert.deepEqual(kept, { "f:metadata": { "f:annotations": { "f:revision": {} } }, "f:status": {} });
    assert.deepEqual(tools, ["kubectl-client-side-apply", "argocd-application-controller", "kustomize-controller"]);
  });

  it("a rolling update that is there by default is taken, since another strategy excludes it", () => {
    const live = {
      ...withManagers(entry("argocd", {}, { operation: "Apply" })),
      spec: { strategy: { rollingUpdate: {} } },
    };
    assert.deepEqual(ownershipOf(live).taken, { "f:spec": { "f:strategy": { "f:rollingUpdate": {} } } });
  });

  it("finalizers and owners are nobody's to take", () => {
    const fields = { "f:metadata": { "f:finalizers": { 'v:"x"': {} }, "f:ownerReferences": {} } };
    assert.deepEqual(ownershipOf(withManagers(entry("oc", fields))).taken, {});
  });

  it("the takeover changes only whose the fields are, of the version that was looked at, and only once", () => {
    const status = entry("kubelet", { "f:status": {} }, { subresource: "status" });
    const live = withManagers(entry("helm", { "f:data": { "f:a": {} } }), status);
    const [test, add] = takeoverPatch(live, ownershipOf(live).taken) ?? [];
    assert.deepEqual(test, { op: "test", path: "/metadata/resourceVersion", value: "7" });
    assert.equal(add?.path, "/metadata/managedFields");
    const [own, ...others] = add.value as readonly Json[];
    assert.deepEqual(
      [own?.manager, own?.operation, own?.fieldsV1],
      ["pulumi-kubernetes-adopted", "Apply", { "f:data": { "f:a": {} } }],
    );
    assert.deepEqual(others, [status]);
    assert.equal(takeoverPatch(withManagers(own as object, status), {}), undefined);
  });

  it("what a controller noted on a claim stays, also if nobody is known to have written it", () => {
    const notes = { "f:pv.kubernetes.io/bind-completed": {}, "f:volume.kubernetes.io/storage-provisioner": {} };
    const bound = withManagers(
      entry("oc", { "f:metadata": { "f:annotations": { ".": {}, "f:mine": {} } } }),
      entry("some-provisioner", { "f:metadata": { "f:annotations": notes }, "f:spec": { "f:volumeName": {} } }),
    );
    const annotations = { mine: "1", "pv.kubernetes.io/bind-completed": "yes" };
    const live = {
      ...bound,
      metadata: {
        ...(bound.metadata as object),
        annotations: { ...annotations, "volume.kubernetes.io/storage-provisioner": "p" },
      },
    };
    const { taken, kept } = ownershipOf(live);
    assert.deepEqual(taken, { "f:metadata": { "f:annotations": { ".": {}, "f:mine": {} } } });
    assert.deepEqual(kept, { "f:metadata": { "f:annotations": notes } });
    const [, add] = takeoverPatch(live, taken) ?? [];
    const [own, others] = add?.value as readonly Json[];
    assert.deepEqual(own?.fieldsV1, taken);
    assert.deepEqual(
      [others?.manager, others?.operation, others?.fieldsV1],
      ["kube-controller-manager", "Update", { "f:metadata": { "f:annotations": notes } }],
    );
  });
});

describe("effects of the first update", () => {
  const effects = (kind: string, before: object, after: object) =>
    effectsBetween(`${kind} n/a`, { kind, ...before }, { kind, ...after }).map((one) => [effectName(one), one.weight]);

  it("what the server counts and kubectl remembers is no effect", () => {
    const metadata = (more: object) => ({ metadata: { name: "a", generation: 1, ...more } });
    const applied = { annotations: { "kubectl.kubernetes.io/last-applied-configuration": "x" } };
    assert.deepEqual(effects("Service", { ...metadata(applied), status: { a: 1 } }, metadata({ generation: 2 })), []);
  });

  const cases: readonly (readonly [string, object, object, string, string])[] = [
    ["Route", { spec: { host: "a.example" } }, { spec: {} }, "Route n/a: spec.host", "loss"],
    ["Secret", { data: { a: "eA==", b: "eQ==" } }, { data: { a: "eA==" } }, "Secret n/a: data.b", "loss"],
    ["Secret", { data: { a: "eA==" } }, { data: { a: "eQ==" } }, "Secret n/a: data.a", "behaviour"],
    ["StatefulSet", { spec: { replicas: 4 } }, { spec: { replicas: 3 } }, "StatefulSet n/a: spec.replicas", "loss"],
    ["Deployment", { spec: { replicas: 1 } }, { spec: { replicas: 2 } }, "Deployment n/a: spec.replicas", "behaviour"],
    [
      "CronJob",
      { spec: { failedJobsHistoryLimit: 1 } },
      { spec: { failedJobsHistoryLimit: 3 } },
      "CronJob n/a: spec.failedJobsHistoryLimit",
      "harmless",
    ],
    ["CronJob", { spec: { suspend: true } }, { spec: { suspend: false } }, "CronJob n/a: spec.suspend", "loss"],
  ];
  for (const [kind, before, after, name, weight] of cases) {
    it(`${name} is of weight ${weight} when it goes from ${JSON.stringify(before)} to ${JSON.stringify(after)}`, () => {
      assert.deepEqual(effects(kind, before, after), [[name, weight]]);
    });
  }

  it("annotations of tools of deployment are harmless, those that others read are not", () => {
    const annotated = (annotations: object) => ({ metadata: { annotations } });
    const before = {
      "argocd.argoproj.io/tracking-id": "x",
      "external-dns.alpha.kubernetes.io/hostname": "y",
      kept: "1",
    };
    assert.deepEqual(effects("Ingress", annotated(before), annotated({ kept: "1" })), [
      ['Ingress n/a: metadata.annotations["argocd.argoproj.io/tracking-id"]', "harmless"],
      ['Ingress n/a: metadata.annotations["external-dns.alpha.kubernetes.io/hostname"]', "loss"],
    ]);
  });

  it("a Secret's texts never appear", () => {
    const shown = effectsBetween(
      "Secret n/a",
      { kind: "Secret", data: { a: "c2VjcmV0" } },
      { kind: "Secret", data: {} },
    );
    assert.doesNotMatch(JSON.stringify(shown), /c2VjcmV0/);
  });

  it("a decision covers a path of all objects, one field, or what its stars stand for, and nothing else", () => {
    const [effect] = effectsBetween("Route n/a", { spec: { host: "x" } }, { spec: {} });
    assert.ok(effect);
    for (const pattern of ["spec.host", "Route n/a: spec.host", "Route *", "*"])
      assert.ok(accepts(pattern, effect), pattern);
    for (const pattern of ["spec", "host", "Route n/b: spec.host", "spec?host", "spec.hos."]) {
      assert.ok(!accepts(pattern, effect), pattern);
    }
  });
});

describe("asking a cluster what the first update does", () => {
  const live = withManagers(entry("oc", { "f:data": { "f:gone": {}, "f:stays": {} } }));
  const found: FoundObject = {
    live: { ...live, data: { gone: "1", stays: "2" } },
    declared: {
      ...{ cluster: "c", apiVersion: "v1", kind: "ConfigMap", namespace: "n", name: "a" },
      body: { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a", namespace: "n" }, data: { stays: "3" } },
      registration: { urn: "u", type: "t", name: "a", parent: "", provider: "", inputs: {}, options: {} },
    },
  };

  function answering(status: number): { api: ClusterApi; asked: [string, string, unknown][] } {
    const asked: [string, string, unknown][] = [];
    const send: ClusterApi["send"] = (method, path, body) => {
      asked.push([method, path, body]);
      if (method === "GET") {
        return Promise.resolve({
          status: 200,
          body: { resources: [{ kind: "ConfigMap", name: "configmaps", namespaced: true }] },
        });
      }
      const applied = entry("orrery-adopt-probe", { "f:data": { "f:stays": {} } }, { operation: "Apply" });
      const merged = { ...withManagers(applied), data: { gone: "1", stays: "3" } };
      const failed = { message: "spec is wrong", details: { kind: "configmaps" } };
      if (status >= 300) return Promise.resolve({ status, body: failed });
      return Promise.resolve({ status, body: method === "PATCH" ? merged : body });
    };
    const never = (): never => assert.fail("not asked");
    return { api: { send, post: never, find: never, has: never, wouldCreate: never }, asked };
  }

  it("it applies and puts as dry runs only, and what nobody applies any more is gone", async () => {
    const { api, asked } = answering(200);
    const result = (await firstUps(api, [found])).get(found);
    assert.ok(result !== undefined && "after" in result);
    assert.deepEqual(result.after.data, { stays: "3" });
    const writes = asked.filter(([method]) => method !== "GET");
    const path = "/api/v1/namespaces/n/configmaps/a";
    assert.deepEqual(
      writes.map(([method, where]) => [method, where.split("?")[0]]),
      [
        ["PATCH", path],
        ["PUT", path],
      ],
    );
    for (const [, where] of writes) assert.match(where, /\?dryRun=All&/);
  });

  it("it asks again where a controller wrote into the object meanwhile, and gives up where that never ends", async () => {
    const changing = (conflicts: number): { api: ClusterApi; versions: unknown[] } => {
      const { api } = answering(200);
      const versions: unknown[] = [];
      const send: ClusterApi["send"] = (method, path, body, type) => {
        if (method === "GET" && path.includes("/configmaps/"))
          return Promise.resolve({ status: 200, body: { metadata: { resourceVersion: String(7 + versions.length) } } });
        if (method !== "PUT") return api.send(method, path, body, type);
        versions.push((body as { metadata: Json }).metadata.resourceVersion);
        const conflict = {
          reason: "Conflict",
          message: "the object has been modified",
          details: { kind: "configmaps" },
        };
        return versions.length > conflicts
          ? api.send(method, path, body, type)
          : Promise.resolve({ status: 409, body: conflict });
      };
      return { api: { ...api, send }, versions };
    };
    const once = changing(1);
    const result = (await firstUps(once.api, [found])).get(found);
    assert.ok(result !== undefined && "after" in result);
    assert.deepEqual(once.versions, ["7", "8"]);
    const always = changing(99);
    const refused = (await firstUps(always.api, [found])).get(found);
    assert.deepEqual(refused, { refused: "cannot be changed to what is declared: the object has been modified" });
    assert.equal(always.versions.length, 5);
  });

  it("a refusal is the cluster's own message", async () => {
    const result = (await firstUps(answering(422).api, [found])).get(found);
    assert.deepEqual(result, { refused: "cannot be changed to what is declared: spec is wrong" });
  });
});
