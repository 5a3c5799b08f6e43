/** ImageStreamImport of real nodes: the answer, and the stream that it leaves. */
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { answerOf, type ImageStreamImport, withTags } from "../../../lab/kubernetes/nodes/imageImports.ts";
import type { ImageStream } from "../../../lab/kubernetes/nodes/imageStreams.ts";

const asked: ImageStreamImport = {
  apiVersion: "image.openshift.io/v1",
  kind: "ImageStreamImport",
  metadata: { name: "worker", namespace: "packit" },
  spec: {
    import: true,
    images: [
      { from: { kind: "DockerImage", name: "quay.io/packit/worker:stg" }, to: { name: "dev" } },
      { from: { kind: "DockerImage", name: "quay.io/packit/none:1" } },
    ],
  },
};

describe("imports of images on real nodes", () => {
  it("the answer has the digest of an image that the registry has, and says what it does not have", () => {
    const { images } = answerOf(asked, (_, repository) => (repository === "packit/worker" ? "sha256:a" : undefined));
    assert.deepEqual(images, [
      {
        tag: "dev",
        status: { status: "Success" },
        image: { metadata: { name: "sha256:a" }, dockerImageReference: "quay.io/packit/worker@sha256:a" },
      },
      {
        tag: "1",
        status: {
          ...{ status: "Failure", reason: "NotFound", code: 404 },
          message: 'dockerimage.image.openshift.io "quay.io/packit/none:1" not found',
        },
      },
    ]);
  });

  it("a stream is made with the tags that the import names; one that is there keeps its others, and how a tag is imported", () => {
    const from = { kind: "DockerImage", name: "quay.io/packit/worker:stg" };
    const made = withTags(asked, undefined);
    assert.deepEqual([made.kind, made.metadata], ["ImageStream", { name: "worker", namespace: "packit" }]);
    assert.deepEqual(made.spec?.tags, [{ name: "dev", from }]);
    const before: ImageStream = {
      ...made,
      spec: {
        lookupPolicy: { local: true },
        tags: [
          { name: "old", from },
          {
            name: "dev",
            from: { kind: "DockerImage", name: "quay.io/packit/worker:old" },
            importPolicy: { scheduled: true },
          },
        ],
      },
    };
    assert.deepEqual(withTags(asked, before).spec, {
      lookupPolicy: { local: true },
      tags: [
        { name: "old", from },
        { name: "dev", from, importPolicy: { scheduled: true } },
      ],
    });
  });
});
