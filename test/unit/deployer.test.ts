import assert from "node:assert/strict";
import { deployerObjects } from "../../ops/lib/kube/deployerAccount.ts";
import { type Manifest, toManifest } from "../../policy/manifest.ts";

const account = { namespace: "orrery", name: "deployer" };

function declared(kind: string, apiVersion: string, namespace: string, name: string, body: object = {}): Manifest {
  const metadata = { name, ...(namespace === "" ? {} : { namespace }) };
  const found = toManifest(`kubernetes:${apiVersion}:${kind}`, { apiVersion, kind, metadata, ...body });
  assert.ok(found);
  return found;
}

const rbac = "rbac.authorization.k8s.io";
const whole = ["create", "delete", "get", "list", "patch", "watch"];

interface Role {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly rules: readonly object[];
}

function role(kind: string, all: readonly Manifest[]): Role {
  const found = (deployerObjects(all, account) as readonly Role[]).find((one) => one.kind === kind);
  assert.ok(found);
  return found;
}

describe("the deployer's permissions", () => {
  it("the deployer's manifests have namespaces, account and bindings in the order in which they can be applied", () => {
    const all = [declared("Namespace", "v1", "", "bots"), declared("ConfigMap", "v1", "bots", "settings")];
    const objects = deployerObjects(all, account) as readonly Role[];
    assert.deepEqual(
      objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ""}/${metadata.name}`),
      [
        "Namespace /bots",
        "Namespace /orrery",
        "ServiceAccount orrery/deployer",
        "ClusterRole /orrery-deployer",
        "ClusterRoleBinding /orrery-deployer",
        "Role bots/deployer",
        "RoleBinding bots/deployer",
      ],
    );
  });

  it("the deployer's rules are as few as possible: one for each API group, names and verbs", () => {
    const { rules } = role("Role", [
      declared("Deployment", "apps/v1", "bots", "bot"),
      declared("StatefulSet", "apps/v1", "bots", "db"),
      declared("Secret", "v1", "bots", "token"),
      declared("Role", `${rbac}/v1`, "bots", "reader", {
        rules: [
          { apiGroups: [""], resources: ["pods"], verbs: ["get", "deletecollection"] },
          { apiGroups: ["batch"], resources: ["jobs"], resourceNames: ["b", "a"], verbs: ["get"] },
        ],
      }),
      declared("RoleBinding", `${rbac}/v1`, "bots", "puller", {
        roleRef: { apiGroup: rbac, kind: "ClusterRole", name: "system:image-puller" },
      }),
    ]);
    assert.deepEqual(rules, [
      { apiGroups: [""], resources: ["events", "persistentvolumeclaims"], verbs: ["get", "list", "watch"] },
      { apiGroups: [""], resources: ["pods"], verbs: ["deletecollection", "get", "list", "watch"] },
      { apiGroups: [""], resources: ["secrets"], verbs: whole },
      { apiGroups: ["apps"], resources: ["deployments", "statefulsets"], verbs: whole },
      { apiGroups: ["apps"], resources: ["replicasets"], verbs: ["get", "list", "watch"] },
      { apiGroups: ["batch"], resources: ["jobs"], resourceNames: ["a", "b"], verbs: ["get"] },
      { apiGroups: [rbac], resources: ["clusterroles"], resourceNames: ["system:image-puller"], verbs: ["bind"] },
      { apiGroups: [rbac], resources: ["rolebindings", "roles"], verbs: whole },
    ]);
  });

  it("cluster-scoped permissions are by name: only an administrator creates namespaces, and no node can be deleted", () => {
    const { rules } = role("ClusterRole", [
      declared("Namespace", "v1", "", "bots"),
      declared("Node", "v1", "", "node01"),
      declared("PersistentVolume", "v1", "", "cache"),
    ]);
    const named = ["delete", "get", "patch"];
    assert.deepEqual(rules, [
      { apiGroups: [""], resources: ["namespaces"], resourceNames: ["bots"], verbs: named },
      { apiGroups: [""], resources: ["namespaces", "nodes"], verbs: ["list", "watch"] },
      { apiGroups: [""], resources: ["nodes"], resourceNames: ["node01"], verbs: ["get", "patch"] },
      { apiGroups: [""], resources: ["persistentvolumes"], resourceNames: ["cache"], verbs: named },
      { apiGroups: [""], resources: ["persistentvolumes"], verbs: ["create", "list", "watch"] },
    ]);
  });
});
