/** The stacks against the policies, and each policy that is not about pods against a violation. */
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { Json } from "../../../policy/manifest.ts";
import { exceptionsOf, evaluate, type StackResource, stackResources, manifestsOf } from "../../../policy/violations.ts";
import { stacks } from "../harness.ts";
import { renderedStack } from "../recordings.ts";

const resource = (type: string, inputs: Json, protect = false): StackResource => {
  return { urn: `urn:pulumi:test::orrery::${type}::it`, type, name: "it", provider: "cluster", inputs, protect };
};
const rule = (inputs: Json): StackResource => {
  const world = { direction: "ingress", ethertype: "IPv4", protocol: "tcp", remoteIpPrefix: "0.0.0.0/0" };
  return resource("openstack:networking/secGroupRule:SecGroupRule", { ...world, ...inputs });
};
const role = (kind: string, inputs: Json, annotations: Json = {}): StackResource => {
  const metadata = { name: "it", namespace: "apps", labels: { "app.kubernetes.io/managed-by": "orrery" }, annotations };
  const type = `kubernetes:rbac.authorization.k8s.io/v1:${kind}`;
  return resource(type, { apiVersion: "rbac.authorization.k8s.io/v1", kind, metadata, ...inputs });
};

for (const stack of stacks) {
  describe(`policies of stack ${stack}`, () => {
    it("the stack has no policy violations, and a reason for every exception", async () => {
      const resources = stackResources(await renderedStack(stack));
      assert.deepEqual(evaluate(resources, { disposable: stack === "test" }), []);
      const exceptions = exceptionsOf(manifestsOf(resources));
      assert.ok(exceptions.length > 0, "none was found, though every stack has some");
      for (const { rule: name, where, reason } of exceptions)
        assert.match(reason, /\w+ \w+/, `${where} gives no reason for ${name}`);
    });
  });
}

describe("policies about clouds and permissions", () => {
  it("resources with data must be protected, unless the stack is disposable", () => {
    const kinds: [string, Json][] = [
      ["kubernetes:core/v1:PersistentVolumeClaim", {}],
      ["kubernetes:apps/v1:StatefulSet", { spec: { volumeClaimTemplates: [{}] } }],
      ["openstack:blockstorage/volume:Volume", { name: "a" }],
      ["openstack:compute/instance:Instance", { name: "a" }],
      ["openstack:networking/port:Port", {}],
      ["openstack:dns/zone:Zone", {}],
      ["openstack:networking/floatingIp:FloatingIp", {}],
    ];
    for (const [type, inputs] of kinds) {
      const fault = "it holds data and is not protected; set protect [protected]";
      assert.deepEqual(evaluate([resource(type, inputs)]), [fault], type);
      assert.deepEqual(evaluate([resource(type, inputs, true)]), []);
      assert.deepEqual(evaluate([resource(type, inputs)], { disposable: true }), []);
    }
    assert.deepEqual(evaluate([resource("kubernetes:apps/v1:StatefulSet", { spec: {} })]), []);
  });

  it("only one port of one protocol may be open to the world", () => {
    assert.deepEqual(evaluate([rule({ portRangeMin: 22, portRangeMax: 22 })]), []);
    assert.deepEqual(evaluate([rule({ protocol: "icmp" })]), []);
    assert.deepEqual(evaluate([rule({ direction: "egress" })]), []);
    assert.deepEqual(evaluate([rule({ remoteIpPrefix: "10.0.0.0/8" })]), []);
    assert.deepEqual(evaluate([rule({ remoteIpPrefix: undefined, remoteGroupId: "group" })]), []);
    const wide = (inputs: Json, what: string): void => {
      assert.deepEqual(evaluate([rule(inputs)]), [`it opens ${what} to the world [no-wide-port]`]);
    };
    wide({ portRangeMin: 22, portRangeMax: 23 }, "tcp on ports 22 to 23");
    wide({ remoteIpPrefix: "::/0" }, "tcp on all ports");
    wide({ protocol: undefined, remoteIpPrefix: undefined }, "every protocol on all ports");
  });

  it("DNS records must have a short TTL, and servers an explicit name", () => {
    const record = (ttl?: number): StackResource => resource("openstack:dns/recordSet:RecordSet", { ttl });
    assert.deepEqual(evaluate([record(60)]), []);
    for (const ttl of [undefined, 86_400])
      assert.deepEqual(evaluate([record(ttl)]), [`it has TTL ${String(ttl)}; set at most 3600 s [short-ttl]`]);
    const nameless = resource("openstack:compute/instance:Instance", {}, true);
    assert.deepEqual(evaluate([nameless]), ["it has no explicit name [cloud-name]"]);
  });

  it("permissions must be named, and wide ones need a reason", () => {
    const all = { rules: [{ apiGroups: [""], resources: ["*"], verbs: ["get"] }] };
    const reason = { "orrery/exception-wide-role": "because of a test" };
    const stars = 'Role apps/it grants ["get"] with a wildcard in resources [no-wildcards]';
    assert.deepEqual(evaluate([role("Role", all)]), [stars]);
    assert.deepEqual(evaluate([role("Role", all, reason)]), []);
    const bound = { roleRef: { kind: "ClusterRole", name: "edit" }, subjects: [] };
    const wide = 'RoleBinding apps/it binds the wide role "edit" without a reason [no-wide-binding]';
    assert.deepEqual(evaluate([role("RoleBinding", bound)]), [wide]);
    assert.deepEqual(evaluate([role("RoleBinding", bound, reason)]), []);
    assert.deepEqual(exceptionsOf(manifestsOf([role("RoleBinding", bound, reason)])), [
      { rule: "wide-role", where: "RoleBinding apps/it", reason: "because of a test" },
    ]);
  });
});
