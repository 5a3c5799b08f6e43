/**
 * Callysto's prod stack, as committed, on the lab: its machines go up, live through what day-2 commands do to them, and go.
 * The hub is converged up to its pool of homes: Docker, JupyterHub, single sign-on and Apache, which an emulated machine
 * needs many minutes for, are left out here (`--exclude`). Overridden are sizes and Debian's own security updates.
 */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { after, before, describe, it } from "mocha";
import { type Done, onGuest } from "../../cli/onGuest.ts";
import { publicKeyLine, sample } from "../../config/samples.ts";
import { archive, samplePackage } from "./callysto/archive.ts";
import * as machine from "./callysto/machine.ts";
import { address, clavius, closeProd, halves, homes, openProd, power, zoneOf } from "./callysto/prod.ts";
import { eventually, lab, openstackApi } from "../../lab/harness/cloud.ts";
import { makeKey, probe } from "./ssh.ts";
import type { SystemOnLab } from "../../lab/harness/system.ts";

const api = openstackApi(lab);
const passphrase = "correct horse battery";
const mirror = "zpool status -P tank | grep -o '/dev/disk/by-id/[^ ]*' | sort";
const docker = "**callysto-hub-prod-inside-guest-docker";
/** The engine takes its options from the environment, too. */
const withoutDocker = { PULUMI_OPTION_EXCLUDE: docker, PULUMI_OPTION_EXCLUDE_DEPENDENTS: "true" };

type Outputs = Record<"hub-prod" | "clavius", machine.Machine>;

describe("machines of Callysto's prod stack", function () {
  this.timeout(3_000_000);
  let system: SystemOnLab;
  let found: Outputs;
  before(async () => {
    system = await openProd();
  });
  after(() => closeProd(system));

  async function up(): Promise<readonly string[]> {
    const { code, text, changed } = await system.up("--exclude", docker, "--exclude-dependents");
    assert.equal(code, 0, text);
    return [...new Set(changed.map(({ urn }) => urn.split("::").at(-1) ?? ""))];
  }
  const run = (environment: keyof Outputs, script: string, input = ""): Promise<Done> =>
    machine.run(system, found[environment], script, input);
  const inside = (environment: keyof Outputs, script: string, input = ""): Promise<string> =>
    machine.inside(system, found[environment], script, input);
  const ops = (...words: string[]): Promise<string> => machine.said(system, words);
  const answers = (environment: keyof Outputs): Promise<number> =>
    eventually(
      `${environment} again`,
      () =>
        run(environment, "true").then(
          ({ code }) => code,
          () => 1,
        ),
      (code) => code === 0,
      300,
    );

  it("prod's machines come up; the hub takes over an existing address and existing volumes, which become the mirror of its homes", async () => {
    const existing = (await address())?.floating_ip_address;
    await up();
    await system.assertDeployed();
    found = await system.outputs<Outputs>();
    assert.deepEqual([found["hub-prod"].hostname, found["hub-prod"].address], ["hub.callysto.ca", existing]);
    assert.equal(found.clavius.hostname, "clavius.callysto.farm");
    assert.equal((await halves()).length, 2);
    assert.deepEqual((await inside("hub-prod", mirror)).split("\n"), await halves());
    const health = "zpool list -H -o health tank; zfs list -H -o name tank/home";
    assert.equal(await inside("hub-prod", health), "ONLINE\ntank/home");
    const declared = (await system.resources()).map(({ urn }) => urn.split("::").at(-1) ?? "");
    const own = /^callysto-hub-prod-.*(volumes-zfs-0\d|address-ip)$/;
    assert.deepEqual(
      declared.filter((name) => own.test(name)),
      [],
    );
  });

  it("prod's machines are open to the world on their services' ports only", async () => {
    assert.equal(await probe(found["hub-prod"].address, 22), "open");
    for (const port of [80, 443]) assert.equal(await probe(found["hub-prod"].address, port), "closed", String(port));
    for (const port of [8000, 8081, 9999])
      assert.equal(await probe(found["hub-prod"].address, port), "filtered", String(port));
    assert.equal(await probe(found.clavius.address, 22), "open");
    assert.equal(await probe(found.clavius.address, 443), "filtered");
  });

  it("quota set gives a user's home exactly that size, and refuses an unknown user", async () => {
    await inside(
      "hub-prod",
      "useradd --system andrew; zfs create -o refquota=1G tank/home/andrew; chown andrew: /tank/home/andrew",
    );
    assert.match(await ops("quota", "get", "andrew"), /^andrew: \S+ \/ 1G$/);
    assert.match(await ops("quota", "set", "andrew", "20M"), /^andrew: \S+ \/ 20M$/);
    assert.equal(await inside("hub-prod", "zfs get -H -o value refquota tank/home/andrew"), "20M");
    const write = "runuser -u andrew -- dd if=/dev/urandom of=/tank/home/andrew/big bs=1M count=30 2>&1 || true";
    assert.match(await inside("hub-prod", write), /Disk quota exceeded/);
    await inside("hub-prod", "rm /tank/home/andrew/big; echo kept >/tank/home/andrew/notebook");
    const unknown = await system.ops(["quota", "set", "andrw", "1G"]);
    assert.deepEqual([unknown.code, /there is no home of user andrw/.test(unknown.stderr)], [1, true]);
  });

  it("clavius renews two certificates once its encrypted volume is open", async () => {
    const timers = await inside("clavius", "systemctl list-timers --all --output json 'callysto-certificate@*'");
    assert.deepEqual((JSON.parse(timers) as { unit: string }[]).map(({ unit }) => unit).sort(), [
      "callysto-certificate@dev.timer",
      "callysto-certificate@prod.timer",
    ]);
    assert.equal(await ops("luks", "status"), "blank");
    const refused = "renew-certificate dev 2>&1 && exit 1 || true";
    assert.match(await inside("clavius", refused), /the encrypted volume is not open/);
  });

  it("an operator is asked by mail for a DNS record of a domain that is run elsewhere, and the renewal waits for it", async () => {
    // Elsewhere is the lab's BIND, whose own name is looked up, too.
    const services = lab.publicCidr.replace(/0\/24$/, "1");
    const elsewhere = await zoneOf("callysto.ca", {
      "callysto.ca.": ["MX", "10 mx.callysto.ca."],
      "mx.callysto.ca.": ["A", services],
    });
    await zoneOf("orrery.test", { "ns1.orrery.test.": ["A", services] });
    const token = randomBytes(16).toString("hex");
    const as = "runuser -u ptty2u -- env CALLYSTO_CERTIFICATE=/etc/callysto/letsencrypt/prod";
    const waiting = inside("clavius", `${as} /opt/callysto/acme-hook deploy_challenge callysto.ca file ${token}`);
    const mail = await eventually(
      "the mail",
      () => inside("clavius", "cat /var/spool/dma/M* 2>/dev/null || true"),
      (text) => text.includes(token),
    );
    assert.match(mail, /^To: sysadmin@callysto\.ca$/m);
    const [, name, record] = /^(_acme-challenge\.callysto\.ca\.) 60 IN TXT (".*")$/m.exec(mail) ?? [];
    await api.post("dns", `/zones/${elsewhere}/recordsets`, { name, type: "TXT", ttl: 60, records: [record] });
    await waiting;
  });

  it("the work volume opens only with its passphrase", async () => {
    const volume = "/usr/local/sbin/work-volume";
    assert.equal(await ops("luks", "status"), "blank");
    assert.match((await run("clavius", `${volume} format`, "short\n")).stderr, /the passphrase is too short/);
    assert.match(await inside("clavius", `${volume} format`, `${passphrase}\n`), /^formatted, open at/);
    await inside("clavius", "echo secret >/home/ptty2u/work/file");
    assert.equal(await ops("luks", "close"), "closed");
    const wrong = await run("clavius", `${volume} open`, "wrong horse battery\n");
    assert.deepEqual([wrong.code, wrong.stderr.trim()], [1, "error: the passphrase does not open the volume"]);
    assert.equal(await inside("clavius", "ls /home/ptty2u/work"), "");
    assert.match(
      (await run("clavius", `${volume} format`, `${passphrase}\n`)).stderr,
      /the volume holds something already/,
    );
    assert.match(await inside("clavius", `${volume} open`, `${passphrase}\n`), /^open at/);
    assert.equal(await inside("clavius", "cat /home/ptty2u/work/file"), "secret");
  });

  it("a second up changes nothing; a machine that does not answer is reported, and nothing else is touched", async () => {
    assert.deepEqual(await up(), []);
    const mail = [[...clavius, "guest", "adminEmail"], "ops@callysto.ca"] as const;
    await power("clavius", "os-stop", "SHUTOFF");
    const { code, text } = await system.with([mail], () => system.up("--exclude", docker, "--exclude-dependents"));
    assert.notEqual(code, 0);
    assert.match(text, /callysto-clavius-inside-guest-base[^]*cannot enter ptty2u@[\d.]+:22 after 11 attempt/);
    assert.doesNotMatch(text, /\n\s+at .*:\d+:\d+|panic:|goroutine /);
    await power("clavius", "os-start", "ACTIVE");
    await answers("clavius");
    const readers = ["base", "mail"].map((role) => `callysto-clavius-inside-guest-${role}`);
    assert.deepEqual([...(await system.with([mail], up))].sort(), readers);
    assert.match(await inside("clavius", "grep Mail /etc/apt/apt.conf.d/52callysto"), /ops@callysto\.ca/);
    await system.with([mail], async () => {
      assert.deepEqual(await up(), []);
    });
  });

  it("`update` installs new packages, and says so when the archive does not answer", async () => {
    const update = ["update", "--environment", "clavius"];
    const silent = await system.ops(update);
    assert.deepEqual([silent.code, silent.stderr.trim()], [1, "orrery: clavius: the package archive does not answer"]);
    const takeIn = `mkdir /srv/archive /root/apt; tar -C /srv/archive -x; mv /etc/apt/sources.list* /root/apt
      echo "deb [trusted=yes] file:/srv/archive ./" >/etc/apt/sources.list; dpkg -i /srv/archive/old.deb`;
    await machine.inside(system, found.clavius, takeIn, archive());
    assert.equal(await ops(...update, "--dry-run"), "clavius: nothing to update");
    assert.equal(await ops(...update), `clavius: updated ${samplePackage}`);
    assert.equal(await inside("clavius", `dpkg-query -Wf '\${Version}' ${samplePackage}`), "2.0");
    assert.equal(await ops(...update), "clavius: nothing to update");
    const out = [[...clavius, "guest", "packageUpdates"], false] as const;
    const passed = await system.with([out], () => system.ops(update));
    assert.deepEqual([passed.code, passed.stderr.trim()], [0, "clavius is skipped: it has packageUpdates: false"]);
  });

  it("a pool is not created over existing data", async () => {
    const said = await run(
      "clavius",
      `truncate -s 64M /tmp/a /tmp/b; mkfs.ext4 -q /tmp/b; . /usr/local/lib/orrery/converge.sh
      disk() { printf -v "$1" %s "$2"; }; mirror tank /tmp/a /tmp/b`,
    );
    assert.match(said.stderr, /hold something that is not pool tank/);
  });

  it("a replaced hub keeps its address, host key, volumes and users' files", async () => {
    const before = await api.list("compute", "/servers");
    await machine.said(system, ["rebuild", "--environment", "hub-prod", "--yes"], withoutDocker);
    assert.deepEqual(await system.outputs<Outputs>(), found);
    const servers = await api.list("compute", "/servers");
    assert.notDeepEqual(servers.map(({ id }) => id).sort(), before.map(({ id }) => id).sort());
    await answers("hub-prod");
    assert.deepEqual((await inside("hub-prod", mirror)).split("\n"), await halves());
    assert.equal(
      await inside("hub-prod", "cat /tank/home/andrew/notebook; zfs get -H -o value refquota tank/home/andrew"),
      "kept\n20M",
    );
  });

  it("replace-volume puts another volume under one half of the mirror, and homes are copied to it", async () => {
    const next = await api.post("volume", "/volumes", { volume: { name: "hub.callysto.ca-home-3", size: 1 } });
    await eventually(
      "the new volume",
      () => api.get("volume", `/volumes/${next.id}`),
      ({ status }) => status === "available",
    );
    const replace = ["replace-volume", "hub.callysto.ca-home-1", "hub.callysto.ca-home-3", "-e", "hub-prod"];
    assert.match(await ops(...replace, "--dry-run"), /^would set the volumes of hub-prod to hub\.callysto\.ca-home-3/);
    await machine.said(system, [...replace, "--yes"], withoutDocker);
    const pool = await eventually(
      "the copy",
      () => inside("hub-prod", "zpool status -P tank; cat /tank/home/andrew/notebook"),
      (status) => /state: ONLINE/.test(status) && !/resilver in progress/.test(status),
      300,
    );
    assert.deepEqual((await inside("hub-prod", mirror)).split("\n"), await halves());
    assert.match(pool, /errors: No known data errors\nkept$/);
    assert.deepEqual((await homes()).map(({ name, status }) => `${name} ${status}`).sort(), [
      "hub.callysto.ca-home-1 available",
      "hub.callysto.ca-home-2 in-use",
      "hub.callysto.ca-home-3 in-use",
    ]);
  });

  it("the deploy key is replaced in two steps, and nothing is run again for it", async () => {
    const next = makeKey();
    const old = publicKeyLine("callysto:deployPrivateKey");
    const settings = (name: string, value: unknown) => [["callysto:settings", name], value] as const;
    const access = ["callysto-clavius-inside-guest-access", "callysto-hub-prod-inside-guest-access"];
    const enters = (privateKey: string): Promise<boolean> =>
      onGuest({ ...found.clavius, user: "ptty2u", privateKey }, "true").then(
        ({ code }) => code === 0,
        () => false,
      );
    const keys = [sample("ssh-private-key", "callysto:deployPrivateKey"), readFileSync(next.file, "utf8")];
    const toolkit = "stat -c %y /usr/local/lib/orrery/converge.sh";
    try {
      const before = await inside("clavius", toolkit);
      const first = await system.with([settings("nextDeployKey", next.publicKey)], up);
      assert.deepEqual([...first].sort(), access);
      assert.deepEqual(await Promise.all(keys.map(enters)), [true, true]);
      const second = [settings("deployKey", next.publicKey), settings("formerDeployKeys", [old])];
      await system.with(second, async () => {
        const rotate = ["rotate", "callysto:deployPrivateKey", "--file", next.file];
        const { code, stderr } = await system.opsOf("secrets", rotate);
        assert.equal(code, 0, stderr);
        await up();
        assert.deepEqual(await Promise.all(keys.map(enters)), [false, true]);
        assert.equal(await inside("clavius", toolkit), before);
        assert.deepEqual(await up(), []);
      });
    } finally {
      next.remove();
    }
  });

  it("machines with data are not destroyed, and afterwards are destroyed without what the hub only took over", async () => {
    await system.assertDestroyRefused();
    await system.assertDestroyed();
    assert.deepEqual(
      (await homes()).map(({ status }) => status),
      ["available", "available", "available"],
    );
    assert.notEqual(await address(), undefined);
  });
});
