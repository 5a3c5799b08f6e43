import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, it } from "mocha";
import { Layouts, registryServer } from "../../../lab/images/registry.ts";
import {
  addressesOf,
  chooseFamilies,
  familyNames,
  podRanges,
  serviceRanges,
} from "../../../lab/kubernetes/nodes/families.ts";
import { hierarchies, nodeMemory, unified } from "../../../lab/kubernetes/nodes/groups.ts";
import {
  asksUpstream,
  chooseRealNodes,
  mostNodes,
  nodeNetwork,
  realNodes,
} from "../../../lab/kubernetes/nodes/plan.ts";
import { assertFeatures } from "../../../lab/kubernetes/nodes/requirements.ts";
import { chooseNodes, nodesFor } from "../../../lab/nodeChoice.ts";
import { labSettings } from "../../../lab/settings.ts";

/** Calls `work` with a folder that is removed afterwards. */
async function withFolder(work: (folder: string) => Promise<void> | void): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), "orrery-nodes-"));
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const quiet = (): void => undefined;
/** A machine that can run containers. */
const possible = (): Promise<void> => Promise.resolve();

const ports = Array.from({ length: 221 }, (_, index) => 10000 + index * 100);

describe("the lab's real nodes", () => {
  it("no two labs share an address, and none is in a lab's public network", () => {
    const labs = ports.map((first) => labSettings({ ORRERY_PORTS: String(first) }));
    const networks = labs.map((lab) => nodeNetwork(lab).cidr);
    assert.equal(new Set(networks).size, labs.length);
    const publicNetworks = new Set(labs.map(({ publicCidr }) => publicCidr.split(".")[2]));
    assert.deepEqual(
      networks.filter((cidr) => publicNetworks.has(cidr.split(".")[2])),
      [],
    );
  });

  it("the last node's address is below the host's", () =>
    withFolder((ORRERY_LAB) => {
      const lab = labSettings({ ORRERY_LAB });
      chooseRealNodes(lab, mostNodes);
      const last = (address = ""): number => Number(address.split(".")[3]);
      assert.ok(last(realNodes(lab).at(-1)?.address) < last(nodeNetwork(lab).host));
    }));

  it("a lab with a cluster of real nodes gets more of them, and not fewer until it is wiped", () =>
    withFolder((ORRERY_LAB) => {
      const lab = labSettings({ ORRERY_LAB });
      assert.deepEqual(realNodes(lab), []);
      chooseRealNodes(lab, 2);
      assert.deepEqual(
        realNodes(lab).map(({ name }) => name),
        ["node-0", "node-1"],
      );
      mkdirSync(path.join(lab.dir, "data", "kubernetes"), { recursive: true });
      chooseRealNodes(lab, 2);
      assert.throws(() => {
        chooseRealNodes(lab, 0);
      }, /this lab's cluster has 2 real nodes; ORRERY_LAB=\S+ npm run lab -- down --wipe removes it/);
      chooseRealNodes(lab, 3);
      assert.equal(realNodes(lab).length, 3);
    }));

  it("a new lab has as many nodes as the test stack asks for, or simulated ones on request, and keeps what it has", () =>
    withFolder(async (folder) => {
      const lab = labSettings({ ORRERY_LAB: path.join(folder, "one") });
      const choose = async (count?: number, fakeNodes = false): Promise<number> => {
        await chooseNodes(lab, { realNodes: count, fakeNodes, upstreamImages: false }, quiet, possible);
        return realNodes(lab).length;
      };
      await assert.rejects(choose(3, true), /^Error: give --real-nodes or --fake-nodes, not both$/);
      assert.equal(existsSync(lab.dir), false);
      assert.equal(await choose(undefined, true), 0);
      assert.equal(await choose(), 0, "the choice is kept before the first start");
      rmSync(lab.dir, { recursive: true });
      assert.equal(await choose(), nodesFor("test"));
      assert.equal(await choose(5), 5);
      mkdirSync(path.join(lab.dir, "data", "kubernetes"), { recursive: true });
      assert.equal(await choose(), 5);
      await assert.rejects(choose(undefined, true), /this lab's cluster has 5 real nodes/);
      rmSync(path.join(lab.dir, "real-nodes"));
      assert.equal(await choose(), 0, "a cluster of an earlier version has no choice");
      await assert.rejects(choose(2), /this lab's cluster has simulated nodes/);
    }));

  it("a new cluster has IPv6 where the machine has, keeps its families, and one without stays so", () =>
    withFolder((ORRERY_LAB) => {
      const lab = labSettings({ ORRERY_LAB });
      chooseRealNodes(lab, 1);
      const [node] = realNodes(lab);
      assert.ok(node !== undefined);
      const seen = (): unknown => [familyNames(lab), podRanges(lab), serviceRanges(lab), addressesOf(lab, node)];
      const one = ["IPv4 only", ["100.64.0.0/16"], ["10.96.0.0/16"], [node.address]];
      const both = [
        "IPv4 and IPv6",
        ["100.64.0.0/16", "fd00:6400::/48"],
        ["10.96.0.0/16", "fd00:9600::/112"],
        [node.address, "fd00:6500::4"],
      ];
      chooseFamilies(lab, true);
      assert.deepEqual(seen(), both);
      chooseFamilies(lab, false);
      assert.deepEqual(seen(), one);
      const cluster = path.join(lab.dir, "data", "kubernetes");
      mkdirSync(cluster, { recursive: true });
      chooseFamilies(lab, true);
      assert.deepEqual(seen(), one, "a cluster of an earlier version has one family");
      rmSync(cluster, { recursive: true });
      chooseFamilies(lab, true);
      mkdirSync(cluster);
      assert.throws(() => {
        chooseFamilies(lab, false);
      }, /^Error: this lab's cluster has IPv6, which this machine no longer does; npm run lab -- down --wipe removes the lab$/);
      assert.deepEqual(seen(), both);
    }));

  it("upstream's images are asked for until the lab is wiped, and only where images run", () =>
    withFolder(async (folder) => {
      const lab = labSettings({ ORRERY_LAB: path.join(folder, "one") });
      const choose = (fakeNodes: boolean, upstreamImages: boolean): Promise<void> =>
        chooseNodes(lab, { realNodes: undefined, fakeNodes, upstreamImages }, quiet, possible);
      const impossible = /^Error: --upstream-images: this lab simulates its nodes, which run no image$/;
      await assert.rejects(choose(true, true), impossible);
      await choose(false, false);
      assert.equal(asksUpstream(lab), false);
      await choose(false, true);
      await choose(false, false);
      assert.equal(asksUpstream(lab), true);
    }));

  it("a machine that cannot run containers changes nothing, and can simulate nodes", () =>
    withFolder(async (folder) => {
      const lab = labSettings({ ORRERY_LAB: path.join(folder, "one") });
      const choose = (fakeNodes: boolean): Promise<void> =>
        chooseNodes(lab, { realNodes: undefined, upstreamImages: false, fakeNodes }, quiet, () => {
          assertFeatures(["overlayfs"]);
          return possible();
        });
      await assert.rejects(choose(false), /which lacks\n {2}overlayfs\n--fake-nodes/);
      assert.equal(existsSync(lab.dir), false);
      await choose(true);
      assert.deepEqual(realNodes(lab), []);
    }));

  it("control groups of version 1, of version 2 and of both are told apart", () => {
    const first = [
      "cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,nosuid,relatime,cpu,cpuacct 0 0",
      "cgroup /sys/fs/cgroup/systemd cgroup rw,relatime,xattr,name=systemd 0 0",
    ];
    const second = "cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid,nsdelegate 0 0";
    const both = hierarchies([...first, second, "tmpfs /run tmpfs rw 0 0"].join("\n"));
    assert.deepEqual(
      both.map(({ options }) => options),
      ["cpu,cpuacct", "none,name=systemd", ""],
    );
    assert.equal(unified(both), false);
    assert.equal(unified(hierarchies(second)), true);
  });

  it("one node alone leaves both clouds their memory, and a small machine half of it", () => {
    assert.deepEqual([64e9, 16e9, 8e9, 4e9].map(nodeMemory), [59e9, 11e9, 4e9, 2e9]);
  });

  it("a missing kernel feature is named, with the way without it", () => {
    assertFeatures([]);
    assert.throws(() => {
      assertFeatures(["overlayfs (CONFIG_OVERLAY_FS)"]);
    }, new Error("the lab's nodes cannot run containers on this machine, which lacks\n  overlayfs (CONFIG_OVERLAY_FS)\n--fake-nodes simulates them: npm start -- --fake-nodes"));
  });

  it("the registry serves an image under its own name, whichever registry is asked for", () =>
    withFolder(async (folder) => {
      const hash = "a".repeat(64);
      mkdirSync(path.join(folder, "blobs", "sha256"), { recursive: true });
      writeFileSync(path.join(folder, "blobs", "sha256", hash), '{"schemaVersion":2}');
      const manifest = {
        mediaType: "application/vnd.oci.image.manifest.v1+json",
        digest: `sha256:${hash}`,
        names: { references: ["quay.io/team/app:1"] },
      };
      writeFileSync(path.join(folder, "index.json"), JSON.stringify({ manifests: [manifest] }));
      let offered: readonly string[] = [];
      const server = registryServer(new Layouts(() => offered)).listen(0, "127.0.0.1");
      await once(server, "listening");
      const ask = async (where: string, method = "GET"): Promise<string> => {
        const { port } = server.address() as AddressInfo;
        const answer = await fetch(`http://127.0.0.1:${port}${where}`, { method });
        return `${answer.status} ${answer.headers.get("docker-content-digest") ?? "-"} ${await answer.text()}`;
      };
      try {
        assert.match(await ask("/v2/team/app/manifests/1?ns=quay.io"), /^404 /);
        offered = [folder]; // while it serves
        const found = `200 sha256:${hash}`;
        assert.equal(await ask("/v2/team/app/manifests/1?ns=quay.io"), `${found} {"schemaVersion":2}`);
        assert.equal(await ask("/v2/team/app/manifests/1?ns=quay.io", "HEAD"), `${found} `);
        assert.equal(await ask(`/v2/team/app/blobs/sha256:${hash}?ns=quay.io`), `${found} {"schemaVersion":2}`);
        assert.match(await ask("/v2/team/app/manifests/1?ns=docker.io"), /^404 /);
        assert.match(await ask("/v2/team/app/blobs/sha256:..%2F..%2Findex.json"), /^404 /);
        assert.match(await ask("/v2/team/app/manifests/1?ns=quay.io", "PUT"), /^405 /);
      } finally {
        server.close();
      }
    }));
});
