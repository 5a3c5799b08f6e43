/**
 * A hub's disks and the workstation inside real machines. The hub is converged up to its pool of homes: Docker, JupyterHub
 * and Apache, which an emulated machine needs many minutes for, are left out here (`--exclude`). Seen green in 26 minutes on
 * two cores that had six times their work; the machines' boots are most of it.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import type { Done } from "../../ops/ssh.ts";
import * as machine from "./callysto/machine.ts";
import { eventually, lab, openstackApi } from "./cloud.ts";
import { probe } from "./ssh.ts";
import { SystemOnLab } from "./system.ts";

const environments = ["callysto:settings", "environments"];
const hubGuest = [...environments, "hub-ci", "guest"];
const settings = { securityUpdates: false, jupyterhub: { image: "docker.io/callysto/pims-minimal:lab" } };
const clavius = {
  ...{ kind: "clavius", domain: "callysto.farm", name: { mode: "fixed", label: "clavius" }, disposable: true },
  ...{ flavor: "m1.small", image: "debian-12", floatingIp: { mode: "new" }, homedirSize: 1, dockerSize: 1 },
  guest: { securityUpdates: false },
};
const passphrase = "correct horse battery";
const mirror = "zpool status -P tank | grep -o '/dev/disk/by-id/[^ ]*' | sort";

type Outputs = Record<"hub-ci" | "clavius", machine.Machine>;

describe("machines of Callysto", function () {
  this.timeout(1_500_000);
  let system: SystemOnLab;
  let found: Outputs;
  before(async () => {
    system = await SystemOnLab.open("callysto", "test", [
      [[...environments, "hub-ci", "flavor"], "m1.small"],
      [[...environments, "hub-ci", "volumes", "size"], 1],
      [hubGuest, settings],
      [[...environments, "clavius"], clavius],
    ]);
  });
  after(() => system.close());

  const docker = "**callysto-hub-ci-inside-guest-docker";
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
  const volumes = async (): Promise<string[]> =>
    (await openstackApi(lab).list("volume", "/volumes"))
      .filter(({ name }) => name.includes("-zfs-"))
      .map(({ id }) => `/dev/disk/by-id/virtio-${id.slice(0, 20)}-part1`)
      .sort();

  it("come up, and the hub's homes are a mirror of its two volumes, found by their ids", async () => {
    await up();
    found = await system.outputs<Outputs>();
    assert.deepEqual((await inside("hub-ci", mirror)).split("\n"), await volumes());
    assert.equal(
      await inside("hub-ci", "zpool list -H -o health tank; zfs list -H -o name tank/home"),
      "ONLINE\ntank/home",
    );
  });

  it("are open to the world on their services' ports alone", async () => {
    assert.equal(await probe(found["hub-ci"].address, 22), "open");
    for (const port of [80, 443]) assert.equal(await probe(found["hub-ci"].address, port), "closed", String(port));
    for (const port of [8000, 8081, 9999])
      assert.equal(await probe(found["hub-ci"].address, port), "filtered", String(port));
    assert.equal(await probe(found.clavius.address, 22), "open");
    assert.equal(await probe(found.clavius.address, 443), "filtered");
  });

  it("give a user as much room as was said, and not more", async () => {
    await inside(
      "hub-ci",
      "useradd --system andrew; zfs create -o refquota=1G tank/home/andrew; chown andrew: /tank/home/andrew",
    );
    assert.match(await ops("quota", "get", "andrew"), /^andrew: \S+ \/ 1G$/);
    assert.match(await ops("quota", "set", "andrew", "20M"), /^andrew: \S+ \/ 20M$/);
    assert.equal(await inside("hub-ci", "zfs get -H -o value refquota tank/home/andrew"), "20M");
    const write = "runuser -u andrew -- dd if=/dev/urandom of=/tank/home/andrew/big bs=1M count=30 2>&1 || true";
    assert.match(await inside("hub-ci", write), /Disk quota exceeded/);
    await inside("hub-ci", "rm /tank/home/andrew/big; echo kept >/tank/home/andrew/notebook");
    const unknown = await system.ops(["quota", "set", "andrw", "1G"]);
    assert.deepEqual([unknown.code, /there is no home of user andrw/.test(unknown.stderr)], [1, true]);
  });

  it("keep the work volume shut to all but its passphrase", async () => {
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

  it("have nothing left to change, and change only what a setting is about", async () => {
    assert.deepEqual(await up(), []);
    const changed = await system.with(
      [[[...environments, "clavius", "guest"], { securityUpdates: false, adminEmail: "ops@callysto.ca" }]],
      up,
    );
    assert.deepEqual(changed, ["callysto-clavius-inside-guest-base"]);
    assert.match(await inside("clavius", "grep Mail /etc/apt/apt.conf.d/52callysto"), /ops@callysto\.ca/);
  });

  it("refuse to make the pool over data", async () => {
    const said = await run(
      "clavius",
      `truncate -s 64M /tmp/a /tmp/b; mkfs.ext4 -q /tmp/b; . /usr/local/lib/orrery/converge.sh
      disk() { printf -v "$1" %s "$2"; }; mirror tank /tmp/a /tmp/b`,
    );
    assert.match(said.stderr, /hold something that is not pool tank/);
  });

  it("replaced, a hub keeps address, host key, volumes and what users have", async () => {
    const before = await openstackApi(lab).list("compute", "/servers");
    // The engine takes its options from the environment, too.
    const without = { PULUMI_OPTION_EXCLUDE: docker, PULUMI_OPTION_EXCLUDE_DEPENDENTS: "true" };
    await machine.said(system, ["rebuild", "--environment", "hub-ci", "--yes"], without);
    assert.deepEqual(await system.outputs<Outputs>(), found);
    const servers = await openstackApi(lab).list("compute", "/servers");
    assert.notDeepEqual(servers.map(({ id }) => id).sort(), before.map(({ id }) => id).sort());
    await eventually(
      "the machine",
      () =>
        run("hub-ci", "true").then(
          ({ code }) => code,
          () => 1,
        ),
      (code) => code === 0,
    );
    assert.deepEqual((await inside("hub-ci", mirror)).split("\n"), await volumes());
    assert.equal(
      await inside("hub-ci", "cat /tank/home/andrew/notebook; zfs get -H -o value refquota tank/home/andrew"),
      "kept\n20M",
    );
  });
});
