import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import { Layouts, registryServer } from "../../../lab/images/registry.ts";
import { type Copy, Upstream } from "../../../lab/images/upstream.ts";

const type = "application/vnd.oci.image.manifest.v1+json";

/** Puts a manifest there as skopeo does. @returns its digest */
function put(layout: string, blobs: string, text: string, names: object = {}): string {
  const hash = createHash("sha256").update(text).digest("hex");
  mkdirSync(path.join(blobs, "sha256"), { recursive: true });
  mkdirSync(layout, { recursive: true });
  writeFileSync(path.join(blobs, "sha256", hash), text);
  const manifest = { mediaType: type, digest: `sha256:${hash}`, size: text.length, ...names };
  writeFileSync(path.join(layout, "index.json"), JSON.stringify({ manifests: [manifest] }));
  return `sha256:${hash}`;
}

describe("upstream's images", () => {
  let folder: string;
  let asked: string[];
  let said: string[];
  let chosen: boolean;
  let ask: (where: string) => Promise<string>;
  let close: () => void;

  beforeEach(async () => {
    folder = mkdtempSync(path.join(tmpdir(), "orrery-upstream-"));
    [asked, said, chosen] = [[], [], true];
    const own = path.join(folder, "own");
    put(own, path.join(own, "blobs"), "the lab's", { names: { images: ["app"], tags: ["1", "2"] } });
    const name = path.join(folder, "name-server");
    put(name, path.join(name, "blobs"), "a name server", { names: { references: ["orrery.lab/coredns:1"] } });
    const copy: Copy = (image, layout, blobs) => {
      asked.push(image);
      if (image.endsWith(":2")) return Promise.reject(new Error("manifest unknown"));
      put(layout, blobs, `upstream's ${image}`);
      return Promise.resolve();
    };
    const upstream = new Upstream(path.join(folder, "upstream"), (line) => said.push(line), copy);
    const server = registryServer(
      new Layouts(
        () => [own, name],
        () => (chosen ? upstream : undefined),
      ),
    );
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    ask = async (where) => {
      const answer = await fetch(`http://127.0.0.1:${port}/v2/${where}`);
      return `${answer.status} ${await answer.text()}`;
    };
    close = () => server.close();
  });
  afterEach(() => {
    close();
    rmSync(folder, { recursive: true });
  });

  it("win over the lab's own of the same name, and are copied once", async () => {
    const wanted = "200 upstream's quay.io/team/app:1";
    assert.equal(await ask("team/app/manifests/1?ns=quay.io"), wanted);
    assert.equal(await ask("team/app/manifests/1?ns=quay.io"), wanted);
    assert.deepEqual([asked, said], [["quay.io/team/app:1"], []]);
    assert.equal(await ask("other/app/manifests/1?ns=quay.io"), "200 upstream's quay.io/other/app:1");
  });

  it("are asked for by the digest that a pod named", async () => {
    const hash = "a".repeat(64);
    const tag = `team/app/manifests/sha256-${hash}?ns=quay.io`;
    assert.equal(await ask(tag), `200 upstream's quay.io/team/app@sha256:${hash}`);
  });

  it("are served by their digests, too, as containerd asks for what a tag named", async () => {
    await ask("team/app/manifests/1?ns=quay.io");
    const hash = createHash("sha256").update("upstream's quay.io/team/app:1").digest("hex");
    for (const kind of ["blobs", "manifests"])
      assert.equal(await ask(`team/app/${kind}/sha256:${hash}?ns=quay.io`), "200 upstream's quay.io/team/app:1");
    assert.equal(asked.length, 1);
  });

  it("that cannot be had are answered by the lab's own, with the reason in its log", async () => {
    assert.equal(await ask("team/app/manifests/2?ns=quay.io"), "200 the lab's");
    assert.deepEqual(said, ["quay.io/team/app:2: manifest unknown"]);
  });

  it("do not take the place of what the lab itself needs", async () => {
    assert.equal(await ask("coredns/manifests/1?ns=orrery.lab"), "200 a name server");
    assert.deepEqual(asked, []);
  });

  it("are not asked for, or used, where nobody chose them", async () => {
    await ask("team/app/manifests/1?ns=quay.io");
    chosen = false;
    assert.equal(await ask("team/app/manifests/1?ns=quay.io"), "200 the lab's");
  });
});
