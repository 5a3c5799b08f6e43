/** What `lab status` says about what serves real nodes. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, it } from "mocha";
import type { KubeApi } from "../../../lab/kubernetes/api.ts";
import { volumesFolder } from "../../../lab/kubernetes/files.ts";
import { imagesHealth, metricsHealth, volumesHealth } from "../../../lab/kubernetes/nodes/health.ts";
import { askUpstream, nodeNetwork } from "../../../lab/kubernetes/nodes/plan.ts";
import { type Claim, overdueClaims, type StorageClass } from "../../../lab/kubernetes/nodes/provisioner.ts";
import { type LabSettings, labSettings } from "../../../lab/settings.ts";

async function withLab(work: (lab: LabSettings) => Promise<void> | void): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), "orrery-status-"));
  try {
    await work(labSettings({ ORRERY_LAB: folder, ORRERY_PORTS: "31700" }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const now = new Date("2024-05-01T12:00:00Z");
/** A claim that is so many seconds old. */
const claim = (name: string, age: number, more: object = {}): Claim => ({
  ...{ apiVersion: "v1", kind: "PersistentVolumeClaim" },
  metadata: { name, namespace: "packit", creationTimestamp: new Date(now.getTime() - age * 1000).toISOString() },
  spec: {
    ...{ accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
    ...{ storageClassName: "standard", ...more },
  },
  status: { phase: "Pending" },
});
const storageClass = (name: string, volumeBindingMode: string): StorageClass => ({
  ...{ apiVersion: "storage.k8s.io/v1", kind: "StorageClass", metadata: { name } },
  volumeBindingMode,
});

describe("lab status on real nodes", () => {
  it("images: what its processes and its registry say, and whether others are asked first", () =>
    withLab(async (lab) => {
      assert.deepEqual(await imagesHealth(lab, ["nodes-controller"]), {
        ...{ name: "images", healthy: false },
        detail: "nodes-controller: not running; npm run lab -- up starts it",
      });
      const log = "see log/nodes-controller.log";
      const silent = { name: "images", healthy: false, detail: `no response on port 31736; ${log}` };
      assert.deepEqual(await imagesHealth(lab, []), silent);
      let status = 500;
      const asked: (string | undefined)[] = [];
      const server = createServer((request, response) => {
        asked.push(request.url);
        response.writeHead(status).end();
      }).listen(lab.ports.registry, "127.0.0.1");
      await once(server, "listening");
      try {
        assert.deepEqual(await imagesHealth(lab, []), { ...silent, detail: `status 500 on port 31736; ${log}` });
        status = 200;
        const { healthy, detail } = await imagesHealth(lab, []);
        assert.equal(healthy, true);
        const { cidr } = nodeNetwork(lab);
        assert.match(detail, /^port 31736, \d+ image layouts, for nodes in \S+; IPv4 only$/);
        assert.ok(detail.includes(` ${cidr};`));
        askUpstream(lab);
        const upstream = await imagesHealth(lab, []);
        assert.equal(upstream.detail, `${detail}; the images' own registries are asked first`);
        assert.deepEqual(asked, ["/v2/", "/v2/", "/v2/"]);
      } finally {
        server.close();
      }
    }));

  it("claims are overdue after a minute, unless they wait for their first pod", () => {
    const bound: Claim = { ...claim("bound", 90), status: { phase: "Bound" } };
    const lazy = claim("lazy", 90, { storageClassName: "lazy" });
    const chosen: Claim = {
      ...lazy,
      metadata: {
        ...lazy.metadata,
        name: "chosen",
        annotations: { "volume.kubernetes.io/storage-provisioner": "orrery.lab/volume" },
      },
    };
    const claims = [claim("new", 59), claim("old", 61), claim("lost", 90, { storageClassName: "none" }), bound];
    const classes = [storageClass("standard", "Immediate"), storageClass("lazy", "WaitForFirstConsumer")];
    assert.deepEqual(overdueClaims([...claims, lazy, chosen], classes, now), [
      "packit/chosen",
      "packit/lost",
      "packit/old",
    ]);
  });

  it("volumes: their number, and the claims that have none", () =>
    withLab(async (lab) => {
      mkdirSync(path.join(volumesFolder(lab), "pvc-1"), { recursive: true });
      let claims: readonly Claim[] = [];
      const api = {
        list: (path: string) => Promise.resolve(path.endsWith("claims") ? claims : []),
      } as unknown as KubeApi;
      assert.deepEqual(await volumesHealth(lab, api), { name: "volumes", healthy: true, detail: "1 made" });
      claims = [claim("redis", 1e9), claim("data", 1e9)];
      assert.deepEqual(await volumesHealth(lab, api), {
        ...{ name: "volumes", healthy: false },
        detail: "1 made; pending for more than a minute: packit/data, packit/redis",
      });
      const broken = { list: () => Promise.reject(new Error("no response")) } as unknown as KubeApi;
      assert.deepEqual(await volumesHealth(lab, broken), { name: "volumes", healthy: false, detail: "no response" });
    }));

  it("metrics: what the API server says", async () => {
    const seen = (service: object | undefined): Promise<unknown> =>
      metricsHealth({ find: () => Promise.resolve(service) } as unknown as KubeApi);
    const said = (status: string, message: string): object => ({
      status: { conditions: [{ type: "Available", status, message }] },
    });
    assert.deepEqual(await seen(said("True", "all checks passed")), {
      ...{ name: "metrics", healthy: true, detail: "kubectl top" },
    });
    assert.deepEqual(await seen(said("False", "failing or missing response")), {
      ...{ name: "metrics", healthy: false, detail: "failing or missing response" },
    });
    assert.deepEqual(await seen(undefined), {
      ...{ name: "metrics", healthy: false, detail: "not served; npm run lab -- down, then npm run lab -- up" },
    });
  });
});
