import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, beforeEach, describe, it } from "mocha";
import { TagMemory } from "../../../ops/lib/images/tagMemory.ts";
import type { StackImage } from "../../../ops/lib/images/list.ts";
import type { Collector } from "../../../ops/lib/status/collector.ts";
import { collect } from "../../../ops/lib/status/collect.ts";
import { registries } from "../../../ops/lib/status/collectors/registries.ts";
import type { ClusterReader, KindIn, LiveObject } from "../../../ops/lib/status/clusterReader.ts";
import { isWell, type Report } from "../../../ops/lib/status/row.ts";
import { stackPath } from "../../../config/stackFile.ts";
import { Registry, sha } from "../registry.ts";
import { declared, live } from "./objects.ts";

const container = (image: string) => ({ name: "main", image });

describe("tags that moved at their registries", () => {
  const registry = new Registry();
  const silent: Server = createServer(() => undefined);
  let [host, dead] = ["", ""];

  before(async () => {
    host = await registry.listen();
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    dead = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
  });
  after(() => {
    registry.close();
    silent.closeAllConnections();
    silent.close();
  });
  beforeEach(() => {
    registry.built.clear();
    registry.asked.length = 0;
  });

  const deployment = (name: string, image: string) =>
    declared("Deployment", name, { spec: { template: { spec: { containers: [container(image)] } } } });
  const pod = (name: string, image: string, digest?: string): LiveObject =>
    live("Pod", name, {
      spec: { containers: [container(image)] },
      status: {
        phase: "Running",
        containerStatuses: [
          {
            name: "main",
            imageID: digest === undefined ? "sha256:1234" : `${image.replace(/:[^:/]*$/, "")}@${digest}`,
          },
        ],
      },
    });

  /** A look at objects of a cluster whose API answers with these; the registries are real ones. */
  function look(
    objects: readonly ReturnType<typeof declared>[],
    there: readonly LiveObject[],
    images: readonly StackImage[] = [],
    tags = new TagMemory(),
  ): Promise<Report> {
    const reader = { list: ({ kind }: KindIn) => Promise.resolve(there.filter((one) => one.kind === kind)) };
    const cluster = { name: "online", objects, reader: reader as unknown as ClusterReader };
    const here: Collector = {
      ...registries,
      questions: (situation) => registries.questions({ ...situation, clusters: [cluster] }),
    };
    const declaration = {
      ...{ name: "prod", file: stackPath("prod"), text: "", systems: ["packit"] },
      ...{ objects: new Map(), resources: [], images },
    };
    return collect(declaration, { stack: "prod" }, { collectors: [here], systems: ["packit"], limit: 7, tags });
  }
  const texts = ({ rows }: Report): readonly string[] =>
    rows.map(({ part, state, text }) => `${state} ${part}: ${text}`);

  it("a pod with the build that its tag has is in order, by the list's digest and by that of its platform", async () => {
    registry.built.set("open/a:1", "2026-01-01T00:00:00Z");
    const image = `${host}/open/a:1`;
    const list = registry.digestOf("open/a:1");
    const report = await look([deployment("a", image)], [pod("a-1", image, list), pod("a-2", image, sha("arm"))]);
    assert.deepEqual(texts(report), [`ok registry ${host}: 1 of 1 tags are in use in their newest build`]);
    assert.equal(isWell(report), true);
  });

  it("a tag that moved is a warning, with the build that it has and the one that runs", async () => {
    registry.built.set("open/a:1", "2026-01-01T00:00:00Z");
    const image = `${host}/open/a:1`;
    const old = registry.digestOf("open/a:1");
    registry.built.set("open/a:1", "2026-02-01T00:00:00Z");
    const moved = registry.digestOf("open/a:1");
    const pods = [pod("a-1", image, old), pod("a-2", image, moved), pod("a-3", image, old)];
    assert.deepEqual(texts(await look([deployment("a", image)], pods)), [
      `warn image ${image}: has a newer build: ${moved.slice(7, 19)}; packit-prod/a-1 has ${old.slice(7, 19)}, and 1 more of 3 have an older one, too`,
      `ok registry ${host}: 0 of 1 tags are in use in their newest build`,
    ]);
  });

  it("a digest is compared with the tag that the stack's file has next to it, whatever runs", async () => {
    registry.built.set("open/a:1", "2026-01-01T00:00:00Z");
    const old = registry.digestOf("open/a:1");
    registry.built.set("open/a:1", "2026-02-01T00:00:00Z");
    const known: StackImage = {
      ...{ repository: `${host}/open/a`, tag: "1", digest: old, pin: "digest" },
      ...{ setting: undefined, own: true, configured: undefined },
    };
    const objects = [deployment("a", `${host}/open/a@${old}`), deployment("b", `${host}/open/b@${old}`)];
    const report = await look(objects, [], [known]);
    const now = registry.digestOf("open/a:1").slice(7, 19);
    assert.deepEqual(texts(report), [
      `warn image ${host}/open/a:1: has a newer build: ${now}; the stack pins ${old.slice(7, 19)}`,
      `ok registry ${host}: 0 of 1 tags are in use in their newest build`,
    ]);
    assert.deepEqual(
      [...new Set(registry.asked)].filter((one) => one.includes("open/b")),
      [],
    );
  });

  it("an ImageStream that imported an older build is named", async () => {
    registry.built.set("open/a:prod", "2026-01-01T00:00:00Z");
    const from = { kind: "DockerImage", name: `${host}/open/a:prod` };
    const stream = (image: string) =>
      live("ImageStream", "a", {
        spec: { tags: [{ name: "prod", from }] },
        status: { tags: [{ tag: "prod", items: [{ image }] }] },
      });
    const objects = [declared("ImageStream", "a", { spec: { tags: [{ name: "prod", from }] } })];
    const now = registry.digestOf("open/a:prod");
    assert.equal((await look(objects, [stream(now)])).rows.length, 1);
    const { rows } = await look(objects, [stream(sha("old"))]);
    assert.equal(
      rows[0]?.text,
      `has a newer build: ${now.slice(7, 19)}; ImageStream packit-prod/a:prod has ${sha("old").slice(7, 19)}`,
    );
  });

  it("where no pod says its build nothing is claimed; a tag that is gone and one that wants a login are said", async () => {
    registry.built.set("open/a:1", "2026-01-01T00:00:00Z");
    const names = ["open/a:1", "open/gone:2", "closed/c:1"].map((one) => `${host}/${one}`);
    const report = await look(
      names.map((image, at) => deployment(`d${at}`, image)),
      [pod("d0-1", names[0] ?? "")],
    );
    assert.deepEqual(texts(report), [
      `warn image ${host}/open/gone:2: its registry does not have it any more: a node without it cannot start a pod`,
      `ok registry ${host}: 0 of 3 tags are in use in their newest build; of 1 no pod says which build it runs`,
      `unknown registry ${host}: not known of ${host}/closed/c:1: the registry ${host} refuses the login (401): docker login ${host}`,
    ]);
  });

  it("a registry that does not answer is unknown and nothing else, and the look is well", async () => {
    registry.built.set("open/a:1", "2026-01-01T00:00:00Z");
    const report = await look([deployment("a", `${host}/open/a:1`), deployment("b", `${dead}/x/y:1`)], []);
    const [ofDead = "", ...more] = texts(report).filter((text) => text.startsWith(`unknown registry ${dead}:`));
    assert.equal(more.length, 0);
    assert.match(
      ofDead,
      new RegExp(`^unknown registry ${dead}: did not say \\(registries\\): the registry ${dead} does not answer: `),
    );
    assert.equal(isWell(report), true);
    assert.ok(report.seconds < 6, String(report.seconds));
  });

  it("registries are asked once for many looks", async () => {
    registry.built.set("open/a:1", "2026-01-01T00:00:00Z");
    const tags = new TagMemory();
    const image = `${host}/open/a:1`;
    const first = await look([deployment("a", image)], [pod("a-1", image, sha("old"))], [], tags);
    const asked = registry.asked.length;
    assert.ok(asked > 0);
    const second = await look([deployment("a", image)], [pod("a-1", image, sha("old"))], [], tags);
    assert.equal(registry.asked.length, asked);
    assert.deepEqual(second.rows, first.rows);
  });
});
