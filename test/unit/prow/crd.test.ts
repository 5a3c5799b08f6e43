/** The pinned ProwJob kind: small, structural, and open for fields of a newer Prow. */
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { prowJobCrd } from "../../../components/prow/crd/index.ts";
import { trimDefinition } from "../../../components/prow/crd/trim.ts";

describe("the ProwJob kind", () => {
  it("the ProwJob kind is pinned to a commit and a checksum of upstream's file", () => {
    const { module, version, sha256 } = prowJobCrd.upstream;
    assert.equal(module, "sigs.k8s.io/prow");
    assert.match(version, /^v0\.0\.0-\d{14}-[0-9a-f]{12}$/);
    assert.match(sha256, /^[0-9a-f]{64}$/);
  });

  it("the ProwJob kind fits into a state and keeps upstream's rules and nine columns", () => {
    const text = JSON.stringify(prowJobCrd);
    assert.ok(text.length < 20_000, `${text.length} bytes`);
    const { versions } = prowJobCrd.spec as { versions: { additionalPrinterColumns: { name: string }[] }[] };
    assert.equal(versions[0]?.additionalPrinterColumns.length, 9);
    assert.match(text, /"enum":\["presubmit","postsubmit","periodic","batch"\]/);
    assert.match(text, /"scheduling"/);
  });

  it("the ProwJob kind is trimmed of descriptions and foreign types, and keeps a field called description", () => {
    const schema = (extra: string) => `
kind: CustomResourceDefinition
metadata: {name: prowjobs.prow.k8s.io, annotations: {a: b}, creationTimestamp: null}
spec: {group: prow.k8s.io, names: {kind: ProwJob}, scope: Namespaced, preserveUnknownFields: false, versions: [{name: v1,
  schema: {openAPIV3Schema: {type: object, description: no, properties: {${extra}}}}}]}`;
    const { spec, metadata } = trimDefinition(
      schema("pod_spec: {type: object, properties: {x: {type: string}}}, description: {type: string, description: no}"),
    );
    assert.deepEqual(metadata, { name: "prowjobs.prow.k8s.io", annotations: { a: "b" } });
    const open = { "x-kubernetes-preserve-unknown-fields": true };
    assert.deepEqual(spec.versions, [
      {
        name: "v1",
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: { pod_spec: { type: "object", ...open }, description: { type: "string" } },
            ...open,
          },
        },
      },
    ]);
    assert.throws(() => trimDefinition("kind: Deployment\n"), /is no definition of prowjobs/);
  });
});
