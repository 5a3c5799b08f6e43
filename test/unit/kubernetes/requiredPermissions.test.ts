import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { type DeclaredObject, requiredPermissions } from "../../../blocks/kubernetes/requiredPermissions.ts";
import type { Permission } from "../../../config/preflight/permissions.ts";

const rbac = "rbac.authorization.k8s.io";

function declared(
  apiVersion: string,
  kind: string,
  namespace: string,
  name: string,
  body: object = {},
): DeclaredObject {
  return { apiVersion, kind, namespace, name, body: { ...body } };
}

/** A line for each object and its namespace: `namespace resource name: verbs`. */
function required(...objects: readonly DeclaredObject[]): readonly string[] {
  return lines(requiredPermissions(objects));
}

function lines(permissions: readonly Permission[]): readonly string[] {
  const groups = Map.groupBy(permissions, ({ namespace, resource, name }) =>
    [namespace === "" ? "*" : namespace, resource, ...(name === undefined ? [] : [name])].join(" "),
  );
  return [...groups]
    .map(
      ([what, all]) =>
        `${what}: ${all
          .map(({ verb }) => verb)
          .sort()
          .join(" ")}`,
    )
    .sort();
}

const manage = "create delete get list patch watch";
const read = "get list watch";

describe("required permissions", () => {
  it("a Secret requires what the engine does to it, and reading events", () => {
    assert.deepEqual(required(declared("v1", "Secret", "n", "token")), [`n events: ${read}`, `n secrets: ${manage}`]);
  });

  it("a Deployment also requires reading what the provider waits for", () => {
    assert.deepEqual(required(declared("apps/v1", "Deployment", "n", "web")), [
      `n deployments.apps: ${manage}`,
      `n events: ${read}`,
      `n persistentvolumeclaims: ${read}`,
      `n pods: ${read}`,
      `n replicasets.apps: ${read}`,
    ]);
  });

  it("a StatefulSet, a Service and an Ingress together require each permission once", () => {
    const objects = [
      declared("apps/v1", "StatefulSet", "n", "db"),
      declared("v1", "Service", "n", "db"),
      declared("networking.k8s.io/v1", "Ingress", "n", "db"),
    ];
    assert.deepEqual(required(...objects), [
      `n endpoints: ${read}`,
      `n endpointslices.discovery.k8s.io: ${read}`,
      `n events: ${read}`,
      `n ingresses.networking.k8s.io: ${manage}`,
      `n pods: ${read}`,
      `n services: ${manage}`,
      `n statefulsets.apps: ${manage}`,
    ]);
  });

  it("a CronJob requires nothing for the jobs that it starts, a Job requires reading its pods", () => {
    assert.deepEqual(required(declared("batch/v1", "CronJob", "n", "nightly")), [
      `n cronjobs.batch: ${manage}`,
      `n events: ${read}`,
    ]);
    assert.deepEqual(required(declared("batch/v1", "Job", "n", "once")), [
      `n events: ${read}`,
      `n jobs.batch: ${manage}`,
      `n pods: ${read}`,
    ]);
  });

  it("a kind's permissions are for its plural with its API group", () => {
    const kinds: readonly (readonly [string, string, string])[] = [
      ["v1", "PersistentVolumeClaim", "persistentvolumeclaims"],
      ["networking.k8s.io/v1", "NetworkPolicy", "networkpolicies.networking.k8s.io"],
      ["image.openshift.io/v1", "ImageStream", "imagestreams.image.openshift.io"],
      ["template.openshift.io/v1", "Template", "templates.template.openshift.io"],
      ["prow.k8s.io/v1", "ProwJob", "prowjobs.prow.k8s.io"],
      ["gateway.networking.k8s.io/v1", "Gateway", "gateways.gateway.networking.k8s.io"],
    ];
    for (const [apiVersion, kind, resource] of kinds) {
      assert.deepEqual(required(declared(apiVersion, kind, "n", "x")), [
        `n events: ${read}`,
        `n ${resource}: ${manage}`,
      ]);
    }
  });

  it("only a Route with a host requires the permission to choose one", () => {
    const route = (spec: object): DeclaredObject => declared("route.openshift.io/v1", "Route", "n", "web", { spec });
    const plain = [`n events: ${read}`, `n routes.route.openshift.io: ${manage}`];
    assert.deepEqual(required(route({ to: { kind: "Service", name: "web" } })), plain);
    assert.deepEqual(required(route({ host: "web.example.org" })), [
      `n events: ${read}`,
      `n routes.route.openshift.io: ${manage}`,
      "n routes/custom-host.route.openshift.io: create",
    ]);
  });

  it("a BuildConfig requires the permission for its build strategy", () => {
    const spec = { strategy: { type: "Docker", dockerStrategy: {} } };
    assert.deepEqual(required(declared("build.openshift.io/v1", "BuildConfig", "n", "image", { spec })), [
      `n buildconfigs.build.openshift.io: ${manage}`,
      "n builds/docker.build.openshift.io: create",
      `n events: ${read}`,
    ]);
  });

  it("a cluster-scoped object requires permissions by name, except for create, list and watch", () => {
    assert.deepEqual(
      required(declared("apiextensions.k8s.io/v1", "CustomResourceDefinition", "", "prowjobs.prow.k8s.io")),
      [
        "* customresourcedefinitions.apiextensions.k8s.io prowjobs.prow.k8s.io: delete get patch",
        "* customresourcedefinitions.apiextensions.k8s.io: create list watch",
      ],
    );
    assert.deepEqual(required(declared("project.openshift.io/v1", "Project", "", "bots")), [
      "* projects.project.openshift.io bots: delete get patch",
      "* projects.project.openshift.io: create list watch",
    ]);
  });

  it("a Namespace requires the permission to create it by name, because it may exist", () => {
    assert.deepEqual(required(declared("v1", "Namespace", "", "bots")), [
      "* namespaces bots: create delete get patch",
      "* namespaces: list watch",
    ]);
  });

  it("a Node requires no permission to create or delete it", () => {
    assert.deepEqual(required(declared("v1", "Node", "", "node01")), [
      "* nodes node01: get patch",
      "* nodes: list watch",
    ]);
  });

  it("a Role requires what it grants, or the permission to escalate", () => {
    const rules = [
      { apiGroups: ["", "apps"], resources: ["pods/log"], verbs: ["get"] },
      { apiGroups: ["coordination.k8s.io"], resources: ["leases"], resourceNames: ["a", "b"], verbs: ["update"] },
    ];
    const permissions = requiredPermissions([declared(`${rbac}/v1`, "Role", "n", "reader", { rules })]);
    assert.deepEqual(lines(permissions), [
      `n events: ${read}`,
      "n leases.coordination.k8s.io a: update",
      "n leases.coordination.k8s.io b: update",
      "n pods/log.apps: get",
      "n pods/log: get",
      `n roles.${rbac}: ${manage}`,
    ]);
    const escalate = { namespace: "n", verb: "escalate", resource: `roles.${rbac}` };
    assert.deepEqual(
      permissions.filter(({ unless }) => unless !== undefined).map(({ resource, unless }) => [resource, unless]),
      ["pods/log", "pods/log.apps", "leases.coordination.k8s.io", "leases.coordination.k8s.io"].map((one) => [
        one,
        escalate,
      ]),
    );
  });

  it("a ClusterRole requires what it grants in the whole cluster", () => {
    const rules = [{ apiGroups: [""], resources: ["nodes"], verbs: ["get"] }];
    assert.deepEqual(required(declared(`${rbac}/v1`, "ClusterRole", "", "crier", { rules })), [
      `* clusterroles.${rbac} crier: delete get patch`,
      `* clusterroles.${rbac}: create list watch`,
      "* nodes: get",
    ]);
  });

  it("a binding requires the permission to bind its role, unless the program creates that role", () => {
    const binding = (kind: string, name: unknown): DeclaredObject =>
      declared(`${rbac}/v1`, "RoleBinding", "n", "b", { roleRef: { apiGroup: rbac, kind, name } });
    const plain = [`n events: ${read}`, `n rolebindings.${rbac}: ${manage}`];
    const bound = (resource: string, name: string) => [`n ${resource}.${rbac} ${name}: bind`, ...plain].sort();
    assert.deepEqual(required(binding("ClusterRole", "edit")), bound("clusterroles", "edit"));
    assert.deepEqual(required(binding("Role", "reader")), bound("roles", "reader"));
    const role = (namespace: string) => declared(`${rbac}/v1`, "Role", namespace, "reader", { rules: [] });
    assert.deepEqual(required(binding("Role", "reader"), role("n")), [...plain, `n roles.${rbac}: ${manage}`]);
    assert.ok(required(binding("Role", "reader"), role("m")).includes(`n roles.${rbac} reader: bind`));
    // An output: of the Role that is made together with it.
    assert.deepEqual(required(binding("Role", {})), plain);
    const everywhere = declared(`${rbac}/v1`, "ClusterRoleBinding", "", "b", {
      roleRef: { kind: "ClusterRole", name: "view" },
    });
    assert.ok(required(everywhere).includes(`* clusterroles.${rbac} view: bind`));
  });

  it("a permission on a whole kind replaces those by name, and is required even with the permission to escalate", () => {
    const rules = [{ apiGroups: [""], resources: ["secrets"], resourceNames: ["a"], verbs: ["get", "update"] }];
    const permissions = requiredPermissions([
      declared("v1", "Secret", "n", "a"),
      declared("v1", "Secret", "n", "b"),
      declared(`${rbac}/v1`, "Role", "n", "reader", { rules }),
    ]);
    assert.deepEqual(lines(permissions), [
      `n events: ${read}`,
      `n roles.${rbac}: ${manage}`,
      "n secrets a: update",
      `n secrets: ${manage}`,
    ]);
  });
});
