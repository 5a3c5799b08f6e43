import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, it } from "mocha";
import { parse, stringify } from "yaml";
import { stackPath } from "../../../config/stackFile.ts";
import { type DataSet, dataSets } from "../../../ops/lib/backups/dataSets.ts";

interface Settings {
  dgraph: Record<string, unknown>;
  environments: Record<string, { kind: string; guest?: Record<string, unknown> }>;
}

describe("the data sets of a stack", () => {
  const repository = "s3:https://s3.sample.invalid/backups/x";

  /** Those of stage, with its settings changed. */
  function setsWith(change: (thoth: Settings, callysto: Settings) => void): ReadonlyMap<string, DataSet> {
    const dir = mkdtempSync(path.join(tmpdir(), "orrery-sets-"));
    try {
      const stack = parse(readFileSync(stackPath("stage"), "utf8")) as { config: Record<string, Settings> };
      const { "thoth:settings": thoth, "callysto:settings": callysto } = stack.config;
      assert.ok(thoth !== undefined && callysto !== undefined);
      change(thoth, callysto);
      const configFile = path.join(dir, "Pulumi.stage.yaml");
      writeFileSync(configFile, stringify(stack));
      return new Map(dataSets({ stack: "stage", configFile }).map((one) => [one.name, one]));
    } finally {
      rmSync(dir, { recursive: true });
    }
  }

  it("Dgraph and hubs with the setting have backups of their own, with their own secrets, and are drilled", () => {
    let hub = "";
    const sets = setsWith((thoth, callysto) => {
      thoth.dgraph.backups = { repository };
      const [name, environment] =
        Object.entries(callysto.environments).find(([, { guest }]) => guest !== undefined) ?? [];
      assert.ok(name !== undefined && environment?.guest !== undefined);
      hub = name;
      environment.guest.backups = { repository, schedule: "0 4 * * *" };
    });
    for (const [name, host, ending] of [
      ["thoth/dgraph", "thoth", ""],
      [`callysto/${hub}`, `callysto-${hub}`, `-${hub}`],
    ] as const) {
      const set = sets.get(name);
      assert.ok(set?.backups !== undefined && set.drill !== undefined, name);
      assert.deepEqual([set.outside, set.backups.host, set.backups.url], [undefined, host, repository]);
      const key = (one: string): string => `${name.split("/")[0] ?? ""}:${one}${ending}`;
      assert.deepEqual(set.backups.login((secret) => secret).env, {
        RESTIC_PASSWORD: key("backupsPassword"),
        AWS_ACCESS_KEY_ID: key("backupsAccessKeyId"),
        AWS_SECRET_ACCESS_KEY: key("backupsSecretAccessKey"),
      });
    }
    const next = sets.get(`callysto/${hub}`)?.backups?.nextBy(new Date("2026-11-20T04:01:00Z"));
    assert.equal(next?.toISOString(), "2026-11-21T07:00:00.000Z");
  });

  it("without the setting each is there once, and says what saves it or what to set", () => {
    const sets = setsWith((thoth) => {
      delete thoth.dgraph.backups;
    });
    assert.match(sets.get("thoth/dgraph")?.outside ?? "", /else set thoth:settings\.dgraph\.backups/);
    for (const [name, { backups, outside, remedy }] of sets) {
      if (!name.startsWith("callysto/")) continue;
      assert.equal(backups, undefined);
      assert.ok(
        outside !== undefined || /^callysto:settings\.environments\.\S+\.guest\.backups is not set$/.test(remedy),
      );
    }
  });
});
