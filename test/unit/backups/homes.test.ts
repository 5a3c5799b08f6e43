/** Backups of hubs: what a guest gets for them, what the program does with a stand-in ZFS, and what a drill finds. */
import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import {
  backupsEnvironmentFile,
  homesBackup,
  homesBackupScript,
  type HomesContents,
} from "../../../components/callysto/guest/homesBackup.ts";
import { hubGuest } from "../../../components/callysto/guest/settings.ts";
import { backupSettings } from "../../../config/backups.ts";
import { compareHomes } from "../../../ops/lib/backups/homesDrill.ts";
import { run } from "../../../ops/lib/process.ts";
import { Secret } from "../../../review/evaluate/secret.ts";
import { deployCallysto, hub } from "../callysto/fixture.ts";

const settings = backupSettings.parse({ repository: "s3:https://s3.sample.invalid/backups/hub" });

describe("backups of a hub's homes", () => {
  let dir = "";
  const at = (...names: readonly string[]): string => path.join(dir, ...names);
  const said = (): string => readFileSync(at("calls"), "utf8");

  beforeEach(() => {
    dir = mkdtempSync(path.join(tmpdir(), "orrery-homes-"));
    for (const folder of ["bin", "metrics", "homes/ada", "homes/x@y.z/deep"])
      mkdirSync(at(folder), { recursive: true });
    writeFileSync(at("homes/ada/notes"), "12345");
    writeFileSync(at("homes/x@y.z/deep/a file"), "123");
    writeFileSync(at("homes/x@y.z/more"), "");
    writeFileSync(at("environment"), "RESTIC_PASSWORD='it'\\''s'\n");
    writeFileSync(at("calls"), "");
    writeFileSync(at("backup-homes"), homesBackupScript("hub", settings), { mode: 0o755 });
    program("unshare", 'shift; exec "$@"');
    program(
      "zfs",
      `echo "zfs $*" >> ${at("calls")}
case "$*" in
  "list -H -t snapshot tank/home@orrery-backup") exit 1 ;;
  "list -H -o name -t snapshot -r tank/home") printf '%s\\n' tank/home@orrery-backup tank/home/ada@old tank/home/ada@orrery-backup tank/home/x@y.z@orrery-backup ;;
esac`,
    );
    program("mount", `echo "mount $*" >> ${at("calls")}; name=\${6#homes/}; cp -r "${at("homes")}/$name/." "$6"`);
    program(
      "restic",
      `echo "restic $* $RESTIC_PASSWORD" >> ${at("calls")}; [ "$1" != backup ] || cp -r . ${at("saved")}`,
    );
  });
  afterEach(() => {
    rmSync(dir, { recursive: true });
  });

  function program(name: string, text: string): void {
    writeFileSync(at("bin", name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  }
  const start = () =>
    run(at("backup-homes"), [], {
      env: {
        BACKUP_PATH: `${at("bin")}:/usr/bin:/bin`,
        BACKUP_LOG: at("log"),
        BACKUP_FOLDER: at("run"),
        METRICS_FOLDER: at("metrics"),
        BACKUP_ENVIRONMENT: at("environment"),
      },
      timeout: 30,
    });

  it("a guest gets program, schedule and restic; the secrets are in a file of their own, for root only", () => {
    const { packages, files = [] } = homesBackup("hub", settings);
    assert.deepEqual(packages, ["restic", "cron"]);
    assert.deepEqual(
      files.map(({ path: file, mode }) => [file, mode]),
      [
        ["/usr/local/sbin/backup-homes", "0700"],
        ["/etc/cron.d/backup-homes", undefined],
        ["/etc/logrotate.d/backup-homes", undefined],
      ],
    );
    assert.equal(files[1]?.text, "37 1 * * * root /usr/local/sbin/backup-homes\n");
    assert.match(files[0]?.text ?? "", new RegExp(`:-${backupsEnvironmentFile}\\}`));
    assert.match(files[0]?.text ?? "", /^restic backup --host callysto-hub \.$/m);
  });

  it("a hub without the setting has none of it; with it the secrets reach the guest on stdin only", async () => {
    const guest = { jupyterhub: { image: "docker.io/callysto/pims-r:1", authenticator: "pam" } };
    const without = await deployCallysto({ "hub-dev": { ...hub, guest } });
    assert.doesNotMatch(JSON.stringify(without.resources), /restic|backup-homes/);
    const of = (text: string): Record<string, string> => ({ "hub-dev": text });
    const seen = await deployCallysto(
      { "hub-dev": { ...hub, guest: { ...guest, backups: settings } } },
      {},
      {
        backupsPassword: of("given-password"),
        backupsAccessKeyId: of("given-id"),
        backupsSecretAccessKey: of("given-secret"),
      },
    );
    const { create, stdin } = seen.resource("callysto-hub-dev-inside-guest-backups-environment").inputs;
    assert.match(String(create), /secret_file \/root\/\.backup-homes 0600 root:root/);
    assert.ok(stdin instanceof Secret);
    assert.equal(
      stdin.value,
      [
        "RESTIC_REPOSITORY='s3:https://s3.sample.invalid/backups/hub'",
        "RESTIC_PASSWORD='given-password'",
        "AWS_ACCESS_KEY_ID='given-id'",
        "AWS_SECRET_ACCESS_KEY='given-secret'",
        "RESTIC_CACHE_DIR='/var/cache/restic'\n",
      ].join("\n"),
    );
    assert.ok(seen.resources.some(({ name }) => name === "callysto-hub-dev-inside-guest-homes-backup"));
    const plain = JSON.stringify(
      seen.resources.map(({ inputs }) => inputs),
      (_, value: unknown) => (value instanceof Secret ? "secret" : value),
    );
    assert.ok(!plain.includes("given-"), "a secret is readable");
  });

  it("a schedule that the guest's cron does not know is refused", () => {
    const found = (schedule: string): boolean => hubGuest.shape.backups.safeParse({ ...settings, schedule }).success;
    assert.deepEqual(["@every 12h", "0 ? * * *", "@daily", "5 4 * * 1-5"].map(found), [false, false, true, true]);
  });

  it("all homes are saved from one snapshot with their list, and the snapshot is gone afterwards", async () => {
    const { status, stdout, stderr } = await start();
    assert.deepEqual(
      [status, stdout, stderr],
      [0, "", ""],
      existsSync(at("log")) ? readFileSync(at("log"), "utf8") : "",
    );
    const calls = said().split("\n");
    const order = [
      "zfs snapshot -r tank/home@orrery-backup",
      "mount -t zfs -o ro tank/home/ada@orrery-backup homes/ada",
      "mount -t zfs -o ro tank/home/x@y.z@orrery-backup homes/x@y.z",
      "restic backup --host callysto-hub . it's",
      "restic tag --host callysto-hub --add checked latest it's",
      "zfs destroy -r tank/home@orrery-backup",
    ];
    const found = order.map((call) => calls.indexOf(call));
    assert.ok(
      found.every((one, n) => one > (found[n - 1] ?? -1)),
      said(),
    );
    const { homes } = JSON.parse(readFileSync(at("saved", "homes.json"), "utf8")) as HomesContents;
    assert.deepEqual(homes, { ada: { files: 1, bytes: 5 }, "x@y.z": { files: 2, bytes: 3 } });
    assert.deepEqual(compareHomes(at("saved")), { problems: [], compared: "2 homes, 3 files" });
  });

  it("a failed backup is said with the end of the log, and its snapshot does not stay", async () => {
    program("restic", 'echo "Fatal: unable to open repository" >&2; exit 1');
    const { status, stdout } = await start();
    assert.equal(status, 1);
    assert.match(stdout, /^the homes were not saved, or the check failed\. The end of \S+:\n[^]*unable to open/);
    assert.match(said(), /zfs destroy -r tank\/home@orrery-backup\n$/);
    assert.doesNotMatch(said(), /it's/);
  });

  it("a success is noted for Prometheus, readable by the exporter's account; a failure leaves the last success", async () => {
    const file = at("metrics", "backup-homes.prom");
    const begin = Math.floor(Date.now() / 1000);
    assert.equal((await start()).status, 0);
    const text = readFileSync(file, "utf8");
    const [, time] = /^hub_backup_last_success_timestamp_seconds\{backup="backup-homes"\} (\d+)$/m.exec(text) ?? [];
    assert.ok(Number(time) >= begin, text);
    assert.equal(statSync(file).mode & 0o777, 0o644);
    assert.deepEqual(readdirSync(at("metrics")), ["backup-homes.prom"]);
    program("restic", "exit 1");
    assert.equal((await start()).status, 1);
    assert.equal(readFileSync(file, "utf8"), text);
    rmSync(at("metrics"), { recursive: true });
    program("restic", "exit 0");
    assert.equal((await start()).status, 0, "a hub without the exporter notes nothing");
    assert.ok(!existsSync(at("metrics")));
  });

  it("a snapshot of a run that was killed is removed first; one that stays is said", async () => {
    program("zfs", `echo "zfs $*" >> ${at("calls")}; [ "$1" != destroy ] || [ ! -e ${at("stuck")} ]`);
    assert.equal((await start()).status, 0);
    assert.match(said(), /list -H -t snapshot \S+\nzfs destroy -r tank\/home@orrery-backup\nzfs snapshot/);
    writeFileSync(at("stuck"), "");
    const { status, stdout } = await start();
    assert.equal(status, 1);
    assert.match(stdout, /^tank\/home@orrery-backup is still there/);
  });

  it("a lost file, a file that was cut off and a lost home are found", async () => {
    assert.equal((await start()).status, 0);
    writeFileSync(at("saved/homes/ada/notes"), "1");
    rmSync(at("saved/homes/x@y.z/more"));
    assert.deepEqual(compareHomes(at("saved")).problems, [
      "home ada has 1 files of 1 bytes, 1 of 5 were saved",
      "home x@y.z has 1 files of 3 bytes, 2 of 3 were saved",
    ]);
    rmSync(at("saved/homes/ada"), { recursive: true });
    assert.equal(compareHomes(at("saved")).problems[0], "home ada is missing");
  });

  it("names of files may be of any encoding", async () => {
    assert.equal((await start()).status, 0);
    const strange = Buffer.concat([Buffer.from(`${at("saved/homes/ada")}/caf`), Buffer.from([0xe9])]);
    renameSync(at("saved/homes/ada/notes"), strange);
    assert.deepEqual(compareHomes(at("saved")).problems, []);
  });
});
