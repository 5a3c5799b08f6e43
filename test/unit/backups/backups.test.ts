import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, it } from "mocha";
import { backupScript, repositoryTraffic } from "../../../blocks/restic.ts";
import type { Contents } from "../../../components/packit/databaseDump.ts";
import { backupSettings } from "../../../config/backups.ts";
import { compare } from "../../../ops/lib/backups/databaseDrill.ts";
import { ownRepository } from "../../../ops/lib/backups/dataSets.ts";
import { judge } from "../../../ops/lib/backups/list.ts";
import { Repository } from "../../../ops/lib/backups/repository.ts";
import { buildPackit, development } from "../packit/fixture.ts";

const saved: Contents = {
  server: "13.23",
  database: "packit",
  roles: ["packit"],
  tables: { "public.builds": { rows: 2, checksum: "12" }, "public.projects": { rows: 1, checksum: "3" } },
  sequences: { "public.builds_id_seq": 2 },
};

describe("a repository of backups", () => {
  it("a server that does not answer is an error, and no word of a repository that is not there yet", async function () {
    if (spawnSync("restic", ["version"]).status !== 0) this.skip(); // the lab has Debian's, other machines may have none
    const env = { PATH: process.env.PATH, RESTIC_PASSWORD: "p", AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" };
    const folder = mkdtempSync(path.join(tmpdir(), "repository-"));
    try {
      assert.deepEqual(await new Repository({ url: path.join(folder, "none"), env }).snapshots("packit"), []);
      // Nobody listens on port 9.
      const away = new Repository({ url: "s3:http://127.0.0.1:9/backups/packit", env });
      await assert.rejects(
        away.snapshots("packit"),
        /^Error: s3:http:\/\/127\.0\.0\.1:9\/backups\/packit: .*127\.0\.0\.1:9/,
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("settings of backups", () => {
  const repository = "s3:https://s3.sample.invalid/backups/packit";

  it("a repository is a bucket with its server, and nothing else", () => {
    assert.equal(backupSettings.safeParse({ repository }).success, true);
    for (const wrong of [
      ...["https://s3.sample.invalid/backups", "s3:https://user:password@s3.sample.invalid/backups", "s3:https://host"],
      ...["/mnt/backups", "s3:https://s3.sample.invalid/backups/$(id)", "s3:https://s3.sample.invalid/a b"],
    ])
      assert.equal(backupSettings.safeParse({ repository: wrong }).success, false, wrong);
    const none = backupSettings.safeParse({ repository, keep: { daily: 0, weekly: 0, monthly: 0 } });
    assert.match(none.error?.issues[0]?.message ?? "", /at least one backup to keep/);
  });

  it("a count of 0 is not passed on: restic would refuse it or keep everything", () => {
    const script = backupScript("packit", { keep: { daily: 7, weekly: 0, monthly: 12 } });
    assert.match(script, /^restic forget --host packit --group-by host --keep-daily 7 --keep-monthly 12 --prune$/m);
  });

  it("the job's NetworkPolicy allows the port of the repository's URL", () => {
    const port = (url: string): unknown => repositoryTraffic({ repository: url }).ports;
    assert.deepEqual(port("s3:https://h/b"), [{ port: 443, protocol: "TCP" }]);
    assert.deepEqual(port("s3:http://h/b"), [{ port: 80, protocol: "TCP" }]);
    assert.deepEqual(port("s3:https://h:8080/b"), [{ port: 8080, protocol: "TCP" }]);
  });

  it("without the setting there is no object of backups; with it Secret, CronJob and NetworkPolicy, and PostgreSQL lets the job in", async () => {
    const names = (seen: Awaited<ReturnType<typeof buildPackit>>): readonly string[] =>
      seen.manifests.filter(({ name }) => name === "database-backup").map(({ kind }) => kind);
    const without = await buildPackit(development);
    assert.deepEqual(names(without), []);
    assert.doesNotMatch(JSON.stringify(without.manifests), /database-backup|restic/);
    const seen = await buildPackit({ ...development, backups: { repository } });
    assert.deepEqual(names(seen).toSorted(), ["CronJob", "NetworkPolicy", "Secret", "ServiceAccount"]);
    const { egress, ingress } = seen.object("NetworkPolicy database-backup").spec as {
      egress: { to: object[]; ports: { port: number }[] }[];
      ingress: unknown[];
    };
    assert.deepEqual(ingress, []);
    assert.deepEqual(
      egress.map(({ ports }) => ports.map(({ port }) => port)),
      [[53, 53, 5353, 5353], [5432], [443]],
    );
    assert.match(JSON.stringify(seen.object("NetworkPolicy postgres-12").spec), /database-backup/);
  });
});

describe("the newest backup", () => {
  const [time, nextBy] = [new Date("2026-11-20T01:38:00Z"), new Date("2026-11-21T04:37:00Z")];

  it("is late once the next one is not there after its time and the longest run, checked or not", () => {
    const before = new Date(nextBy.getTime() - 1);
    assert.deepEqual(judge({ time, checked: true }, nextBy, before), {
      state: "ok",
      text: "newest backup 27 h old, checked",
    });
    assert.equal(judge({ time, checked: false }, nextBy, before).state, "unchecked");
    const after = new Date(nextBy.getTime() + 1);
    for (const checked of [true, false]) assert.equal(judge({ time, checked }, nextBy, after).state, "late");
  });

  it("a repository in the shell's variables has them all, and no others", () => {
    const env = {
      RESTIC_REPOSITORY: "s3:https://h/b",
      RESTIC_PASSWORD: "p",
      AWS_ACCESS_KEY_ID: "k",
      PULUMI_TOKEN: "t",
    };
    const { PULUMI_TOKEN: other, ...own } = env;
    assert.equal(other, "t");
    assert.deepEqual(ownRepository(env), { url: "s3:https://h/b", env: own });
    assert.equal(ownRepository({ RESTIC_REPOSITORY: "s3:https://h/b" }), undefined);
  });
});

describe("a restored database", () => {
  const changed = (change: Partial<Contents>): readonly string[] => compare(saved, { ...saved, ...change }).problems;

  it("is whole with the same tables, and sequences that are as far or farther", () => {
    assert.deepEqual(changed({}), []);
    assert.deepEqual(changed({ server: "16.1", roles: [], sequences: { "public.builds_id_seq": 9 } }), []);
  });

  it("lacks a table, a row, a value or a sequence", () => {
    const { "public.builds": builds, "public.projects": projects } = saved.tables;
    assert.ok(builds !== undefined && projects !== undefined);
    assert.deepEqual(changed({ tables: { "public.builds": builds } }), ["table public.projects is missing"]);
    const less = { ...saved.tables, "public.builds": { rows: 1, checksum: "5" } };
    assert.deepEqual(changed({ tables: less }), ["table public.builds has 1 rows, 2 were saved"]);
    const other = { ...saved.tables, "public.builds": { rows: 2, checksum: "13" } };
    assert.deepEqual(changed({ tables: other }), ["table public.builds has other contents than were saved"]);
    assert.deepEqual(changed({ tables: { ...saved.tables, "public.more": projects } }), [
      "table public.more was not there when it was saved",
    ]);
    assert.deepEqual(changed({ sequences: {} }), ["sequence public.builds_id_seq is missing"]);
    assert.deepEqual(changed({ sequences: { "public.builds_id_seq": 1 } }), [
      "sequence public.builds_id_seq is at 1, it was at 2",
    ]);
  });
});
