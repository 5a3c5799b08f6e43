import assert from "node:assert/strict";
import type { Rendered } from "../../../review/evaluate/render.ts";
import { objects, podOf, renderStack } from "./fixture.ts";

describe("Prow's permissions", () => {
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
    "events: create patch",
  ];

  it("in the jobs' namespace each program may do what it does with ProwJobs, pods and leader locks", () => {
    const manager = lock("prow-controller-manager-leader-lock");
    assert.deepEqual(given("staging-kubevirt-prow-jobs"), {
      crier: ["pods: get patch", "events: list", "prowjobs: get list patch watch"],
      deck: ["pods/log: get", "prowjobs: create get list patch watch"],
      exporter: ["prowjobs: list watch"],
      hook: ["prowjobs: create list update"],
      horologium: ["prowjobs: create list watch"],
      "prow-controller-manager": [
        "pods: create delete get list patch watch",
        "prowjobs: get list patch watch",
        ...manager,
      ],
      "prow-rehearse": ["prowjobs: create"],
      sinker: [
        "pods: delete get list patch watch",
        "prowjobs: delete get list watch",
        ...lock("prow-sinker-leaderlock"),
      ],
      statusreconciler: ["prowjobs: create"],
      tide: ["prowjobs: create list watch"],
    });
  });

  it("in Prow's own namespace only hook may write ConfigMaps, where it updates any", async () => {
    assert.deepEqual(given("staging-kubevirt-prow"), {});
    const prod = await renderStack("prod");
    const own = [...objects(prod, "Role").values()].filter(({ metadata }) => metadata.namespace === "kubevirt-prow");
    assert.deepEqual(
      own.map(({ metadata, rules }) => [metadata.name, rules]),
      [["hook", [{ apiGroups: [""], resources: ["configmaps"], verbs: ["create", "get", "update"] }]]],
    );
  });

  it("permissions are bound to accounts of the environment's own namespace, and outside it only in the jobs' namespace", () => {
    const bindings = [...objects(all, "RoleBinding").values()];
    assert.equal(bindings.length, 10);
    for (const { metadata, roleRef, subjects } of bindings) {
      assert.equal(metadata.namespace, "staging-kubevirt-prow-jobs");
      assert.deepEqual(roleRef, { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: metadata.name });
      assert.deepEqual(subjects, [{ kind: "ServiceAccount", name: metadata.name, namespace: "staging-kubevirt-prow" }]);
    }
  });

  it("cluster-wide, crier may read a job's node, and nothing else is granted", () => {
    const name = "staging-kubevirt-prow-crier";
    assert.deepEqual(
      [...objects(all, "ClusterRole").values()].map(({ metadata, rules }) => [metadata.name, rules]),
      [[name, [{ apiGroups: [""], resources: ["nodes"], verbs: ["get"] }]]],
    );
    assert.deepEqual(
      [...objects(all, "ClusterRoleBinding").values()].map(({ roleRef, subjects }) => [roleRef?.name, subjects]),
      [[name, [{ kind: "ServiceAccount", name: "staging-crier", namespace: "staging-kubevirt-prow" }]]],
    );
  });

  it("accounts with permissions have a token, and others have none", () => {
    const bound = new Set([...objects(all, "RoleBinding").values()].map(({ metadata }) => metadata.name));
    const pods = [...objects(all, "Deployment").values(), ...objects(all, "CronJob").values()].map(podOf);
    assert.equal(pods.length, 23);
    for (const { serviceAccountName, automountServiceAccountToken } of pods) {
      assert.ok(objects(all, "ServiceAccount").has(`staging-kubevirt-prow/${serviceAccountName}`));
      assert.equal(automountServiceAccountToken, bound.has(serviceAccountName), serviceAccountName);
    }
  });
});
