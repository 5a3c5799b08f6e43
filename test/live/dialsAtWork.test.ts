/**
 * DIALS of stack `test` at work on real nodes: from a file on EOS to what a person sees, asserted in the databases, at Flower and on a
 * page. DIALS' own modules are stand-ins; Redis, Celery, RedBeat, Flower, Alembic, PostgreSQL, nginx, gunicorn and Django are real.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { demoSettings, removeCluster, startCluster } from "../../lab/demo/cluster.ts";
import { type DialsAtWork, deployDials } from "../../lab/demo/dials/deploy.ts";
import { element, ingest, pageOf, workspace } from "../../lab/demo/dials/dials.ts";
import { databases, fileRow, histogram, makeDue, restarts, writeToEos } from "../../lab/demo/dials/steps.ts";
import { ask } from "../../lab/demo/outside.ts";
import { takePictures } from "../../lab/demo/pictures.ts";
import { until } from "../../lab/demo/until.ts";
import { lab } from "../../lab/harness/cloud.ts";
import { kubeApi } from "../../lab/kubernetes/api.ts";
import { installPackages } from "../../lab/openstack/packages.ts";
import type { Run } from "../../lab/pulumi.ts";

const quiet = (): void => undefined;

describe("DIALS at work", function () {
  this.timeout(900_000);
  const cluster = demoSettings(lab);
  const api = kubeApi(cluster);
  let run: Run;
  let dials: DialsAtWork;

  before(async () => {
    await installPackages(["chromium"], quiet);
    await removeCluster(cluster, quiet);
    run = await startCluster(cluster, quiet);
    dials = await deployDials(run);
  });
  after(() => removeCluster(cluster, quiet));

  it("the migrations' job makes a database for each workspace", async () => {
    const made = await databases(run);
    for (const name of [workspace, "muon_staging"]) assert.ok(made.includes(name), made.join(", "));
  });

  it("a file of the priority era becomes a row by the priority worker, with what the workspace keeps", async () => {
    const { name, row, task } = await ingest(run, dials, "Run2024C", 1001);
    assert.match(row.worker, /^tracker-priority@/);
    assert.equal(row.rows, 1, "of two histograms the workspace's prefixes keep one");
    assert.equal(task.name, "file_ingesting_pipeline");
    // The other workspace takes private datasets only.
    assert.equal(await fileRow(run, "muon_staging", name), undefined);
  });

  it("a file of another era goes to the bulk worker", async () => {
    const { row } = await ingest(run, dials, "Run2023D", 1002);
    assert.match(row.worker, /^tracker-bulk@/);
  });

  it("a worker whose pod is deleted finishes its file first", async () => {
    const file = { era: "Run2023D", histograms: [histogram(element, 1003)], seconds: 20 };
    const name = await writeToEos(api, dials, file);
    await makeDue(run, dials);
    const started = await until("the task's start", 120, async () => {
      const found = await fileRow(run, workspace, name);
      return found?.status === "STARTED" ? found : undefined;
    });
    const pod = started.worker.slice(started.worker.indexOf("@") + 1);
    await api.delete(`/api/v1/namespaces/${dials.namespace}/pods/${pod}`);
    const done = await until("the task's end", 90, async () => {
      const found = await fileRow(run, workspace, name);
      return found?.status === "STARTED" ? undefined : found;
    });
    assert.deepEqual(done, { status: "FINISHED", worker: started.worker, rows: 1 });
  });

  it("Route, nginx, gunicorn and Django show the histograms in a browser; no other host or workspace is answered for", async () => {
    const url = pageOf(dials);
    const { status, body } = await ask(cluster, url);
    assert.equal(status, 200);
    assert.match(body, /<svg/);
    assert.match(body, /stand-in/);
    assert.equal((await ask(cluster, url.replace(workspace, "nobody"))).status, 404);
    const folder = mkdtempSync(path.join(tmpdir(), "orrery-dials-"));
    try {
      const [picture = ""] = await takePictures(cluster, folder, [{ name: "dials", url, shows: "run 1003" }]);
      assert.ok(statSync(picture).size > 5000, picture);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("no container had to start again", async () => {
    assert.equal(await restarts(api, dials), 0);
  });
});
