/** Deployments of images that the cluster builds: what OpenShift puts into them, by the lab's reading of its annotation. */
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { KubeObject } from "../../../lab/kubernetes/api.ts";
import type { ImageStream as Stream } from "../../../lab/kubernetes/nodes/imageStreams.ts";
import { withTriggeredImages } from "../../../lab/kubernetes/nodes/imageTriggers.ts";
import type { Platform } from "../../../blocks/kubernetes/cluster.ts";
import { type Built, build } from "./fixture.ts";

const digest = "image-registry.openshift-image-registry.svc:5000/bots/bot@sha256:new";
const streams: readonly Stream[] = [
  {
    apiVersion: "image.openshift.io/v1",
    kind: "ImageStream",
    metadata: { name: "bot", namespace: "bots" },
    status: {
      tags: [
        { tag: "latest", items: [{ created: "", image: "sha256:new", generation: 1, dockerImageReference: digest }] },
      ],
    },
  },
];

/** A bot whose image the cluster builds, with a side container that it does not. */
const bot = (platform: Platform): Promise<Built> =>
  build(platform, async (cluster, opts) => {
    const { Deployment } = await import("../../../blocks/kubernetes/deployment.ts");
    const { ImageStream } = await import("../../../blocks/kubernetes/imageStream.ts");
    const namespace = { cluster, name: "bots", plainName: "bots" } as never;
    const stream = new ImageStream("bot", { namespace, name: "bot", tags: { latest: {} } }, opts);
    const own = { image: stream.image("latest"), exceptions: { "floating-tag": "the cluster builds it" } };
    const more = { resources: { cpu: "1", memory: "1Gi" }, probes: { none: "a bot" } } as const;
    new Deployment(
      "bot",
      {
        ...{ namespace, name: "bot", labels: { app: "bot" } },
        initContainers: [{ ...own, name: "first", resources: more.resources }],
        containers: [
          { name: "side", image: "quay.io/team/side:v1", ...more },
          { ...own, name: "bot", ...more },
          { name: "pinned", ...more, image: "image-registry.openshift-image-registry.svc:5000/bots/other@sha256:old" },
        ],
      },
      opts,
    );
  });

describe("an image that the cluster builds", () => {
  it("comes into the containers that name its tag, and up leaves it there", async () => {
    const seen = await bot("openshift");
    const { options } = seen.one("bot-deployment");
    assert.deepEqual(options.ignoreChanges, [
      "spec.template.spec.containers[1].image",
      "spec.template.spec.initContainers[0].image",
    ]);
    const declared = seen.object("Deployment bot") as unknown as KubeObject;
    // Without it an update of something else would be refused as a conflict with OpenShift (live/podsTriggers).
    assert.equal(
      (declared.metadata as { annotations?: Record<string, string> }).annotations?.["pulumi.com/patchForce"],
      "true",
    );
    const object = { ...declared, metadata: { ...declared.metadata, namespace: "bots" } };
    const { spec } = withTriggeredImages(object, streams) as { spec: { template: { spec: Images } } };
    const images = (of: keyof Images): string[] =>
      spec.template.spec[of].map(({ image }) => image.split("/").at(-1) ?? "");
    assert.deepEqual(images("containers"), ["side:v1", "bot@sha256:new", "other@sha256:old"]);
    assert.deepEqual(images("initContainers"), ["bot@sha256:new"]);
  });

  it("is nobody's on plain Kubernetes, which follows no annotation", async () => {
    const seen = await bot("kubernetes");
    assert.equal(seen.one("bot-deployment").options.ignoreChanges, undefined);
    assert.doesNotMatch(JSON.stringify(seen.object("Deployment bot")), /triggers/);
  });
});

type Images = Readonly<Record<"containers" | "initContainers", readonly { readonly image: string }[]>>;
