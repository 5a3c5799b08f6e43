import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { before, describe, it } from "mocha";
import { usedNamespaces } from "../../../config/preflight/namespaces.ts";
import { assertPermissions, deniedText, type Permission } from "../../../config/preflight/permissions.ts";
import { kubeconfig } from "../../../config/samples.ts";
import { type Asked, serving } from "./clusterApi.ts";
import { needsKubectl } from "./kubectl.ts";
import { underEngine } from "./underEngine.ts";

const may = (namespace: string, verb: string, resource: string, name?: string): Permission => {
  return { namespace, verb, resource, ...(name === undefined ? {} : { name }) };
};

/** Runs the check with these requirements and kubeconfigs, by cluster. */
function check(
  required: Readonly<Record<string, readonly Permission[]>>,
  kubeconfigs: Readonly<Record<string, string>>,
  namespaces: Readonly<Record<string, readonly string[]>> = {},
) {
  const texts = Object.entries(kubeconfigs).map(([name, text]) => [name, pulumi.secret(text)] as const);
  const clusters = { settings: {}, secrets: {}, keyedSecrets: { kubeconfigs: Object.fromEntries(texts) } };
  return assertPermissions(new Map(Object.entries(required)), clusters, new Map(Object.entries(namespaces)));
}

/** An access review as `verb resource.group namespace name`, another request as method and path. */
function question({ method, path, body }: Asked): string {
  if (!path.endsWith("/selfsubjectaccessreviews")) return `${method} ${path}`;
  const { spec } = JSON.parse(body) as { spec: { resourceAttributes: Record<string, string> } };
  const { verb, resource, subresource, group, namespace = "-", name = "-", ...rest } = spec.resourceAttributes;
  assert.deepEqual(rest, {});
  const plural = [resource, ...(subresource === undefined ? [] : [subresource])].join("/");
  return `${verb ?? ""} ${plural}.${group ?? ""} ${namespace} ${name}`;
}

const all = "* *.* - -";

/** A cluster that allows everything but `refused`, and has the namespace `there`. */
function onCluster<T>(
  refused: readonly string[],
  work: (text: string, asked: readonly Asked[]) => Promise<T>,
): Promise<T> {
  return serving(
    (asked, response) => {
      const allowed = !refused.includes(question(asked));
      if (asked.path.endsWith("/selfsubjectaccessreviews")) response.end(JSON.stringify({ status: { allowed } }));
      else if (asked.method === "POST") response.writeHead(allowed ? 201 : 403).end("{}");
      else response.writeHead(asked.path === "/api/v1/namespaces/there" ? 200 : 404).end("{}");
    },
    (port, asked) => work(kubeconfig(`http://127.0.0.1:${port}`, "t"), asked),
  );
}

const denial = (...lines: readonly string[]) => ({
  message: [
    "the account that deploys may not do what this stack needs; nothing was changed:",
    ...lines,
    "have an administrator apply what npm run --silent ops -- deployer prints for it (clusters:<name> is its kubeconfig), or name another namespace",
  ].join("\n"),
});

describe("missing permissions", () => {
  before(needsKubectl);

  it("permissions are checked by the cluster's own access reviews", async () => {
    await onCluster([all], async (text, asked) => {
      const required = [
        may("n", "patch", "deployments.apps"),
        may("n", "create", "routes/custom-host.route.openshift.io"),
        may("", "get", "nodes", "node01"),
        may("", "get", "namespaces", "n"),
        may("", "create", "namespaces", "n"),
      ];
      assert.deepEqual(await underEngine(() => check({ a: required }, { a: text })), []);
      assert.equal(asked.map(question)[0], all);
      assert.deepEqual(asked.slice(1).map(question).sort(), [
        "create namespaces. - -",
        "create routes/custom-host.route.openshift.io n -",
        "get namespaces. n n",
        "get nodes. - node01",
        "patch deployments.apps n -",
      ]);
      const [{ method, path, body } = assert.fail()] = asked;
      assert.deepEqual([method, path], ["POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"]);
      const { apiVersion, kind } = JSON.parse(body) as Record<string, unknown>;
      assert.deepEqual([apiVersion, kind], ["authorization.k8s.io/v1", "SelfSubjectAccessReview"]);
    });
  });

  it("one access review is enough for an account that may do everything", async () => {
    await onCluster([], async (text, asked) => {
      await underEngine(() => check({ a: [may("n", "get", "secrets"), may("n", "get", "pods")] }, { a: text }));
      assert.deepEqual(asked.map(question), [all]);
    });
  });

  it("missing permissions of all clusters are reported at once, and each cluster is asked only about its own", async () => {
    await onCluster([all, "delete secrets. n -", "create routes.route.openshift.io n -"], (a, askedA) =>
      onCluster([all, "patch configmaps. m -"], async (b, askedB) => {
        const required = {
          a: [
            may("n", "delete", "secrets"),
            may("n", "create", "secrets"),
            may("n", "create", "routes.route.openshift.io"),
          ],
          b: [may("m", "patch", "configmaps")],
        };
        await underEngine(() =>
          assert.rejects(
            check(required, { a, b }),
            denial(
              "  cluster a, namespace n: create routes.route.openshift.io; delete secrets",
              "  cluster b, namespace m: patch configmaps",
            ),
          ),
        );
        assert.deepEqual([askedA.length, askedB.length], [4, 2]);
      }),
    );
  });

  it("permission to create a namespace is required unless it exists", async () => {
    const refused = [all, "create namespaces. - -"];
    await onCluster(refused, async (text) => {
      const required = { a: [may("", "create", "namespaces", "there"), may("", "create", "namespaces", "new")] };
      await underEngine(() =>
        assert.rejects(check(required, { a: text }), denial("  cluster a, namespace new: create namespaces")),
      );
    });
  });

  it("what a Role grants is not required of an account that may escalate", async () => {
    const unless = may("n", "escalate", "roles.rbac.authorization.k8s.io");
    const required = { a: [{ ...may("n", "get", "pods/log"), unless }] };
    await onCluster([all, "get pods/log. n -"], (text) => underEngine(() => check(required, { a: text })));
    await onCluster([all, "get pods/log. n -", "escalate roles.rbac.authorization.k8s.io n -"], (text) =>
      underEngine(() => assert.rejects(check(required, { a: text }), denial("  cluster a, namespace n: get pods/log"))),
    );
  });

  it("permission to bind a role is required unless the cluster accepts the binding in a dry run", async () => {
    const group = "rbac.authorization.k8s.io";
    const required = {
      a: [may("n", "bind", `clusterroles.${group}`, "edit"), may("", "bind", `clusterroles.${group}`, "view")],
    };
    const bind = [`bind clusterroles.${group} n edit`, `bind clusterroles.${group} - view`];
    const trials = [
      `POST /apis/${group}/v1/namespaces/n/rolebindings?dryRun=All`,
      `POST /apis/${group}/v1/clusterrolebindings?dryRun=All`,
    ];
    await onCluster([all, ...bind], async (text, asked) => {
      await underEngine(() => check(required, { a: text }));
      const tried = trials.map((trial) => asked.find((one) => question(one) === trial) ?? assert.fail(trial));
      assert.deepEqual(
        tried.map(({ body }) => JSON.parse(body) as unknown),
        [
          { kind: "RoleBinding", name: "edit" },
          { kind: "ClusterRoleBinding", name: "view" },
        ].map(({ kind, name }) => ({
          ...{ apiVersion: `${group}/v1`, kind, metadata: { generateName: "preflight-" } },
          roleRef: { apiGroup: group, kind: "ClusterRole", name },
        })),
      );
    });
    await onCluster([all, ...bind, ...trials], (text) =>
      underEngine(() =>
        assert.rejects(
          check(required, { a: text }),
          denial(
            `  cluster a, all of the cluster: bind clusterroles.${group} (view)`,
            `  cluster a, namespace n: bind clusterroles.${group} (edit)`,
          ),
        ),
      ),
    );
  });

  it("a permission is missing unless the cluster explicitly allows it", async () => {
    for (const answer of ["{}", '{"status":{}}', '{"status":{"allowed":"true"}}']) {
      await serving(
        (_, response) => response.end(answer),
        (port) =>
          underEngine(() =>
            assert.rejects(
              check({ a: [may("n", "get", "secrets")] }, { a: kubeconfig(`http://127.0.0.1:${port}`, "t") }),
              denial("  cluster a, namespace n: get secrets"),
            ),
          ),
      );
    }
  });

  it("when the cluster does not answer, permissions are unknown: a preview goes on, an update does not", async () => {
    const text = kubeconfig("http://127.0.0.1:1", "t");
    const required = { a: [may("n", "get", "secrets")] };
    const said =
      'cluster "a" cannot be reached: dial tcp 127.0.0.1:1: connect: connection refused; check clusters:a, its kubeconfig';
    await underEngine(() => assert.rejects(check(required, { a: text }), { message: said, name: /Error/ }));
    const warnings = await underEngine(() => check(required, { a: text }), { preview: true });
    assert.deepEqual(warnings, [`${said}; permissions were not checked`]);
  });

  it("a namespace that others have to make is missed before an update, which would fail halfway; a preview warns", async () => {
    const required = { a: [may("there", "get", "secrets")] };
    const said =
      "cluster a lacks the namespace gone, which this stack uses and does not create: " +
      "kubectl create namespace gone; or where the system's settings have it, namespace.create: true";
    await onCluster([], async (text) => {
      const with_ = (...names: readonly string[]) => check(required, { a: text }, { a: names });
      await underEngine(() => assert.rejects(with_("there", "gone"), { message: `${said}; nothing was changed` }));
      assert.deepEqual(await underEngine(() => with_("gone"), { preview: true }), [said]);
      assert.deepEqual(await underEngine(() => with_("there")), []);
    });
    const objects = [
      { kind: "Namespace", namespace: "", name: "own" },
      ...["own", "gone", ""].map((namespace) => ({ kind: "Secret", namespace, name: "s" })),
    ];
    assert.deepEqual(usedNamespaces(objects), ["gone"]);
  });

  it("permissions stay unknown without kubectl", async () => {
    const text = kubeconfig("http://127.0.0.1:1", "t");
    const warnings = await underEngine(() => check({ a: [may("n", "get", "secrets")] }, { a: text }), {
      env: { PATH: "/nowhere" },
    });
    assert.deepEqual(warnings, ["permissions on cluster a were not checked: kubectl is not installed"]);
  });

  it("permissions are not checked without an engine, clusters or objects", async () => {
    const text = kubeconfig("http://127.0.0.1:1", "t");
    const required = { a: [may("n", "get", "secrets")] };
    await check(required, { a: text });
    assert.deepEqual(await underEngine(() => check({ a: [] }, { a: text })), []);
    const without = () => assertPermissions(new Map(Object.entries(required)), undefined);
    assert.deepEqual(await underEngine(without), []);
  });

  it("missing permissions are listed in order, each cluster, namespace, verb and kind once", () => {
    const both = ["patch", "create"].flatMap((verb) => ["secrets", "configmaps"].map((kind) => may("n", verb, kind)));
    const named = ["b", "a"].map((name) => may("", "get", "nodes", name));
    const text = deniedText(
      new Map([
        ["psi", [...both, may("n", "get", "pods"), may("", "create", "namespaces", "m"), ...named]],
        ["lab", both.slice(0, 1)],
      ]),
    );
    assert.equal(
      text,
      denial(
        "  cluster psi, all of the cluster: get nodes (a, b)",
        "  cluster psi, namespace m: create namespaces",
        "  cluster psi, namespace n: create/patch configmaps, secrets; get pods",
        "  cluster lab, namespace n: patch secrets",
      ).message,
    );
  });
});
