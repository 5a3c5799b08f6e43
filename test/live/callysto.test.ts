/**
 * A hub from nothing to a user's server in a container, inside a running machine, and day-2 work on it. On two cores that had
 * seven times their work: 18 minutes to come up, 25 for the rest.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import type { Report } from "../../ops/lib/status/row.ts";
import { homeOf } from "../../components/callysto/guest/homes.ts";
import { session, type Session } from "../../ops/lib/callysto/hubSession.ts";
import { renameScript } from "../../ops/commands/callysto/rename-homes.ts";
import { Authority } from "./callysto/authority.ts";
import * as machine from "./callysto/machine.ts";
import { dig, eventually, lab, openstackApi } from "../../lab/harness/cloud.ts";
import { probe } from "./ssh.ts";
import { SystemOnLab } from "../../lab/harness/system.ts";

const at = ["callysto:settings", "environments", "hub-ci"];
const announcement = `It's "down" <b>today</b>`;
/** The lab's machines are emulated: what takes a second elsewhere takes ten. */
const patient = { "Spawner.start_timeout": 600, "Spawner.http_timeout": 600, "Spawner.default_url": "/tree" };
const jupyterhub = { image: "docker.io/callysto/pims-minimal:lab", announcement, extra: patient };

describe("a hub of Callysto", function () {
  this.timeout(1_200_000);
  let system: SystemOnLab;
  let hub: machine.Machine;
  let andrew: Session;
  let authority: Authority;
  let trusted = "";

  before(async () => {
    system = await SystemOnLab.open("callysto", "test", [
      [[...at, "flavor"], "m1.medium"],
      [[...at, "volumes", "size"], 1],
      [[...at, "guest"], { securityUpdates: false, jupyterhub }],
    ]);
    authority = await Authority.open("callysto.farm");
  });
  after(async () => {
    await authority.close();
    await system.close();
  });

  const inside = (script: string, input: string | Buffer = ""): Promise<string> =>
    machine.inside(system, hub, script, input);
  const said = (...words: string[]): Promise<string> => machine.said(system, words);
  /** A page of the hub under its own name, if the authority has signed its certificate. */
  const page = (where: string): Promise<{ status: number; text: string; hsts: string | undefined }> =>
    new Promise((resolve, reject) => {
      const options = { host: hub.address, servername: hub.hostname, path: where, ca: trusted };
      const sent = request({ ...options, headers: { host: hub.hostname } }, (answer) => {
        let text = "";
        answer.on("data", (chunk: Buffer) => (text += chunk.toString()));
        answer.on("end", () => {
          const hsts = answer.headers["strict-transport-security"];
          resolve({ status: answer.statusCode ?? 0, text, hsts: typeof hsts === "string" ? hsts : undefined });
        });
      });
      sent.on("error", reject);
      sent.end();
    });
  /** The script of one step. */
  async function stepOf(role: string): Promise<string> {
    const step = (await system.resources()).find(({ urn }) => urn.endsWith(`-inside-guest-${role}`));
    return String((step?.inputs as { readonly stdin?: unknown } | undefined)?.stdin);
  }
  /** Runs every step of the converge again as a check; what it would change. */
  async function drift(): Promise<string> {
    const steps = (await system.resources()).filter(
      ({ type, urn }) => type === "command:remote:Command" && !/-release$/.test(urn),
    );
    const scripts = steps
      .map(({ inputs }) => (inputs as { stdin?: unknown }).stdin)
      .filter((text) => typeof text === "string");
    assert.ok(scripts.length > 5, `only ${scripts.length} steps can be read`);
    let output = "";
    for (const script of scripts)
      if (script.startsWith(". /usr/local")) output += await inside(`export CHECK=1\n${script}`);
    return output;
  }

  it("a hub comes up with everything inside, and `status` says so", async () => {
    await system.assertDeploys();
    hub = await machine.machineOf(system, "hub-ci");
    assert.match(hub.hostname, /^hub-ci-[a-z]+-[a-z]+\.callysto\.farm$/);
    const { code, stdout, stderr } = await system.opsOf("status", ["--json", "--only", "hubs", "--limit", "2m"]);
    assert.equal(code, 0, stdout + stderr);
    const { rows } = JSON.parse(stdout) as Report;
    const wrong = rows.filter(({ state }) => state !== "ok").map(({ text }) => text);
    assert.deepEqual(
      wrong.filter((text) => text !== "a reboot is due"),
      [],
    );
    assert.ok(
      rows.some(({ text }) => /^pool tank is ONLINE, with \d+ homes$/.test(text)),
      stdout,
    );
    assert.ok(
      rows.some(({ text }) => text.startsWith("JupyterHub 6.")),
      stdout,
    );
  });

  it("homes are on a mirror of the hub's two volumes, found by their ids", async () => {
    const status = await inside("zpool status -P tank");
    assert.match(status, /mirror-0/);
    const volumes = await openstackApi(lab).list("volume", "/volumes");
    assert.equal(volumes.length, 2);
    for (const { id } of volumes) assert.ok(status.includes(`/dev/disk/by-id/virtio-${id.slice(0, 20)}`), status);
  });

  it("the hub serves a certificate of the authority under its DNS name, installs a new one at once, and refuses others", async () => {
    const records = await eventually(
      "the record",
      () => dig(hub.hostname, "A"),
      (found) => found.length > 0,
    );
    assert.deepEqual(records, [{ address: hub.address, ttl: 60 }]);
    await assert.rejects(page("/"), /self-signed certificate/);
    const foreign = mkdtempSync(path.join(tmpdir(), "callysto-certificate-"));
    const out = ["-keyout", `${foreign}/privkey.pem`, "-out", `${foreign}/fullchain.pem`, "-days", "30"];
    const subject = ["-subj", "/O=live test", "-addext", "subjectAltName=DNS:*.callysto.ca"];
    execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", ...subject, ...out], { stdio: "ignore" });
    const refused = await system.ops(["push-certificate", "--from", foreign]);
    rmSync(foreign, { recursive: true });
    assert.match(refused.stderr, /the certificate is for DNS:\*\.callysto\.ca, not for hub-ci-/);
    const issued = await authority.renew();
    assert.ok(existsSync(path.join(authority.folder, "fullchain.pem")), issued);
    assert.match(await said("push-certificate", "--from", authority.folder), /^pushed to hub-ci-/);
    assert.match(await said("push-certificate", "--from", authority.folder), /^in place already on hub-ci-/);
    assert.equal(await inside("stat -c '%a %U' /etc/pki/tls/private/privkey.pem"), "600 root");
    trusted = await authority.root();
    const { status } = await eventually(
      "the new certificate",
      () => page("/").catch(() => ({ status: 0 })),
      (answer) => answer.status !== 0,
    );
    assert.equal(status, 200);
  });

  it("the hub answers with TLS under its name only, and tells browsers to keep using it", async () => {
    const landing = await page("/");
    assert.equal(landing.status, 200);
    assert.equal(landing.hsts, "max-age=15768000");
    assert.ok(landing.text.includes(`href="https://${hub.hostname}/jupyter"`));
    assert.equal((await page("/logout/")).status, 200);
    const plain = await fetch(`http://${hub.address}/`, { redirect: "manual" });
    assert.deepEqual([plain.status, plain.headers.get("location")], [301, `https://${hub.hostname}/`]);
  });

  it("three ports of the hub are open to the world, and its internal services only to each other", async () => {
    for (const port of [22, 80, 443]) assert.equal(await probe(hub.address, port), "open", String(port));
    for (const port of [8000, 8001, 8081, 9999]) assert.equal(await probe(hub.address, port), "filtered", String(port));
  });

  it("a user who logs in gets a home of 1 GB and a server in a container", async () => {
    andrew = session({
      url: `https://${hub.hostname}/jupyter`,
      address: hub.address,
      user: "andrew",
      password: "",
      timeout: 600,
      insecure: true,
    });
    for (const step of ["login", "start", "open"] as const) {
      assert.ok(
        await andrew.step(step, ({ detail }) => {
          assert.equal(detail, undefined);
        }),
        step,
      );
    }
    assert.equal(
      await inside("docker ps --format '{{.Names}} {{.Image}}'"),
      `jupyter-andrew callysto/pims-minimal:lab`,
    );
    assert.equal(
      await inside("zfs get -H -o value refquota tank/home/andrew; stat -c %U /tank/home/andrew"),
      "1G\njupyter",
    );
  });

  it("the announcement is shown as text on the hub's page, the list of files and a notebook", async () => {
    const empty = { cells: [], metadata: {}, nbformat: 4, nbformat_minor: 5 };
    const file = "/tank/home/andrew/new.ipynb";
    await inside(`echo '${JSON.stringify(empty)}' >${file}; chown jupyter: ${file}`);
    const shown = /It&#39;s &#34;down&#34; &lt;b&gt;today&lt;\/b&gt;/;
    for (const place of ["/hub/home", "/user/andrew/tree", "/user/andrew/notebooks/new.ipynb"])
      assert.match((await andrew.page(place)).text, shown, place);
  });

  it("quota changes the size of a user's home, and refuses an unknown user", async () => {
    assert.match(await said("quota", "get", "andrew"), /^andrew: \S+ \/ 1G$/);
    assert.match(await said("quota", "set", "andrew", "20M", "--dry-run"), /^would set andrew: .* to 20M$/);
    assert.match(await said("quota", "set", "andrew", "20M"), /^andrew: \S+ \/ 20M$/);
    assert.equal(await inside("zfs get -H -o value refquota tank/home/andrew"), "20M");
    const write = "runuser -u jupyter -- dd if=/dev/urandom of=/tank/home/andrew/big bs=1M count=30 2>&1 || true";
    assert.match(await inside(write), /Disk quota exceeded/);
    await inside("rm /tank/home/andrew/big; sync; zpool sync tank");
    const unknown = await system.ops(["quota", "set", "andrw", "1G"]);
    assert.equal(unknown.code, 1);
    assert.match(unknown.stderr, /^orrery: hub-ci: there is no home of user andrw/);
    assert.match(await said("quota", "get"), /^andrew: .*\nhome: \S+ \/ none$/);
  });

  it("ban closes a user's home and unban opens it again", async () => {
    assert.equal(await said("ban", "andrew"), "made the home of andrew closed and stopped the user's server");
    assert.equal(await inside("docker ps -aq; zfs get -H -o value readonly tank/home/andrew"), "on");
    assert.equal(await said("ban", "andrew"), "the home of andrew is closed already");
    assert.equal(await said("unban", "andrew"), "made the home of andrew open");
  });

  it("a notebook image that Docker does not have is loaded from the archive that the machine brings along", async () => {
    const archives = "/var/lib/callysto/images";
    const archive = `${archives}/${jupyterhub.image.replaceAll(/[/:]/g, "_")}.tar`;
    await inside(`mkdir -p ${archives}; docker save -o ${archive} ${jupyterhub.image}; docker rmi ${jupyterhub.image}`);
    assert.match(await inside(await stepOf("notebook-image")), /^changed: image .* loaded$/m);
    assert.match(await inside("docker image ls --format '{{.Repository}}:{{.Tag}}'"), /^callysto\/pims-minimal:lab$/m);
    await inside(`rm -r ${archives}`);
  });

  it("a home that is not mounted is, by the next up or before its user works in it", async () => {
    const mount = "zfs get -H -o value mounted tank/home/andrew";
    await inside("zfs unmount tank/home/andrew");
    assert.equal(await inside(await stepOf("homes")), "changed: mounted: tank/home/andrew");
    await inside("zfs unmount tank/home/andrew");
    assert.equal(await inside(`/opt/callysto/zfs-homedir.sh andrew jupyter; ${mount}`), "yes");
  });

  it("users whose names are addresses have homes, and a home keeps its files when it is renamed", async () => {
    const home = homeOf("alice@example.org");
    await inside(`/opt/callysto/zfs-homedir.sh ${home} jupyter`);
    assert.match(await said("quota", "get", "alice@example.org"), /^alice@example\.org: \S+ \/ 1G$/);
    assert.equal(await said("ban", "alice@example.org"), "made the home of alice@example.org closed");
    // This hub has no single sign-on; this configuration declares such names.
    const configure =
      "mkdir -p /etc/callysto/simplesamlphp; echo \"'SimpleSAMLBySource'\" >/etc/callysto/simplesamlphp/config.php";
    const renamed = await inside(`${configure}\nset -- SimpleSAMLBySource 1 ''\n${renameScript}`, `${home} bob\n`);
    assert.equal(renamed, `rename ${home} bob`);
    const kept = "zfs get -H -o value refquota,readonly tank/home/bob; stat -c %U /tank/home/bob";
    assert.equal(await inside(kept), "1G\non\njupyter");
    await inside("zfs destroy tank/home/bob; rm -r /etc/callysto/simplesamlphp");
  });

  it("a second up changes nothing in the hub", async () => {
    await system.assertNoChanges();
    assert.equal(await drift(), "");
  });

  it("a changed setting changes only what it is about", async () => {
    const changed = await system.with([[[...at, "guest", "jupyterhub", "announcement"], ""]], () => system.up());
    assert.equal(changed.code, 0, changed.text);
    assert.doesNotMatch(changed.text, /use_?octavia|loadbalancer resources/i);
    assert.deepEqual(
      changed.changed
        .map(({ urn }) => urn.split("::").at(-1))
        .filter((name, index, all) => all.indexOf(name) === index),
      ["callysto-hub-ci-inside-guest-jupyterhub"],
    );
    assert.doesNotMatch((await andrew.page("/hub/home")).text, /&#34;down&#34;/);
  });
});
