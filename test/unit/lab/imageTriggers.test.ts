import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { KubeObject } from "../../../lab/kubernetes/api.ts";
import type { ImageStream } from "../../../lab/kubernetes/nodes/imageStreams.ts";
import { latestImage, triggersAnnotation, withTriggeredImages } from "../../../lab/kubernetes/nodes/imageTriggers.ts";

const image = "quay.io/team/web@sha256:new";
const item = { created: "", image: "sha256:new", generation: 1 };
const streams: readonly ImageStream[] = [
  {
    apiVersion: "image.openshift.io/v1",
    kind: "ImageStream",
    metadata: { name: "web", namespace: "images" },
    status: { tags: [{ tag: "stable", items: [{ ...item, dockerImageReference: image }] }] },
  },
];
const from = { kind: "ImageStreamTag", name: "web:stable", namespace: "images" };
const sidecar = { name: "sidecar", image: "two" };

function workload(kind: string, triggers: unknown): KubeObject {
  const template = { spec: { containers: [{ name: "web", image: "one" }, sidecar] } };
  const annotations = { [triggersAnnotation]: typeof triggers === "string" ? triggers : JSON.stringify(triggers) };
  return {
    apiVersion: "apps/v1",
    kind,
    metadata: { name: "web", namespace: "shop", resourceVersion: "7", annotations },
    spec: kind === "CronJob" ? { jobTemplate: { spec: { template } } } : { template },
  };
}
const merged = { spec: { containers: [{ name: "web", image }, sidecar] } };

describe("image triggers", () => {
  const named = 'spec.template.spec.containers[?(@.name=="web")].image';

  it("a container, by its name or index, gets the image that its tag leads to; the others keep theirs", () => {
    for (const fieldPath of [named, "spec.template.spec.containers[0].image"]) {
      assert.deepEqual(withTriggeredImages(workload("Deployment", [{ from, fieldPath }]), streams), {
        metadata: { resourceVersion: "7" },
        spec: { template: merged },
      });
    }
    const fieldPath = 'spec.jobTemplate.spec.template.spec.containers[?(@.name=="web")].image';
    assert.deepEqual(withTriggeredImages(workload("CronJob", [{ from, fieldPath }]), streams), {
      metadata: { resourceVersion: "7" },
      spec: { jobTemplate: { spec: { template: merged } } },
    });
  });

  it("a tag with the policy Local leads to the cluster's own registry, as on OpenShift", () => {
    const [stream] = streams;
    assert.ok(stream);
    const tags = [{ name: "stable", referencePolicy: { type: "Local" as const } }];
    const status = { ...stream.status, dockerImageRepository: "registry.svc:5000/images/web" };
    assert.equal(
      latestImage([{ ...stream, spec: { tags }, status }], "images", "web:stable"),
      "registry.svc:5000/images/web@sha256:new",
    );
    assert.equal(latestImage([{ ...stream, status }], "images", "web:stable"), image);
    assert.equal(latestImage([{ ...stream, spec: { tags } }], "images", "web:stable"), image, "without a registry");
  });

  it("nothing changes where the image is there, the tag has none, or the trigger is paused", () => {
    const unchanged = [
      [{ from, fieldPath: named, paused: true }],
      [{ from, fieldPath: named, paused: "true" }],
      [{ from: { ...from, name: "web:other" }, fieldPath: named }],
      [{ from: { kind: "ImageStreamTag", name: "web:stable" }, fieldPath: named }], // of its own namespace
    ];
    for (const triggers of unchanged) {
      assert.equal(withTriggeredImages(workload("Deployment", triggers), streams), undefined);
    }
    const done = { ...workload("Deployment", [{ from, fieldPath: named }]), spec: { template: merged } };
    assert.equal(withTriggeredImages(done, streams), undefined);
  });

  it("an annotation that means nothing is named", () => {
    const wrong = (triggers: unknown) => () => withTriggeredImages(workload("Deployment", triggers), streams);
    assert.throws(wrong("{"), /^Error: image\.openshift\.io\/triggers is no JSON: \{$/);
    assert.throws(wrong([{ from, fieldPath: "spec.containers[0].image" }]), /field path is not valid/);
    assert.throws(wrong([{ from, fieldPath: "spec.template.spec.containers[5].image" }]), /no such container/);
  });
});
