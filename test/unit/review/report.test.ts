import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { risksOf } from "../../../review/risks/index.ts";
import { compare } from "../../../review/diff/compare.ts";
import { markdown } from "../../../review/report/markdown.ts";
import type { Rendered } from "../../../review/evaluate/render.ts";
import { deployment, resource } from "./fixture.ts";

/** The risk in the only change between two states of a resource. */
function reasons(before: Rendered | undefined, after: Rendered | undefined): readonly string[] {
  const side = (one: Rendered | undefined): readonly Rendered[] => (one === undefined ? [] : [one]);
  return compare(side(before), side(after)).flatMap((change) => risksOf(change));
}

describe("risks in a review", () => {
  it("replacing or deleting something with data is a risk", () => {
    const claim = (inputs: object, options: Rendered["options"] = {}): Rendered =>
      resource("kubernetes:core/v1:PersistentVolumeClaim", "data", inputs, options);
    assert.deepEqual(reasons(claim({}), undefined), ["deletes a resource that holds data"]);
    assert.deepEqual(reasons(claim({}, { retainOnDelete: true }), undefined), [
      "deletes a resource that holds data; the old object stays in the cloud, unmanaged",
    ]);
    assert.deepEqual(reasons(claim({ spec: {} }), claim({ spec: { storageClassName: "ssd" } })), [
      "replaces a resource that holds data, because of spec.storageClassName",
    ]);
    assert.deepEqual(reasons(claim({ spec: {} }), claim({ spec: { resources: "2Gi" } })), []);
    const password = (length: number): Rendered =>
      resource("random:index/randomPassword:RandomPassword", "password", { length });
    assert.deepEqual(reasons(password(20), password(30)), ["replaces a resource that holds data, because of length"]);
    const guarded = resource("openstack:compute/instance:Instance", "host", {}, { protect: true });
    assert.deepEqual(reasons(guarded, undefined), ["deletes a resource that holds data"]);
    assert.deepEqual(reasons(deployment("a:1"), undefined), []);
  });

  it("a claim, a claim template and a volume that shrink are risks, with both sizes; growing and rewriting a size are none", () => {
    const asks = (storage: unknown): object => ({ resources: { requests: { storage } } });
    const claim = (storage: unknown, options: Rendered["options"] = {}): Rendered =>
      resource("kubernetes:core/v1:PersistentVolumeClaim", "data", { spec: asks(storage) }, options);
    assert.deepEqual(reasons(claim("2Gi"), claim("1500Mi")), [
      "shrinks the claim from 2Gi to 1500Mi; it may grow, never shrink",
    ]);
    for (const after of ["3Gi", "2048Mi", "2.5G", undefined, "lots"])
      assert.deepEqual(reasons(claim("2Gi"), claim(after)), []);
    const ignored = { ignoreChanges: ["spec.resources.requests.storage"] };
    assert.deepEqual(reasons(claim("2Gi"), claim("1Gi", ignored)), []);
    const set = (storage: string, image: string): Rendered =>
      resource("kubernetes:apps/v1:StatefulSet", "db", {
        spec: {
          template: { spec: { containers: [{ name: "db", image }] } },
          volumeClaimTemplates: [
            { metadata: { name: "log" }, spec: asks("1Gi") },
            { metadata: { name: "data" }, spec: asks(storage) },
          ],
        },
      });
    assert.deepEqual(reasons(set("10Gi", "a@sha256:1"), set("9000Mi", "a@sha256:2")), [
      "shrinks claim template data from 10Gi to 9000Mi; it may grow, never shrink",
    ]);
    assert.deepEqual(reasons(set("10Gi", "a@sha256:1"), set("11Gi", "a@sha256:2")), []);
    const volume = (size: number): Rendered =>
      resource("openstack:blockstorage/volume:Volume", "hub-home-1", { name: "hub-home-1", size });
    assert.deepEqual(reasons(volume(100), volume(80)), [
      "shrinks the volume from 100 GB to 80 GB; it may grow, never shrink",
    ]);
    assert.deepEqual(reasons(volume(80), volume(100)), []);
    const text = markdown([{ stack: "prod", changes: compare([volume(100)], [volume(80)]) }], "a", "b");
    assert.match(
      text,
      /- `prod` `Volume hub-home-1`: shrinks the volume from 100 GB to 80 GB; it may grow, never shrink/,
    );
  });

  it("removing protection is a risk", () => {
    const volume = (options: Rendered["options"]): Rendered =>
      resource("openstack:blockstorage/volume:Volume", "home", {}, options);
    assert.deepEqual(reasons(volume({ protect: true, retainOnDelete: true }), volume({})), [
      "drops protect",
      "drops retainOnDelete",
    ]);
    assert.deepEqual(reasons(volume({}), volume({ protect: true })), []);
  });

  it("opening a security group or a Route is a risk", () => {
    const rule = (inputs: object): Rendered =>
      resource("openstack:networking/secGroupRule:SecGroupRule", "in", {
        ...{ direction: "ingress", ethertype: "IPv4", protocol: "tcp", portRangeMin: 22, portRangeMax: 22 },
        ...inputs,
      });
    assert.deepEqual(reasons(undefined, rule({ remoteIpPrefix: "0.0.0.0/0" })), [
      "allows ingress from everywhere (IPv4) to port 22 (tcp)",
    ]);
    assert.deepEqual(reasons(rule({ remoteIpPrefix: "10.0.0.0/8" }), rule({ remoteIpPrefix: "10.0.0.0/4" })), [
      "allows ingress from 10.0.0.0/4 to port 22 (tcp)",
    ]);
    assert.deepEqual(reasons(rule({ remoteIpPrefix: "10.0.0.0/8" }), rule({ remoteIpPrefix: "10.1.0.0/16" })), []);
    assert.deepEqual(reasons(rule({ portRangeMax: 80 }), rule({})), []);
    assert.deepEqual(reasons(rule({}), rule({ portRangeMax: 80 })), [
      "allows ingress from everywhere (IPv4) to ports 22-80 (tcp)",
    ]);
    assert.deepEqual(reasons(rule({}), rule({ securityGroupId: "b" })), [
      "allows ingress from everywhere (IPv4) to port 22 (tcp)",
    ]);
    assert.deepEqual(reasons(undefined, rule({ direction: "egress" })), []);
    assert.deepEqual(reasons(rule({}), undefined), []);
    const route = (list: string): Rendered =>
      resource("kubernetes:route.openshift.io/v1:Route", "web", {
        metadata: { annotations: { "haproxy.router.openshift.io/ip_whitelist": list } },
      });
    assert.deepEqual(reasons(route("10.0.0.0/8"), route("")), ["opens the Route to all addresses"]);
    assert.deepEqual(reasons(route(""), route("10.0.0.0/8")), []);
    assert.deepEqual(reasons(route("10.0.0.0/8"), route("10.2.0.0/16 192.0.2.1")), ["opens the Route to 192.0.2.1"]);
    const port = (inputs: object): Rendered => resource("openstack:networking/port:Port", "eth0", inputs);
    assert.deepEqual(reasons(port({}), port({ noSecurityGroups: true })), [
      "removes the port from every security group",
    ]);
    const policy = (podSelector: object, ...ingress: readonly object[]): Rendered =>
      resource("kubernetes:networking.k8s.io/v1:NetworkPolicy", "policy", { spec: { podSelector, ingress } });
    assert.deepEqual(reasons(policy({}, { from: [] }), policy({}, { from: [] }, { ports: [1] })), [
      "allows ingress to the pods from other sources",
    ]);
    assert.deepEqual(reasons(policy({}, { from: [] }), policy({})), []);
    assert.deepEqual(reasons(policy({ matchLabels: { app: "a" } }), undefined), []);
    assert.equal(reasons(policy({}), undefined).length, 1);
  });

  it("widening permissions is a risk", () => {
    const role = (verbs: readonly string[], resources = ["pods"]): Rendered =>
      resource("kubernetes:rbac.authorization.k8s.io/v1:Role", "reader", {
        rules: [{ apiGroups: [""], resources, verbs }],
      });
    assert.deepEqual(reasons(role(["get"]), role(["get", "delete"])), ["grants delete pods"]);
    assert.deepEqual(reasons(role(["get", "delete"]), role(["get"])), []);
    assert.deepEqual(reasons(role(["get"]), role(["get"], ["pods", "secrets"])), ["grants get secrets"]);
    assert.deepEqual(reasons(role(["*"]), role(["get", "delete"])), []);
    assert.deepEqual(reasons(role(["get"], ["*"]), role(["get"], ["pods"])), []);
    const binding = (name: string, ...subjects: readonly string[]): Rendered =>
      resource("kubernetes:rbac.authorization.k8s.io/v1:RoleBinding", "binding", {
        roleRef: { kind: "ClusterRole", name },
        subjects: subjects.map((one) => ({ kind: "ServiceAccount", namespace: "thoth", name: one })),
      });
    assert.deepEqual(reasons(undefined, binding("edit", "bot")), [
      "grants ClusterRole edit to ServiceAccount thoth/bot",
    ]);
    assert.deepEqual(reasons(binding("edit", "bot"), binding("edit", "bot", "other")), [
      "grants ClusterRole edit to ServiceAccount thoth/other",
    ]);
    assert.deepEqual(reasons(binding("view", "bot"), binding("admin", "bot")), [
      "grants ClusterRole admin to ServiceAccount thoth/bot",
    ]);
    assert.deepEqual(reasons(binding("edit", "bot", "other"), binding("edit", "bot")), []);
  });

  it("changing an image to a tag without a digest is a risk", () => {
    const digest = `quay.io/web@sha256:${"a".repeat(64)}`;
    assert.deepEqual(reasons(deployment("quay.io/web:1"), deployment("quay.io/web:2")), [
      "runs quay.io/web:2, which is not pinned by digest",
    ]);
    assert.deepEqual(reasons(deployment(digest), deployment("quay.io/web:2")).length, 1);
    assert.deepEqual(reasons(deployment("quay.io/web:1"), deployment(digest)), []);
    const stream = (name: string): Rendered =>
      resource("kubernetes:image.openshift.io/v1:ImageStream", "web", {
        spec: { tags: [{ name: "1", from: { name } }] },
      });
    assert.deepEqual(reasons(stream(digest), stream("quay.io/web:2")).length, 1);
    const jobs = (image: string): Rendered =>
      resource("kubernetes:core/v1:ConfigMap", "jobs", {
        data: { "jobs.yaml": `spec:\n  - image: ${image}\n    name: a\n` },
      });
    assert.deepEqual(reasons(jobs("quay.io/job:1"), jobs("quay.io/job:2")), [
      "runs quay.io/job:2, which is not pinned by digest",
    ]);
    assert.deepEqual(reasons(jobs("quay.io/job:1"), jobs(digest)), []);
  });
});

describe("the report of a review", () => {
  const report = (before: readonly Rendered[], after: readonly Rendered[]): string =>
    markdown([{ stack: "test", changes: compare(before, after) }], "aaa", "bbb");

  it("a report says in one line what happens, risks first", () => {
    const text = report(
      [deployment("web:1"), resource("kubernetes:core/v1:PersistentVolumeClaim", "data")],
      [deployment("web:2"), resource("kubernetes:core/v1:Secret", "key")],
    );
    assert.ok(text.startsWith("## What this changes\n\n**1 to delete**, 1 to create, 1 to update;"), text);
    assert.match(text, /\*\*2 to check before merging\*\*/);
    assert.match(text, /^\| test \| thoth \| {2}\| 1 \| 1 \| 1 \| {2}\|$/m);
    assert.ok(text.indexOf("**deleted**") < text.indexOf("**updated**"));
    assert.match(text, /```diff\n {2}spec\.template\.spec\.containers\[web\]\.image:\n- web:1\n\+ web:2\n```/);
    assert.equal(text.match(/<details>/g)?.length, text.match(/<\/details>/g)?.length);
  });

  it("a report says that nothing changes", () => {
    assert.match(report([deployment("web:1")], [deployment("web:1")]), /^Nothing in any stack \(test\)\.$/m);
  });

  it("a report never shows a secret, only that it changes", () => {
    const secret = (digest: string): Rendered =>
      resource("kubernetes:core/v1:Secret", "key", {
        stringData: { token: `[secret ${digest}]`, map: { a: `[secret ${digest}]` } },
      });
    const text = report([secret("0123456789ab")], [secret("ba9876543210")]);
    assert.match(text, /stringData\.token:\n- \[secret\]\n\+ \[secret\], changed/);
    assert.doesNotMatch(text, /0123456789ab|ba9876543210/);
  });

  it("a report fits into a comment, and says how much it leaves out", () => {
    const many = (value: string): Rendered[] =>
      Array.from({ length: 600 }, (_, at) =>
        resource("kubernetes:core/v1:ConfigMap", `files-${at}`, { data: { text: `${value} `.repeat(100) } }),
      );
    const text = report(many("a"), many("b"));
    assert.ok(text.length <= 65_536 && text.length > 40_000, `${text.length}`);
    const shown = text.match(/^\*\*updated\*\*/gm)?.length ?? 0;
    const left = Number(/^(\d+) more resources change/m.exec(text)?.[1]);
    assert.equal(shown + left, 600);
    assert.match(text, /600 to update/);
  });

  it("a report escapes others' texts so that they are not markup", () => {
    const text = report(
      [deployment("web:1", { note: "a" })],
      [deployment("web:1", { note: "line\n```\n</details><script>alert(1)</script> @everyone" })],
    );
    const fence = /^(`{3,})diff$/m.exec(text)?.[1] ?? "";
    assert.equal(fence.length, 4);
    assert.ok(text.indexOf("<script>") > text.indexOf(`${fence}diff`));
    assert.ok(text.lastIndexOf("<script>") < text.lastIndexOf(fence));
    const named = resource("kubernetes:core/v1:PersistentVolumeClaim", "x", {}, { protect: true });
    const bound = resource("kubernetes:rbac.authorization.k8s.io/v1:RoleBinding", "b", {
      roleRef: { kind: "Role", name: "<img src=x> @team" },
      subjects: [{ kind: "User", name: "a|b" }],
    });
    assert.doesNotMatch(report([named], [bound]), /<img|@team|a\|b/);
    assert.match(report([named], [bound]), /&lt;img src=x&gt; @\u200bteam to User a&vert;b/);
    assert.doesNotMatch(report([named], [bound]), /&#/);
  });
});
