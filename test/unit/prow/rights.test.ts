import assert from "node:assert/strict";
import type { Rendered } from "../../../review/render.ts";
import { objects, podOf, renderStack } from "./world.ts";

describe("Prow's rights", () => {
  let all: readonly Rendered[];
  before(async () => {
    all = await renderStack("stage");
  });

  /** `resource verb` pairs that a namespace's Roles give, by account. */
  const given = (namespace: string): Record<string, readonly string[]> =>
    Object.fromEntries(
      [...objects(all, "Role").values()]
        .filter(({ metadata }) => metadata.namespace === namespace)
        .map(({ metadata, rules }) => [
          metadata.name.replace("staging-", ""),
          (rules ?? []).map(({ resources, verbs, resourceNames }) => {
            const only = resourceNames === undefined ? "" : ` of ${resourceNames.join(" ")}`;
            return `${resources.join(",")}${only}: ${verbs.toSorted().join(" ")}`;
          }),
        ]),
    );

  const lock = (name: string): readonly string[] => [
    `leases of ${name}: get update`,
    "leases: create",
    `configmaps of ${name}: get update`,
    "configmaps,events: create",
  ];

  it("in the jobs' namespace, where ProwJobs, pods and leader locks are, are what each program does there", () => {
    const manager = lock("prow-controller-manager-leader-lock");
    assert.deepEqual(given("staging-kubevirt-prow-jobs"), {
      crier: ["pods,events: get list", "pods: patch", "prowjobs: get list patch watch"],
      deck: ["pods/log: get", "prowjobs: create get list patch watch"],
      exporter: ["prowjobs: get list watch"],
      hook: ["prowjobs: create get list update"],
      horologium: ["prowjobs: create list watch"],
      "prow-controller-manager": [
        "pods: create delete get list patch watch",
        "prowjobs: get list patch update watch",
        ...manager,
      ],
      "prow-rehearse": ["prowjobs: create"],
      sinker: [
        "pods: delete get list patch watch",
        "prowjobs: delete get list watch",
        ...lock("prow-sinker-leaderlock"),
      ],
      statusreconciler: ["prowjobs: create"],
      tide: ["prowjobs: create get list watch"],
    });
  });

  it("in Prow's own namespace let hook write configuration; nothing else writes there", () => {
    const own = given("staging-kubevirt-prow");
    assert.deepEqual(own.hook, ["prowjobs: create get list update", "configmaps: create get update"]);
    assert.deepEqual(own.exporter, ["prowjobs: get list watch", "configmaps: get list"]);
    assert.equal(own["prow-rehearse"], undefined);
    assert.equal(Object.keys(own).length, 9);
  });

  it("are bound to the account of the environment's own namespace, and in no namespace but its two", () => {
    const bindings = [...objects(all, "RoleBinding").values()];
    assert.equal(bindings.length, 19);
    for (const { metadata, roleRef, subjects } of bindings) {
      assert.deepEqual(roleRef, { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: metadata.name });
      assert.deepEqual(subjects, [{ kind: "ServiceAccount", name: metadata.name, namespace: "staging-kubevirt-prow" }]);
    }
    assert.equal(objects(all, "ClusterRole").size + objects(all, "ClusterRoleBinding").size, 0);
  });

  it("come with a token for those who have rights, and with none for the others", () => {
    const bound = new Set([...objects(all, "RoleBinding").values()].map(({ metadata }) => metadata.name));
    const pods = [...objects(all, "Deployment").values(), ...objects(all, "CronJob").values()].map(podOf);
    assert.equal(pods.length, 23);
    for (const { serviceAccountName, automountServiceAccountToken } of pods) {
      assert.ok(objects(all, "ServiceAccount").has(`staging-kubevirt-prow/${serviceAccountName}`));
      assert.equal(automountServiceAccountToken, bound.has(serviceAccountName), serviceAccountName);
    }
  });
});
