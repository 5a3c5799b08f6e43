import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { imported, type ImageStream, locate, lookedUp } from "../../../lab/kubernetes/nodes/imageStreams.ts";
import { freeRange } from "../../../lab/kubernetes/projects.ts";

const stream = (from: string, status?: ImageStream["status"]): ImageStream => ({
  apiVersion: "image.openshift.io/v1",
  kind: "ImageStream",
  metadata: { name: "worker", namespace: "packit", generation: 3 },
  spec: { tags: [{ name: "prod", from: { kind: "DockerImage", name: from } }] },
  ...(status === undefined ? {} : { status }),
});
const now = new Date("2026-01-02T03:04:05.678Z");

describe("ImageStreams of real nodes", () => {
  it("names without a registry are Docker Hub's", () => {
    assert.deepEqual(locate("redis"), { registry: "docker.io", repository: "library/redis", version: "latest" });
    assert.deepEqual(locate("org/app:1"), { registry: "docker.io", repository: "org/app", version: "1" });
    assert.deepEqual(locate("host:5000/a/b/c@sha256:12"), {
      registry: "host:5000",
      repository: "a/b/c",
      version: "sha256:12",
    });
  });

  it("a changed digest comes first and the earlier one stays; an unchanged one changes nothing", () => {
    const [first] = imported(stream("quay.io/a:1"), () => "sha256:old", now);
    assert.deepEqual(first?.items, [
      {
        created: "2026-01-02T03:04:05Z",
        dockerImageReference: "quay.io/a@sha256:old",
        image: "sha256:old",
        generation: 3,
      },
    ]);
    const known = stream("quay.io/a:1", { tags: [first] });
    assert.equal(imported(known, () => "sha256:old", now)[0], first);
    const [second] = imported(known, () => "sha256:new", now);
    assert.deepEqual(
      second?.items?.map(({ image }) => image),
      ["sha256:new", "sha256:old"],
    );
  });

  it("a failed import keeps what was there and says why; the next one that works says nothing", () => {
    const [good] = imported(stream("quay.io/a:1"), () => "sha256:old", now);
    const known = stream("quay.io/a:2", { tags: [good].filter((tag) => tag !== undefined) });
    const [failed] = imported(known, () => undefined, now);
    assert.deepEqual(failed?.items, good?.items);
    assert.equal(failed?.conditions?.[0]?.message, 'dockerimage.image.openshift.io "quay.io/a:2" not found');
    const [again] = imported(stream("quay.io/a:2", { tags: [failed] }), () => "sha256:old", now);
    assert.equal(again?.conditions, undefined);
  });

  it("names in a namespace mean the images of streams with local lookup that were imported, and latest needs no tag", () => {
    const item = { created: "", dockerImageReference: "", image: "sha256:0a", generation: 1 };
    const tags = ["latest", "prod"].map((tag) => ({ tag, items: [item] })).concat({ tag: "none", items: [] });
    const known = stream("quay.io/a:1", { tags });
    const local = { ...known, spec: { ...known.spec, lookupPolicy: { local: true } } };
    const image = "image-registry.openshift-image-registry.svc:5000/packit/worker:sha256-0a";
    assert.deepEqual(
      [...lookedUp([local])],
      ["packit/worker", "packit/worker:latest", "packit/worker:prod"].map((name) => [name, image]),
    );
    assert.equal(lookedUp([known]).size, 0);
  });

  it("a namespace gets the first block of users that no other has", () => {
    assert.equal(freeRange([]), "1000650000/10000");
    assert.equal(freeRange(["1000650000/10000", undefined, "1000670000/10000"]), "1000660000/10000");
  });
});
