/**
 * Backups of homes with a real ZFS: the hub's own program on a machine of the lab saves them in the lab's S3 by a real restic, while people go on
 * working. Its package is copied to the machine, as machines reach no package archive; the rest of the hub is not there.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { backupsEnvironmentFile, homesBackupScript, homesHost } from "../../components/callysto/guest/homesBackup.ts";
import { backupSettings } from "../../config/backups.ts";
import { lab, type Row } from "../../lab/harness/cloud.ts";
import { addresses } from "../../lab/machines/namespace.ts";
import { s3Env } from "../../lab/openstack/objectStore.ts";
import { installPackages } from "../../lab/openstack/packages.ts";
import { drillHomes } from "../../ops/lib/backups/homesDrill.ts";
import { Repository } from "../../ops/lib/backups/repository.ts";
import { frontName, type TlsFront, tlsFront } from "./backups/tls.ts";
import { answers, bootTimeout, Made } from "./made.ts";
import { type Key, makeKey, ssh } from "./ssh.ts";

const made = new Made();
const name = `homes-${randomBytes(4).toString("hex")}`;
const settings = backupSettings.parse({ repository: "s3:https://s3.sample.invalid/backups" });
const program = "/usr/local/sbin/backup-homes";
const password = randomBytes(12).toString("hex");

describe("backups of homes with a real ZFS", function () {
  this.timeout((bootTimeout + 120) * 1000);
  const cache = mkdtempSync(path.join(tmpdir(), "orrery-homes-"));
  let front: TlsFront;
  let [key, group, floating, login] = [] as unknown as [Key, Row, string, NodeJS.ProcessEnv];
  const inside = (command: string, seconds = 120): Promise<string> =>
    ssh(key, floating, `sudo bash -euc '${command.replaceAll("'", String.raw`'\''`)}'`, seconds).catch(
      (error: unknown) => {
        const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
        throw new Error(`${stdout}${stderr}`, { cause: error }); // the program says on standard output what failed
      },
    );
  const put = (file: string, content: Buffer | string, mode: string): void => {
    const options = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR", "BatchMode=yes"];
    const words = options.flatMap((option) => ["-o", option]);
    const write = `sudo install -m ${mode} /dev/stdin ${file}`;
    execFileSync("ssh", ["-i", key.file, ...words, `ptty2u@${floating}`, write], { input: content });
  };
  const repository = (): Repository => {
    const url = `s3:https://localhost:${front.port}/${name}`;
    return new Repository({ url, env: { ...login, RESTIC_REPOSITORY: url, RESTIC_CACHE_DIR: cache } });
  };

  before(async () => {
    await installPackages(["restic"], () => undefined);
    key = makeKey();
    group = await made.make("network", "/security-groups", { security_group: { name } });
    await made.rule(group, { port_range_min: 22, port_range_max: 22 });
    const { port, floating: address } = await made.reachablePort(name, group);
    floating = address;
    await made.boot(name, port, key);
    await answers(key, floating);
    const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = await s3Env(lab);
    // The port of the ACME server of other tests is one that machines reach.
    front = await tlsFront(lab.ports.swift, lab.ports.acme);
    const authority = path.join(cache, "s3.crt");
    writeFileSync(authority, front.certificate);
    login = {
      SSL_CERT_FILE: authority,
      AWS_ACCESS_KEY_ID,
      AWS_SECRET_ACCESS_KEY,
      RESTIC_PASSWORD: password,
      PATH: process.env.PATH,
    };
    put("/usr/bin/restic", execFileSync("cat", ["/usr/bin/restic"], { maxBuffer: 1 << 28 }), "0755");
    put(program, homesBackupScript("hub", settings), "0700");
    put("/root/s3.crt", front.certificate, "0600");
    await inside(`echo ${addresses(lab).services} ${frontName} >> /etc/hosts`);
    const url = `s3:https://${frontName}:${front.port}/${name}`;
    const variables = {
      SSL_CERT_FILE: "/root/s3.crt",
      AWS_ACCESS_KEY_ID,
      AWS_SECRET_ACCESS_KEY,
      RESTIC_PASSWORD: password,
      RESTIC_REPOSITORY: url,
    };
    const lines = Object.entries(variables).map(([variable, value]) => `${variable}='${value ?? ""}'\n`);
    put(backupsEnvironmentFile, lines.join(""), "0600");
    await inside(`
      truncate -s 512M /var/pool; zpool create -m none tank /var/pool; zfs create -o mountpoint=/tank/home tank/home
      for name in ada bob; do zfs create tank/home/$name; done
      mkdir /tank/home/ada/deep; echo 12345 > "/tank/home/ada/deep/a file"; head -c 200000 /dev/urandom > /tank/home/bob/notes`);
  });
  after(async () => {
    await made.removeAll();
    key.remove();
    front.close();
    rmSync(cache, { recursive: true });
  });

  it("the program saves all homes of one moment, checks them, and leaves no snapshot and no mount", async () => {
    assert.equal(await inside(program), "");
    assert.equal(await inside("zfs list -H -t snapshot -o name"), "");
    assert.equal(await inside("grep -c orrery-backup /proc/mounts || true"), "0");
    const [newest] = await repository().snapshots(homesHost("hub"));
    assert.ok(newest?.checked === true);
    const drilled = await drillHomes((folder) => repository().restore(newest, folder), new AbortController().signal);
    assert.deepEqual(drilled, { problems: [], compared: "2 homes, 2 files" });
  });

  it("what changes while it runs is not in it, and the next run sends only what changed", async () => {
    // restic reads for a while; the change comes after the snapshot.
    await inside(`
      head -c 60000000 /dev/urandom > /tank/home/bob/big
      ${program} & until zfs list -H -t snapshot tank/home@orrery-backup 2>/dev/null; do sleep 0.05; done
      echo changed > "/tank/home/ada/deep/a file"; echo new > /tank/home/ada/new; wait %1`);
    const [second] = await repository().snapshots(homesHost("hub"));
    assert.ok(second);
    const drilled = await drillHomes((folder) => repository().restore(second, folder), new AbortController().signal);
    assert.deepEqual(drilled, { problems: [], compared: "2 homes, 3 files" });

    const sent = await inside(
      `: > /var/log/backup-homes.log; ${program}; grep "Added to the repo" /var/log/backup-homes.log`,
    );
    assert.match(sent, /Added to the repository: [\d.]+ (B|KiB)/, "60 MB are there already");
    const [third] = await repository().snapshots(homesHost("hub"));
    assert.ok(third);
    const again = await drillHomes((folder) => repository().restore(third, folder), new AbortController().signal);
    assert.deepEqual(again, { problems: [], compared: "2 homes, 4 files" });
  });

  it("a lost home comes back from S3 on the hub as it was saved", async () => {
    await inside("cp -a /tank/home /root/saved; rm -rf /tank/home/ada/* /tank/home/bob/*");
    const begin = performance.now();
    // What docs/backups.md says.
    await inside(`set -a; . ${backupsEnvironmentFile}; set +a
      restic restore latest --host ${homesHost("hub")} --target /tank/restored
      for home in ada bob; do cp -a "$(find /tank/restored -path "*/homes/$home")/." /tank/home/$home; done`);
    const took = ((performance.now() - begin) / 1000).toFixed(1);
    console.log(
      `restored the homes on the hub in ${took} s: ${(await inside("du -sh --apparent-size /tank/home")).trim()}`,
    );
    assert.equal(await inside("diff -r /root/saved /tank/home"), "");
    await inside("rm -r /root/saved /tank/restored");
  });

  it("a run that was killed leaves nothing that stops the next one", async () => {
    await inside(`
      setsid ${program} & until zfs list -H -t snapshot tank/home@orrery-backup 2>/dev/null; do sleep 0.05; done
      pkill -KILL -x backup-homes; pkill -KILL -x restic || true; sleep 1; ${program}`);
    assert.equal(await inside("zfs list -H -t snapshot -o name"), "");
  });
});
