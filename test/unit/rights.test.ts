import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { deniedText, questions } from "../../config/preflight/permissions.ts";

describe("the check of the deployer's rights", () => {
  const need = { cluster: "psi", namespace: "n", makesNamespace: false };

  it("asks about making, changing and deleting each kind, with its API group", () => {
    assert.deepEqual(questions({ ...need, resources: ["secrets", "routes.route.openshift.io"] }, "openshift"), [
      { namespace: "n", verb: "create", resource: "secrets" },
      { namespace: "n", verb: "patch", resource: "secrets" },
      { namespace: "n", verb: "delete", resource: "secrets" },
      { namespace: "n", verb: "create", resource: "routes.route.openshift.io" },
      { namespace: "n", verb: "patch", resource: "routes.route.openshift.io" },
      { namespace: "n", verb: "delete", resource: "routes.route.openshift.io" },
    ]);
    const elsewhere = { ...need, resources: ["routes.route.openshift.io", "imagestreams.image.openshift.io"] };
    assert.deepEqual(
      [...new Set(questions(elsewhere, "kubernetes").map(({ resource }) => resource))],
      ["ingresses.networking.k8s.io"],
    );
  });

  it("names every cluster, namespace, verb and kind once", () => {
    const resources = ["secrets", "configmaps"];
    const all = questions({ ...need, resources }, "openshift");
    const one = { namespace: "m", verb: "create", resource: "namespaces" };
    assert.deepEqual(
      deniedText(
        new Map([
          ["psi", [one, ...all]],
          ["lab", all.slice(0, 2)],
        ]),
      ).split("\n"),
      [
        "the account that deploys may not do what this stack needs; nothing was changed:",
        "  cluster psi, namespace m: create namespaces",
        "  cluster psi, namespace n: create/patch/delete secrets, configmaps",
        "  cluster lab, namespace n: create/patch secrets",
        "have an administrator apply what npm run --silent ops -- deployer prints for it (clusters:<name> is its kubeconfig), or name another namespace",
      ],
    );
  });
});
