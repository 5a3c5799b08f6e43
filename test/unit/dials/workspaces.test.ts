import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { etlConfig, etlConfigHash } from "../../../components/dials/etlConfig.ts";
import { databases, queues, queueWorkers, roles, scaleSet } from "../../../components/dials/inventory.ts";
import { given, settings, workspace, workspaceLists } from "./fixture.ts";

/** The lists that the schema accepts, with their defaults. */
const lists = workspaceLists.map(
  (workspaces) => settings({ workspaces, defaultWorkspace: workspaces[0]?.name ?? "" }).workspaces,
);

interface EtlFile {
  readonly common_indexer_queue: string;
  readonly workspaces: readonly {
    readonly name: string;
    readonly primary_datasets: readonly { readonly dbs_pattern: string; readonly dbs_instance: string }[];
    readonly me_startswith: readonly string[];
    readonly bulk_ingesting_queue: string;
    readonly priority_ingesting_queue: string;
  }[];
}

describe("DIALS workspaces", () => {
  it("workers exist for exactly the queues that files are sent to (a)", () => {
    fc.assert(
      fc.property(lists, (workspaces) => {
        const file = JSON.parse(etlConfig(settings().etl, workspaces)) as EtlFile;
        const sentTo = new Set(
          file.workspaces.flatMap(({ bulk_ingesting_queue, priority_ingesting_queue }) => [
            bulk_ingesting_queue,
            priority_ingesting_queue,
          ]),
        );
        assert.deepEqual(new Set(queueWorkers(workspaces).map(({ name }) => name)), sentTo);
        assert.equal(queueWorkers(workspaces).length, sentTo.size);
        assert.equal(file.common_indexer_queue, "common-indexer");
      }),
    );
  });

  it("databases, keys of the roles and sections of the ETL's file are the workspaces, in one order (b)", () => {
    fc.assert(
      fc.property(lists, (workspaces) => {
        const names = workspaces.map(({ name }) => name);
        const file = JSON.parse(etlConfig(settings().etl, workspaces)) as EtlFile;
        assert.deepEqual(databases(workspaces), names);
        assert.deepEqual(
          file.workspaces.map(({ name }) => name),
          names,
        );
        assert.deepEqual(
          Object.entries(roles(workspaces)),
          workspaces.map(({ name, role }) => [name, role]),
        );
      }),
    );
  });

  it("pausing stops every workload of the ETL image and nothing else (l)", () => {
    fc.assert(
      fc.property(lists, (workspaces) => {
        const set = scaleSet(workspaces);
        assert.equal(new Set(set).size, set.length);
        assert.equal(set.length, queueWorkers(workspaces).length + 3);
      }),
    );
  });

  it("workspaces share a worker when they name the same one", () => {
    const list = settings({
      workspaces: [
        { ...workspace("a"), workers: "both" },
        { ...workspace("b"), workers: "both", priority: false },
        workspace("tracker"),
      ],
    }).workspaces;
    assert.deepEqual(
      queueWorkers(list).map(({ name, group, workspaces }) => [name, group, workspaces.map((one) => one.name)]),
      [
        ["both-bulk", "both-etl", ["a", "b"]],
        ["both-priority", "both-etl", ["a"]],
        ["tracker-bulk", "tracker-etl", ["tracker"]],
        ["tracker-priority", "tracker-etl", ["tracker"]],
      ],
    );
  });

  it("without a priority worker all files go to the bulk queue", () => {
    const [, staging] = settings().workspaces;
    assert.ok(staging !== undefined);
    assert.deepEqual(queues(staging), { bulk: "private-bulk", priority: "private-bulk" });
  });

  it("the ETL's file has the format that the image reads", () => {
    assert.deepEqual(
      JSON.parse(etlConfig(settings().etl, settings({ workspaces: [workspace("tracker")] }).workspaces)),
      {
        common_chunk_size: 5000,
        th2_chunk_size: 1000,
        common_indexer_queue: "common-indexer",
        priority_era: "Run2024",
        th1_types: [3, 4, 5],
        th2_types: [6, 7, 8],
        workspaces: [
          {
            name: "tracker",
            primary_datasets: [{ dbs_pattern: "/ZeroBias/*Run202*/DQMIO", dbs_instance: "global" }],
            me_startswith: ["SiStrip/"],
            bulk_ingesting_queue: "tracker-bulk",
            priority_ingesting_queue: "tracker-priority",
          },
        ],
      },
    );
  });

  it("a worker restarts only when its own workspaces or the common settings change", () => {
    const [tracker, staging] = settings().workspaces;
    assert.ok(tracker !== undefined && staging !== undefined);
    const { etl } = settings();
    const nextYear = settings({ etl: { ...given.etl, priorityEra: "Run2025" } }).etl;
    assert.notEqual(etlConfigHash(etl, [tracker]), etlConfigHash(etl, [staging]));
    assert.notEqual(etlConfigHash(etl, [tracker]), etlConfigHash(nextYear, [tracker]));
    assert.equal(etlConfigHash(etl, [tracker]), etlConfigHash({ ...etl, paused: true, scratch: "9Gi" }, [tracker]));
  });
});
