/** A cut-over without clusters: the order of its steps, every interruption, the way back; test/live/cutOver.test.ts has both clusters. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import { main } from "../../../cli/main.ts";
import type { DatabaseMove } from "../../../ops/lib/cutOver/databases.ts";
import { type CutOverFile, CutOverJournal } from "../../../ops/lib/cutOver/journal.ts";
import { moveBack, moveOver, type Parties } from "../../../ops/lib/cutOver/move.ts";
import { workloadsOf } from "../../../ops/lib/cutOver/workloads.ts";
import { withoutRoles } from "../../../ops/lib/packit/database/sql.ts";
import { thisProcess } from "../../../ops/lib/decision/holder.ts";
import { cronJob, FakeCluster, object, workload } from "./fakeCluster.ts";
import { before, declared } from "./oldDeployment.ts";

describe("cut-overs to another cluster", () => {
  let folder = "";
  let file = "";
  let calls: string[] = [];
  let [old, fresh]: [FakeCluster, FakeCluster] = [new FakeCluster("", []), new FakeCluster("", [])];
  let rows = ["of old"];
  let there: string[] = [];
  /** Which call of anything fails, counted from 0. */
  let crashAt = Number.POSITIVE_INFINITY;
  let count = 0;
  let crashes: "before" | "after" = "before";

  /** Notes what is done, and that the two never act at once. */
  function call(line: string): void {
    assert.ok(!(old.acts && fresh.acts), `both act before ${line}`);
    if (count++ === crashAt && crashes === "before") throw new Error("interrupted");
    calls.push(line);
  }

  /** The call has had its effect. */
  function called(): void {
    if (count - 1 === crashAt && crashes === "after") throw new Error("interrupted");
  }

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "cut-over-"));
    file = path.join(folder, "cutover.prod.json");
    [calls, rows, there, crashAt, count, crashes] = [[], ["of old"], [], Number.POSITIVE_INFINITY, 0, "before"];
    old = new FakeCluster("https://old:6443", before());
    fresh = new FakeCluster("https://new:6443", []);
    for (const [name, cluster] of Object.entries({ old, fresh })) {
      cluster.before = ([verb, what = "", target = "", ...rest]) => {
        if (verb === "patch") call(`${name} ${what} ${target} ${rest.at(-1) ?? ""}`);
      };
      cluster.after = ([verb]) => {
        if (verb === "patch") called();
      };
    }
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const move: DatabaseMove = {
    title: "Database packit/packit",
    from: workloadsOf(before()).find(({ name }) => name === "postgres-12"),
    to: ["Deployment packit/postgres-16"],
    problem: () => Promise.resolve(undefined),
    prepare: () => Promise.resolve(there.length),
    copy(report) {
      call("copy");
      assert.deepEqual(
        old.runs.filter((one) => /postgres/.test(one)),
        ["DeploymentConfig packit/postgres-12: 1"],
      );
      assert.ok(!old.acts && !fresh.acts, "somebody writes while it is copied");
      there = [...rows];
      called();
      report("packit: all equal");
      return Promise.resolve();
    },
  };

  const parties = (more: Partial<Parties> = {}): Parties => ({
    ...{ old, fresh, declared, moves: [move], say: () => undefined },
    signal: new AbortController().signal,
    patience: 0,
    importSecrets() {
      call("secrets");
      called();
      return Promise.resolve(["1 found"]);
    },
    deploy(paused) {
      call(paused ? "up paused" : "up");
      fresh.objects = [
        workload("Deployment", "packit/web", paused ? 0 : 2),
        workload("StatefulSet", "packit/worker", paused ? 0 : 3),
        workload("Deployment", "packit/postgres-16", 1),
        cronJob("packit/clean", paused, "batch/v1"),
      ];
      called();
      return Promise.resolve(0);
    },
    unwell() {
      call("status");
      called();
      return Promise.resolve([]);
    },
    ...more,
  });

  const open = (): CutOverJournal =>
    CutOverJournal.open(file) ??
    CutOverJournal.create(file, {
      ...{ stack: "prod", cluster: "new", old: { server: "https://old:6443", kubeconfig: "/old" } },
      ...{ fresh: { server: "https://new:6443" }, keep: [], accept: [] },
    });

  const stopped = [
    ...["DeploymentConfig packit/web: 0", "StatefulSet packit/worker: 0", "DeploymentConfig packit/postgres-12: 0"],
    ...["Deployment packit/by-hand: 0", "Deployment packit/off: 0", "Deployment default/somebody: 4"],
    ...["CronJob packit/clean: suspended", "CronJob packit/paused: suspended"],
  ];
  const running = new FakeCluster("", before()).runs;
  const moved = [
    ...["Deployment packit/web: 2", "StatefulSet packit/worker: 3", "Deployment packit/postgres-16: 1"],
    "CronJob packit/clean: on",
  ];

  it("the new cluster is deployed paused, the old one stops, data is copied, and only then the new one starts", async () => {
    await moveOver(parties(), open());
    assert.deepEqual(calls, [
      ...["secrets", "up paused"],
      'old cronjobs.batch clean {"spec":{"suspend":true}}',
      'old deploymentconfigs.apps.openshift.io web {"spec":{"replicas":0}}',
      'old statefulsets.apps worker {"spec":{"replicas":0}}',
      'old deployments.apps by-hand {"spec":{"replicas":0}}',
      "copy",
      'old deploymentconfigs.apps.openshift.io postgres-12 {"spec":{"replicas":0}}',
      ...["up", "status"],
    ]);
    assert.deepEqual([old.runs, fresh.runs, there], [stopped, moved, ["of old"]]);
    const text = readFileSync(file, "utf8");
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const { was } = JSON.parse(text) as CutOverFile;
    assert.deepEqual(
      was.map(({ title, resource, replicas, suspend }) => `${title} ${resource} ${String(replicas ?? suspend)}`),
      [
        "DeploymentConfig packit/web deploymentconfigs.apps.openshift.io 2",
        "StatefulSet packit/worker statefulsets.apps 3",
        "Deployment packit/by-hand deployments.apps 1",
        "CronJob packit/clean cronjobs.batch false",
        "DeploymentConfig packit/postgres-12 deploymentconfigs.apps.openshift.io 1",
      ],
    );
    calls = [];
    await moveOver(parties(), open());
    assert.deepEqual(calls, [], "done is done");
  });

  for (const when of ["before", "after"] as const) {
    it(`interrupted right ${when} any call it goes on, and ends as if nothing had happened`, async () => {
      crashes = when;
      for (crashAt = 0; ; crashAt += 1) {
        begin();
        const interrupted = await fails(moveOver(parties(), open()));
        count = Number.NEGATIVE_INFINITY;
        await moveOver(parties(), open());
        assert.deepEqual([old.runs, fresh.runs, there], [stopped, moved, ["of old"]], `${when} call ${crashAt}`);
        if (!interrupted) break;
      }
      assert.equal(crashAt, 10, "every call was interrupted once");
    });

    it(`undone right ${when} any call the old cluster has exactly what it had, and nothing acts in the new one`, async () => {
      crashes = when;
      for (crashAt = 0; ; crashAt += 1) {
        begin();
        const interrupted = await fails(moveOver(parties(), open()));
        count = Number.NEGATIVE_INFINITY;
        await moveBack(parties(), open());
        assert.deepEqual([old.runs, fresh.acts, existsSync(file)], [running, false, false], `${when} call ${crashAt}`);
        if (!interrupted) break;
      }
    });
  }

  /** Both clusters as at first. */
  function begin(): void {
    rmSync(file, { force: true });
    [calls, there, count] = [[], [], 0];
    [old.objects, fresh.objects] = [before(), []];
  }

  /** Whether work was interrupted. */
  const fails = (work: Promise<void>): Promise<boolean> =>
    work.then(
      () => false,
      (error: unknown) => {
        assert.match(String(error), /interrupted/);
        return true;
      },
    );

  it("an interrupted way back goes on, and starts nothing before the new cluster is paused", async () => {
    await moveOver(parties(), open());
    for (crashAt = 0; ; crashAt += 1) {
      [calls, count] = [[], 0];
      if (!(await fails(moveBack(parties(), open())))) break;
    }
    assert.deepEqual(old.runs, running);
    assert.deepEqual([calls[0], calls.at(-1)], ["up paused", 'old cronjobs.batch clean {"spec":{"suspend":false}}']);
    assert.match(calls[1] ?? "", /postgres-12 \{"spec":\{"replicas":1\}\}/);
    assert.equal(fresh.acts, false);
  });

  it("a way back without a new cluster is possible until that was started", async () => {
    crashAt = 6;
    await assert.rejects(moveOver(parties(), open()));
    crashAt = Number.POSITIVE_INFINITY;
    const said: string[] = [];
    fresh.before = () => {
      throw new Error("the cluster cannot be reached");
    };
    await moveBack(parties({ say: (line) => void said.push(line) }), open());
    assert.deepEqual([old.runs, said.length], [running, 2]);
    assert.match(said[0] ?? "", /^the new cluster does not answer; nothing was started there: .*cannot be reached/);
  });

  it("a failed up stops nothing, or starts nothing", async () => {
    const failing = parties({ deploy: () => Promise.resolve(255) });
    await assert.rejects(moveOver(failing, open()), /pulumi up failed; the old cluster is as it was/);
    assert.deepEqual(old.runs, running);
    await assert.rejects(
      moveOver(parties({ deploy: (paused) => (paused ? parties().deploy(true) : Promise.resolve(1)) }), open()),
      /pulumi up failed; the old cluster stays stopped/,
    );
    assert.deepEqual([old.runs, fresh.acts], [stopped, false]);
    const undoing = parties({ deploy: () => Promise.resolve(1) });
    await assert.rejects(moveBack(undoing, open()), /pulumi up failed; the old cluster was not started/);
    assert.deepEqual(old.runs, stopped);
  });

  it("a new cluster that acts although it was deployed paused stops the cut-over", async () => {
    const deploy = (): Promise<number> => {
      fresh.objects = [workload("Deployment", "packit/web", 2)];
      old.objects = [];
      return Promise.resolve(0);
    };
    await assert.rejects(
      moveOver(parties({ deploy }), open()),
      /^Error: the new cluster still acts: Deployment packit\/web has 2 pods; let them end/,
    );
  });

  it("rows in the new database are replaced only if somebody says so", async () => {
    there = ["of a try"];
    await assert.rejects(
      moveOver(parties(), open()),
      /has 1 rows already, .*nothing was stopped: .* --accept 'Database packit\/packit in the new cluster'/,
    );
    assert.deepEqual(old.runs, running);
    open().note({ accept: ["*"] });
    await assert.rejects(moveOver(parties(), open()), /has 1 rows already/, "* is no word about a database");
    open().note({ accept: ["Database packit/packit in the new cluster"] });
    await moveOver(parties(), open());
    assert.deepEqual(there, ["of old"]);
  });

  it("an old cluster that somebody starts again keeps the new one from starting, and is stopped again", async () => {
    const late = parties({
      moves: [
        {
          ...move,
          async copy(report) {
            await move.copy(report);
            rows = ["of old", "newer"];
            old.set("StatefulSet packit/worker", { replicas: 3 });
          },
        },
      ],
    });
    await assert.rejects(
      moveOver(late, open()),
      /the old cluster acts again: StatefulSet packit\/worker has 3 pods; the new one was not started/,
    );
    assert.equal(fresh.acts, false);
    await moveOver(parties(), open());
    assert.deepEqual([old.runs, fresh.runs, there], [stopped, moved, ["of old", "newer"]]);
  });

  it("once the new cluster may have started, its rows are not replaced because the old one acts again", async () => {
    const half = parties({
      deploy: async (paused) => {
        const code = await parties().deploy(paused);
        return paused ? code : 1;
      },
    });
    await assert.rejects(moveOver(half, open()), /^Error: pulumi up failed; the old cluster stays stopped/);
    there = ["of new"];
    fresh.objects = fresh.objects.map((one) => ({ ...one, status: { replicas: 0 } }));
    fresh.set("Deployment packit/web", { replicas: 0 });
    fresh.set("StatefulSet packit/worker", { replicas: 0 });
    fresh.set("CronJob packit/clean", { suspend: true });
    old.set("StatefulSet packit/worker", { replicas: 3 });
    await assert.rejects(
      moveOver(parties(), open()),
      /acts again, and the new one may act, too: StatefulSet packit\/worker/,
    );
    old.set("StatefulSet packit/worker", { replicas: 0 });
    await moveOver(parties(), open());
    assert.deepEqual([old.runs, there], [stopped, ["of new"]]);
  });

  it("an old cluster that acts when the new one has started is no success", async () => {
    let looked = 0;
    const resynced = new Error("never");
    old.before = ([verb, what = ""]) => {
      if (verb === "get" && what.includes("pods") && calls.includes("up") && ++looked === 1)
        old.objects = [...old.objects, workload("Deployment", "packit/resynced", 1)];
    };
    await assert.rejects(moveOver({ ...parties(), unwell: () => Promise.reject(resynced) }, open()), (error: Error) => {
      assert.match(
        error.message,
        /^both clusters act: the old one has Deployment packit\/resynced has 1 pods; stop these/,
      );
      return true;
    });
  });

  it("a pod without an owner in the new cluster keeps the old one from starting again", async () => {
    await moveOver(parties(), open());
    const job = { ...object("v1", "Pod", "packit/prow-job", {}, { status: { phase: "Running" } }) };
    const back = parties({
      deploy: async (paused) => {
        const code = await parties().deploy(paused);
        fresh.objects = [...fresh.objects, job];
        return code;
      },
    });
    await assert.rejects(
      moveBack(back, open()),
      /^Error: the new cluster still acts: Pod packit\/prow-job has not ended/,
    );
    assert.deepEqual(old.runs, stopped);
    await moveBack(parties(), open());
    assert.deepEqual(old.runs, running);
  });

  it("a second run is kept out while the first works, and let in when that was killed", () => {
    const release = CutOverJournal.lock(file);
    assert.throws(
      () => CutOverJournal.lock(file),
      /^Error: another run of this cut-over works; if that is not so, remove .*cutover\.prod\.json\.lock$/,
    );
    release();
    CutOverJournal.lock(file)();
    const killed = { ...thisProcess(), started: "1" };
    writeFileSync(`${file}.lock`, JSON.stringify(killed));
    CutOverJournal.lock(file)();
    assert.equal(existsSync(`${file}.lock`), false);
  });

  it("pods and Jobs of the old cluster that do not end are named", async () => {
    const owner = [{ kind: "CronJob", name: "clean", controller: true }];
    const job = object("batch/v1", "Job", "packit/clean-1", {}, { status: { active: 1 } });
    old.objects = [
      ...old.objects,
      { ...job, metadata: { namespace: "packit", name: "clean-1", ownerReferences: owner } },
    ];
    await assert.rejects(
      moveOver(parties(), open()),
      /^Error: the old cluster still acts: Job packit\/clean-1 runs; let them end or delete them/,
    );
    assert.equal(fresh.acts, false);
    const ending = (name: string, owner: object, labels = {}) => ({
      ...object("v1", "Pod", `packit/${name}`, {}, { status: { phase: "Running" } }),
      metadata: { namespace: "packit", name, labels, ownerReferences: [{ ...owner, controller: true }] },
    });
    old.objects = [
      ...before(),
      ending("web-1-a", { kind: "ReplicationController", name: "web-1" }, { deploymentconfig: "web" }),
      ending(
        "postgres-12-1-a",
        { kind: "ReplicationController", name: "postgres-12-1" },
        { deploymentconfig: "postgres-12" },
      ),
      ending("by-hand-5f-b", { kind: "ReplicaSet", name: "by-hand-5f" }),
      ending("worker-0", { kind: "StatefulSet", name: "worker" }),
      ending("somebodys", { kind: "Workflow", name: "x" }),
    ];
    const all = ["web-1-a", "by-hand-5f-b", "worker-0", "somebodys"].map((one) => `Pod packit/${one} has not ended`);
    await assert.rejects(moveOver(parties(), open()), new RegExp(`still acts: ${all.join("; ")}; let them`));
  });

  it("--keep lets a workload of the old cluster go on", async () => {
    open().note({ keep: ["Deployment */by-hand"] });
    old.harmless = /postgres|default\/|by-hand/;
    await moveOver(parties(), open());
    assert.ok(old.runs.includes("Deployment packit/by-hand: 1"));
    assert.ok(old.runs.includes("StatefulSet packit/worker: 0"));
  });

  it("roles keep the passwords of the new cluster, others come along", () => {
    const dump = [
      ...["CREATE ROLE packit;", "ALTER ROLE packit WITH LOGIN PASSWORD 'md5';", 'CREATE ROLE "packit-reader";'],
      ...["ALTER ROLE postgres WITH SUPERUSER;", 'ALTER ROLE "packit-reader" WITH LOGIN;', "GRANT packit TO x;"],
    ];
    const left = ['CREATE ROLE "packit-reader";', 'ALTER ROLE "packit-reader" WITH LOGIN;', "GRANT packit TO x;"];
    assert.equal(withoutRoles(dump.join("\n"), ["postgres", "packit"]), left.join("\n"));
    assert.equal(
      withoutRoles(dump.join("\n"), ["packit-reader"]),
      dump.filter((line) => !line.includes("-reader")).join("\n"),
    );
  });

  describe("on the command line", () => {
    const errorOf = async (...words: readonly string[]): Promise<readonly [number, string]> => {
      const { error, log } = console;
      const lines: string[] = [];
      [console.error, console.log] = [(line: string) => void lines.push(line), (line: string) => void lines.push(line)];
      try {
        return [await main(["adopt", "--stack", "stage", "--out", file, ...words]), lines[0] ?? ""];
      } finally {
        [console.error, console.log] = [error, log];
      }
    };

    it("wrong words are refused in one line, before a cluster is asked", async () => {
      assert.match((await errorOf("--to", "psi"))[1], /--kubeconfig FILE is missing: the old cluster's/);
      assert.match((await errorOf("--kubeconfig", "old"))[1], /--kubeconfig is the old cluster's, and goes with --to/);
      assert.match(
        (await errorOf("--to", "psi", "--suggest"))[1],
        /--to adopts nothing: it goes without --diff, --suggest/,
      );
      open();
      assert.match(
        (await errorOf("--to", "new"))[1],
        /cutover\.prod\.json is of a cut-over of stack prod to new; name another file by --out/,
      );
    });

    it("undoing what never began says so", async () => {
      const [code, said] = await errorOf("--to", "psi", "--undo", "--yes");
      assert.equal(code, 0);
      assert.match(said, /^cutover\.prod\.json is not there: no cut-over of stack stage has begun/);
    });
  });
});
