import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { before, describe, it } from "mocha";
import { z } from "zod";
import { defineSystem, type Need } from "../../../config/define.ts";
import { assertPermissions } from "../../../config/preflight/permissions.ts";
import { kubeconfig } from "../../../config/samples.ts";
import { type Asked, serving } from "./clusterApi.ts";
import { needsKubectl } from "./kubectl.ts";
import { underEngine } from "./underEngine.ts";

/** A system that needs what its settings say. */
const system = (namespace: string) =>
  defineSystem({
    namespace,
    settings: z.custom<{ needs: readonly Need[] }>(),
    secrets: {},
    needs: ({ needs }) => needs,
  });
const needless = defineSystem({ namespace: "needless", settings: z.strictObject({}), secrets: {} });
const schemas = { one: system("one"), two: system("two"), needless };

const none = { secrets: {}, keyedSecrets: {} };
const need = (cluster: string, namespace: string, resources: readonly string[], makesNamespace = false): Need => ({
  cluster,
  namespace,
  resources,
  makesNamespace,
});

/** The check with these needs and kubeconfigs. */
function check(needs: readonly Need[], kubeconfigs: Readonly<Record<string, string>>, platform = "kubernetes") {
  const settings = Object.fromEntries(
    Object.keys(kubeconfigs).map((name) => [name, { platform, appsDomain: "x.test", serverSideApply: true } as const]),
  );
  const texts = Object.entries(kubeconfigs).map(([name, text]) => [name, pulumi.secret(text)] as const);
  return assertPermissions(
    schemas,
    { one: { settings: { needs }, ...none }, two: undefined, needless: { settings: {}, ...none } },
    { settings: settings as never, secrets: {}, keyedSecrets: { kubeconfigs: Object.fromEntries(texts) } },
  );
}

/** What was asked, as `verb resource.group namespace name`. */
function question({ body }: Asked): string {
  const { spec } = JSON.parse(body) as { spec: { resourceAttributes: Record<string, string> } };
  const { verb, resource, group, namespace = "-", name = "-", ...rest } = spec.resourceAttributes;
  assert.deepEqual(rest, {});
  return `${verb ?? ""} ${resource ?? ""}.${group ?? ""} ${namespace} ${name}`;
}

/** A cluster that allows what is asked unless it is among the refused, and has the namespace `there`. */
function onCluster<T>(
  refused: readonly string[],
  work: (text: string, asked: readonly Asked[]) => Promise<T>,
): Promise<T> {
  return serving(
    (asked, response) => {
      if (asked.method === "GET") response.writeHead(asked.path === "/api/v1/namespaces/there" ? 200 : 404).end("{}");
      else response.end(JSON.stringify({ status: { allowed: !refused.includes(question(asked)) } }));
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

describe("missing rights", () => {
  before(needsKubectl);

  it("are asked for by the cluster's own words", async () => {
    await onCluster([], async (text, asked) => {
      const warnings = await underEngine(() => check([need("a", "n", ["secrets", "deployments.apps"])], { a: text }));
      assert.deepEqual(warnings, []);
      assert.deepEqual(asked.map(question).sort(), [
        "create deployments.apps n -",
        "create secrets. n -",
        "delete deployments.apps n -",
        "delete secrets. n -",
        "patch deployments.apps n -",
        "patch secrets. n -",
      ]);
      const [{ method, path, body } = assert.fail()] = asked;
      assert.deepEqual([method, path], ["POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"]);
      const { apiVersion, kind } = JSON.parse(body) as Record<string, unknown>;
      assert.deepEqual([apiVersion, kind], ["authorization.k8s.io/v1", "SelfSubjectAccessReview"]);
    });
  });

  it("are told by cluster, and each cluster is asked about its own needs", async () => {
    await onCluster(["delete secrets. n -", "create routes.route.openshift.io n -"], (a, askedA) =>
      onCluster(["patch configmaps. m -"], async (b, askedB) => {
        const needs = [need("a", "n", ["secrets", "routes.route.openshift.io"]), need("b", "m", ["configmaps"])];
        await underEngine(() =>
          assert.rejects(
            check(needs, { a, b }, "openshift"),
            denial(
              "  cluster a, namespace n: delete secrets; create routes.route.openshift.io",
              "  cluster b, namespace m: patch configmaps",
            ),
          ),
        );
        assert.deepEqual([askedA.length, askedB.length], [6, 3]);
      }),
    );
  });

  it("are none of OpenShift's kinds where there is none", async () => {
    await onCluster([], async (text, asked) => {
      const resources = ["routes.route.openshift.io", "imagestreams.image.openshift.io", "openshift.io"];
      await underEngine(() => check([need("a", "n", resources)], { a: text }));
      assert.deepEqual([...new Set(asked.map((one) => question(one).split(" ")[1]))].sort(), [
        "ingresses.networking.k8s.io",
        "openshift.io",
      ]);
    });
  });

  it("are those to make the namespace too, unless it is there and may be changed", async () => {
    const create = "create namespaces. - -";
    const needs = (namespace: string): readonly Need[] => [need("a", namespace, [], true)];
    const cases: readonly (readonly [string, readonly string[], readonly string[], boolean])[] = [
      ["new", [], [create], true],
      ["there", [create], [create, "patch namespaces. - there", "GET /api/v1/namespaces/there"], true],
      ["new", [create], [create, "patch namespaces. - new", "GET /api/v1/namespaces/new"], false],
      ["there", [create, "patch namespaces. - there"], [create, "patch namespaces. - there"], false],
    ];
    for (const [namespace, refused, questions, fine] of cases) {
      await onCluster(refused, async (text, asked) => {
        await underEngine(() =>
          fine
            ? check(needs(namespace), { a: text })
            : assert.rejects(
                check(needs(namespace), { a: text }),
                denial(`  cluster a, namespace ${namespace}: create namespaces`),
              ),
        );
        const told = asked.map((one) => (one.method === "GET" ? `GET ${one.path}` : question(one)));
        assert.deepEqual(told, questions);
      });
    }
  });

  it("are whatever a cluster does not allow in so many words", async () => {
    for (const answer of ["{}", '{"status":{}}', '{"status":{"allowed":"true"}}']) {
      await serving(
        (_, response) => response.end(answer),
        (port) =>
          underEngine(() =>
            assert.rejects(
              check([need("a", "n", ["secrets"])], { a: kubeconfig(`http://127.0.0.1:${port}`, "t") }),
              denial("  cluster a, namespace n: create/patch/delete secrets"),
            ),
          ),
      );
    }
  });

  it("stay unknown when the cluster does not answer: a preview goes on, an update does not", async () => {
    const text = kubeconfig(`http://127.0.0.1:1`, "t");
    const needs = [need("a", "n", ["secrets"])];
    const said =
      'cluster "a" cannot be reached: dial tcp 127.0.0.1:1: connect: connection refused; check clusters:a, its kubeconfig';
    await underEngine(() => assert.rejects(check(needs, { a: text }), { message: said, name: /Error/ }));
    const warnings = await underEngine(() => check(needs, { a: text }), { preview: true });
    assert.deepEqual(warnings, [`${said}; rights were not checked`]);
  });

  it("stay unknown without kubectl", async () => {
    const text = kubeconfig("http://127.0.0.1:1", "t");
    const warnings = await underEngine(() => check([need("a", "n", ["secrets"])], { a: text }), {
      env: { PATH: "/nowhere" },
    });
    assert.deepEqual(warnings, ["rights on cluster a were not checked: kubectl is not installed"]);
  });

  it("are not asked for without an engine, clusters or needs", async () => {
    const text = kubeconfig("http://127.0.0.1:1", "t");
    await check([need("a", "n", ["secrets"])], { a: text });
    assert.deepEqual(await underEngine(() => check([], { a: text })), []);
    const config = {
      one: { settings: { needs: [need("a", "n", ["x"])] }, ...none },
      two: undefined,
      needless: undefined,
    };
    assert.deepEqual(await underEngine(() => assertPermissions(schemas, config, undefined)), []);
  });
});
