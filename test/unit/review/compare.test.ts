import assert from "node:assert/strict";
import { applyPatch } from "diff";
import fc from "fast-check";
import { describe, it } from "mocha";
import { compare } from "../../../review/diff/compare.ts";
import { fieldsBetween, pathText } from "../../../review/diff/fields.ts";
import type { Rendered } from "../../../review/evaluate/render.ts";
import { unified } from "../../../review/diff/unified.ts";
import { withReplacements } from "../../../review/diff/replacements.ts";
import { deployment, resource } from "./fixture.ts";

/** Operation and the fields that force it, for each change. */
function changesOf(before: readonly Rendered[], after: readonly Rendered[]): readonly string[] {
  return compare(before, after).map(({ operation, name, fields }) =>
    [operation, name, ...fields.filter(({ forces }) => forces).map(({ path }) => pathText(path))].join(" "),
  );
}

describe("a comparison of renders", () => {
  it("a comparison lists created, updated, replaced and deleted resources, and no unchanged ones", () => {
    const same = resource("kubernetes:core/v1:Secret", "same", { type: "Opaque" });
    const before = [
      same,
      resource("kubernetes:core/v1:Secret", "gone"),
      resource("kubernetes:batch/v1:Job", "job", { spec: { template: { a: 1 } } }),
      resource("kubernetes:apps/v1:Deployment", "web", { spec: { replicas: 1 } }),
    ];
    const after = [
      same,
      resource("kubernetes:core/v1:Secret", "fresh"),
      resource("kubernetes:batch/v1:Job", "job", { spec: { template: { a: 2 } } }),
      resource("kubernetes:apps/v1:Deployment", "web", { spec: { replicas: 2 } }),
    ];
    assert.deepEqual(changesOf(before, after).toSorted(), [
      "create fresh",
      "delete gone",
      "replace job spec.template.a",
      "update web",
    ]);
    assert.deepEqual(changesOf(before, before), []);
  });

  it("a comparison knows which field of which type requires a replacement", () => {
    const cases: readonly (readonly [type: string, before: object, after: object, expected: string])[] = [
      ["kubernetes:core/v1:Service", { metadata: { name: "a" } }, { metadata: { name: "b" } }, "replace x metadata.name"],
      ["kubernetes:core/v1:Service", { spec: { ports: [1] } }, { spec: { ports: [2] } }, "update x"],
      ["kubernetes:core/v1:PersistentVolumeClaim", { spec: {} }, { spec: { storageClassName: "ssd" } }, "replace x spec.storageClassName"],
      ["kubernetes:core/v1:ConfigMap", { data: { a: "1" } }, { data: { a: "2" } }, "update x"],
      ["kubernetes:rbac.authorization.k8s.io/v1:RoleBinding", { roleRef: { name: "view" } }, { roleRef: { name: "edit" } }, "replace x roleRef.name"],
      ["openstack:blockstorage/volume:Volume", { size: 10 }, { size: 20 }, "update x"],
      ["openstack:blockstorage/volume:Volume", { volumeType: "a" }, { volumeType: "b" }, "replace x volumeType"],
      ["openstack:compute/instance:Instance", { blockDevices: [{ uuid: "a" }] }, { blockDevices: [{ uuid: "b" }] }, "replace x blockDevices[0].uuid"],
      ["openstack:compute/instance:Instance", { flavorName: "a" }, { flavorName: "b" }, "update x"],
      ["openstack:networking/secGroupRule:SecGroupRule", { portRangeMin: 1 }, { portRangeMin: 2 }, "replace x portRangeMin"],
      ["random:index/randomPassword:RandomPassword", { length: 20 }, { length: 40 }, "replace x length"],
      ["command:remote:Command", { create: "a", triggers: ["1"] }, { create: "b", triggers: ["1"] }, "update x"],
      ["command:remote:Command", { triggers: ["1"] }, { triggers: ["2"] }, "replace x triggers"],
    ]; // prettier-ignore
    for (const [type, before, after, expected] of cases)
      assert.deepEqual(changesOf([resource(type, "x", before)], [resource(type, "x", after)]), [expected], type);
  });

  it("a comparison respects ignoreChanges, replaceOnChanges, provider and protection", () => {
    const type = "openstack:compute/instance:Instance";
    const at = (inputs: object, options: Rendered["options"] = {}): readonly Rendered[] => [
      resource(type, "x", inputs, options),
    ];
    assert.deepEqual(changesOf(at({ userData: "a" }), at({ userData: "b" }, { ignoreChanges: ["userData"] })), [
      "keep x",
    ]);
    assert.deepEqual(changesOf(at({ name: "a" }), at({ name: "b" }, { replaceOnChanges: ["name"] })), [
      "replace x name",
    ]);
    assert.deepEqual(changesOf(at({}, { replacementTrigger: 1 }), at({}, { replacementTrigger: 2 })), ["replace x"]);
    const [moved] = at({});
    assert.deepEqual(changesOf(at({}), moved === undefined ? [] : [{ ...moved, provider: "other" }]), ["replace x"]);
    const [change] = compare(at({}, { protect: true }), at({}));
    assert.deepEqual(change?.options, [{ path: ["protect"], before: true, after: undefined }]);
  });

  it("a resource is matched by its aliases and those of its parents", () => {
    const box = (name: string, options: Rendered["options"] = {}): Rendered => {
      const urn = `urn:pulumi:test::orrery::orrery:thoth:Box::${name}`;
      return { urn, type: "orrery:thoth:Box", name, parent: "", provider: "", inputs: {}, options };
    };
    const child = (parent: string, type: string, options: Rendered["options"] = {}): Rendered => {
      const urn = `urn:pulumi:test::orrery::orrery:thoth:Box$${type}::${parent}-child`;
      const above = `urn:pulumi:test::orrery::orrery:thoth:Box::${parent}`;
      return { urn, type, name: `${parent}-child`, parent: above, provider: "", inputs: {}, options };
    };
    const alias = (spec: object): Rendered["options"] => ({ aliases: [{ spec: { name: "", type: "", ...spec } }] });
    const before = [box("old"), child("old", "kubernetes:core/v1:Secret")];
    assert.deepEqual(
      changesOf(before, [box("new", alias({ name: "old" })), child("new", "kubernetes:core/v1:Secret")]),
      [],
    );
    const retyped = child("old", "kubernetes:core/v1:ConfigMap", alias({ type: "kubernetes:core/v1:Secret" }));
    assert.deepEqual(changesOf(before, [box("old"), retyped]), []);
    assert.equal(changesOf(before, [box("new"), child("new", "kubernetes:core/v1:Secret")]).length, 4);
  });

  it("rendering repeats until replacements cause no further changes", async () => {
    const key = resource("tls:index/privateKey:PrivateKey", "key", { algorithm: "RSA" });
    const uses = (value: string): Rendered =>
      resource("random:index/randomId:RandomId", "uses", { keepers: { value } });
    const last = (value: string): Rendered => deployment(value);
    const rounds: number[] = [];
    const head = ({ urns }: { readonly urns: readonly string[] }): Promise<readonly Rendered[]> => {
      rounds.push(urns.length);
      const [first, second] = ["key", "uses"].map((name) => urns.some((urn) => urn.endsWith(`::${name}`)));
      const changed = resource("tls:index/privateKey:PrivateKey", "key", { algorithm: "ED25519" });
      return Promise.resolve([changed, uses(first === true ? "new" : "old"), last(second === true ? "new" : "old")]);
    };
    const changes = await withReplacements([key, uses("old"), last("old")], head, []);
    assert.deepEqual(rounds, [0, 1, 2]);
    assert.deepEqual(
      changes
        .map(({ name, operation, fields }) => [name, operation, fields.map(({ derived: follows }) => follows)])
        .toSorted(),
      [
        ["key", "replace", [false]],
        ["uses", "replace", [true]],
        ["web", "update", [true]],
      ],
    );
  });
});

describe("fields of a comparison", () => {
  it("fields are matched by the names of a list's items", () => {
    const before = deployment("web:1").inputs;
    const after = structuredClone(before) as { spec: { template: { spec: { containers: object[] } } } };
    after.spec.template.spec.containers.unshift({ name: "sidecar", image: "sidecar:1" });
    const [field, ...more] = fieldsBetween(before, after);
    assert.equal(pathText(field?.path ?? []), "spec.template.spec.containers[sidecar]");
    assert.deepEqual(more, []);
    const [order] = fieldsBetween({ env: [{ name: "A" }, { name: "B" }] }, { env: [{ name: "B" }, { name: "A" }] });
    assert.deepEqual(order, { path: ["env", "[order]"], before: ["A", "B"], after: ["B", "A"] });
  });

  it("a field is listed exactly when two values differ, with both sides", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (before, after) => {
        const fields = fieldsBetween(before, after);
        assert.equal(fields.length === 0, JSON.stringify(before) === JSON.stringify(after) || sameMaps(before, after));
        for (const field of fields) assert.notDeepEqual(field.before, field.after);
      }),
    );
  });

  it("long texts are shown as a unified diff that turns one into the other", () => {
    const lines = fc.array(fc.constantFrom("a", "b", "c", "d"), { maxLength: 30 });
    fc.assert(
      fc.property(lines, lines, (before, after) => {
        const [old, now] = [before, after].map((side) => `${side.join("\n")}\n`) as [string, string];
        // Another reader of unified diffs applies it, so counts and line numbers of the hunks are right, too.
        const patch = ["--- text", "+++ text", ...unified(old, now), ""].join("\n");
        assert.equal(applyPatch(old, patch), now);
      }),
    );
    assert.deepEqual(unified("a\nb\nc\nd\ne\nf\ng\n", "a\nb\nc\nX\ne\nf\ng\n"), [
      ...["@@ -1,7 +1,7 @@", " a", " b", " c", "-d", "+X", " e", " f", " g"],
    ]);
  });
});

/** Ignores the order of keys. */
function sameMaps(before: unknown, after: unknown): boolean {
  try {
    assert.deepEqual(before, after);
    return true;
  } catch {
    return false;
  }
}
