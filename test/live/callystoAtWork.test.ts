/**
 * A hub of stack `test` at work: a pupil with a browser signs on, works in a notebook, meets the quota, and finds the notebook again on the
 * next machine. Everything is the real program in an emulated machine; the school is SimpleSAMLphp's own example.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import {
  announcement,
  type CallystoAtWork,
  deployCallysto,
  startCloud,
  student,
} from "../../lab/demo/callysto/deploy.ts";
import { callysto, inside, notebook, pin } from "../../lab/demo/callysto/hub.ts";
import { Pupil } from "../../lab/demo/callysto/pupil.ts";
import { roomAgain, tooMuch } from "../../lab/demo/callysto/callysto.ts";
import { demoSettings, removeCluster } from "../../lab/demo/cluster.ts";
import { until } from "../../lab/demo/until.ts";
import { lab, openstackApi } from "../../lab/harness/cloud.ts";
import type { Run } from "../../lab/pulumi.ts";

const quiet = (): void => undefined;

interface Notebook {
  readonly cells: readonly { readonly source: string | readonly string[]; readonly outputs?: readonly unknown[] }[];
}

describe("Callysto at work", function () {
  this.timeout(2_400_000);
  const cloud = demoSettings(lab);
  const api = openstackApi(cloud);
  let run: Run;
  let hub: CallystoAtWork;
  let pupil: Pupil;
  let user = "";
  let file = "";
  before(async () => {
    run = await startCloud(cloud, quiet);
    hub = await deployCallysto(run);
  });
  after(async () => {
    await removeCluster(cloud, quiet);
  });

  const servers = async (): Promise<readonly string[]> =>
    (await api.list("compute", "/servers/detail")).filter(({ status }) => status === "ACTIVE").map(({ id }) => id);
  const visitor = async (): Promise<Pupil> => Pupil.open({ ...hub, pin: await pin(hub) });

  it("nobody gets in without the right password", async () => {
    const stranger = await visitor();
    try {
      assert.match(await stranger.refused(student.name, "wrong"), /incorrect username or password/i);
    } finally {
      await stranger.close();
    }
    assert.equal(await inside(hub, "docker ps -aq; zfs list -H -o name -r tank/home"), "tank/home");
  });

  it("every program of the hub that crashes comes back", async () => {
    const programs = [
      "apache2",
      "php8.2-fpm",
      "shibd",
      "configurable-http-proxy",
      "jupyterhub",
      "docker",
      "containerd",
    ];
    const ids = `systemctl show -P MainPID ${programs.join(" ")} | grep .`;
    const answers = "curl -sSfo /dev/null http://127.0.0.1:8000/jupyter/hub/health";
    const before = await inside(hub, ids);
    await inside(hub, `systemctl kill --signal=KILL ${programs.join(" ")}`);
    const after = await until("all programs again", 240, async () => {
      const found = await inside(
        hub,
        `${answers} >&2 && [ "$(systemctl is-active ${programs.join(" ")} | sort -u)" = active ] && ${ids}`,
      ).catch(() => "");
      return found === "" ? undefined : found.split("\n");
    });
    for (const [at, id] of before.split("\n").entries()) {
      assert.match(after[at] ?? "", /^[1-9]\d*$/, programs[at]);
      assert.notEqual(after[at], id, programs[at]);
    }
  });

  it("a pupil signs on in a browser and gets a home and a server in a container, by a hash for a name", async () => {
    pupil = await visitor();
    await pupil.signOn(student.name, student.password);
    user = await pupil.startServer();
    assert.match(user, /^[0-9a-f]{40}$/);
    assert.equal(await inside(hub, "docker ps --format '{{.Names}}'"), `jupyter-${user}`);
    assert.equal(await inside(hub, `zfs get -H -o value refquota tank/home/${user}`), "1G");
    assert.equal(await pupil.announcement(), announcement);
  });

  it("a new notebook runs a cell, and is saved in the home", async () => {
    file = await pupil.newNotebook();
    assert.equal(await pupil.run("6 * 7"), "42");
    await pupil.save();
    const { cells } = JSON.parse((await notebook(hub, user, file)) ?? "{}") as Notebook;
    assert.equal([cells[0]?.source].flat().join(""), "6 * 7");
    assert.match(JSON.stringify(cells[0]?.outputs), /"text\/plain":\["42"\]/);
  });

  it("a cell that writes more than the quota fails, and what fits is kept", async () => {
    assert.match(await callysto(run, ["quota", "set", user, "20M"]), / to 20M$| \/ 20M$/);
    assert.match(await pupil.run(tooMuch), /OSError: \[Errno 122\] Disk quota exceeded/);
    // IPython may say before that its history found no room.
    assert.match(await pupil.run(roomAgain), /'room again'$/);
    await pupil.save();
    const folder = mkdtempSync(path.join(tmpdir(), "callysto-pictures-"));
    try {
      assert.ok(statSync(await pupil.picture(folder, "notebook")).size > 10_000);
    } finally {
      rmSync(folder, { recursive: true });
    }
    await pupil.close();
  });

  it("the hub is rebuilt as another server with the same address, key and homes, and the notebook is still there", async () => {
    const before = await servers();
    await callysto(run, ["rebuild", "--yes"]);
    const after = await servers();
    assert.deepEqual([before.length, after.length], [1, 1]);
    assert.notDeepEqual(after, before);
    // Asked at the address and by the host key of the first server.
    assert.equal(await inside(hub, `zfs get -H -o value refquota tank/home/${user}; docker ps -aq`), "20M");
    pupil = await visitor();
    await pupil.signOn(student.name, student.password);
    assert.equal(await pupil.startServer(), user);
    await pupil.openNotebook(user, file);
    assert.equal((await pupil.outputs())[0], "42");
    assert.equal(await pupil.run("7 * 7"), "49");
    await pupil.close();
  });
});
