import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, it } from "mocha";
import { access, sshdConfig } from "../../../components/callysto/guest/access.ts";
import { escapeHtml, notebookTemplates } from "../../../components/callysto/guest/announcement.ts";
import { backup } from "../../../components/callysto/guest/backup.ts";
import { base } from "../../../components/callysto/guest/base.ts";
import { docker } from "../../../components/callysto/guest/docker.ts";
import { homeOf, homes, releaseHomes, userOf } from "../../../components/callysto/guest/homes.ts";
import { jupyterhub } from "../../../components/callysto/guest/jupyterhub.ts";
import { jupyterhubConfig } from "../../../components/callysto/guest/jupyterhubConfig.ts";
import { mail } from "../../../components/callysto/guest/mail.ts";
import { Expression, literal } from "../../../components/callysto/guest/python.ts";
import { hubGuest, type HubGuestSettings } from "../../../components/callysto/guest/settings.ts";
import { publicKeyLine } from "../../../config/samples.ts";
import { virtualHosts } from "../../../components/callysto/guest/web.ts";

const image = "docker.io/callysto/pims-r:2026-11";

/** A hub's guest settings with these for JupyterHub. */
const inside = (changed: object = {}): HubGuestSettings => hubGuest.parse({ jupyterhub: { image, ...changed } });
const config = (changed: object = {}): string => jupyterhubConfig(inside(changed).jupyterhub);

const copy = { remoteUser: "u", remoteHost: "h", sourceDirectory: "/tank/home/", hostKey: publicKeyLine("h") };

const nasty = `It's <b>"down"</b> & {{ 1 }} {% x %}`;

describe("a hub's guest", () => {
  it("the pool mirrors the two volumes by their ids and is exported at the end", () => {
    assert.deepEqual(homes(["v1", "v2"]).steps, ["mirror tank v1 v2", "dataset tank/home", "mounted tank"]);
    assert.match(releaseHomes.join("\n"), /zpool export -f tank/);
  });

  it("a hub sets its host name, installs base and requested packages, and removes unwanted ones", () => {
    const settings = { ...inside(), packages: ["htop", "git"], absentPackages: ["screen"] };
    const part = base({ hostname: "hub-dev.callysto.farm", ...settings });
    assert.deepEqual(part.packages, ["git", "wget", "vim-tiny", "tmux", "unattended-upgrades", "htop"]);
    assert.deepEqual(part.absentPackages, ["screen"]);
    assert.equal(part.files?.find(({ path }) => path === "/etc/hostname")?.text, "hub-dev.callysto.farm\n");
  });

  it("operators log in by key only, and others' keys get accounts of their own", () => {
    const part = access([
      { user: "ptty2u", state: "present", publicKey: "ssh-ed25519 A a" },
      { user: "ptty2u", state: "absent", publicKey: "ssh-ed25519 B b" },
      { user: "zoe", state: "present", publicKey: "ssh-ed25519 Z z" },
    ]);
    assert.deepEqual(part.accounts, [{ name: "zoe", home: "/home/zoe" }]);
    assert.equal(part.keys?.length, 3);
    const lines = ["PermitRootLogin no", "PasswordAuthentication no", "KbdInteractiveAuthentication no"];
    assert.equal(sshdConfig(["ptty2u", "zoe"]), `${lines.join("\n")}\nAllowUsers ptty2u zoe\n`);
  });

  it("Docker's data is on the root disk or on the pool", () => {
    assert.ok(!docker("root").files?.[0]?.text.includes("data-root"));
    assert.match(docker("pool").files?.[0]?.text ?? "", /"data-root": "\/tank\/docker"/);
    assert.deepEqual(docker("pool").steps, ["dataset tank/docker"]);
  });

  it("JupyterHub is configured as in the seed", () => {
    const text = config();
    for (const line of [
      'c.JupyterHub.bind_url = "http://127.0.0.1:8000/jupyter"',
      'c.JupyterHub.hub_ip = "172.17.0.1"',
      "c.JupyterHub.hub_port = 8081",
      'c.JupyterHub.authenticator_class = "dummy"',
      "c.Authenticator.allow_all = True",
      'c.JupyterHub.spawner_class = "docker"',
      `c.DockerSpawner.image = "${image}"`,
      "c.DockerSpawner.use_internal_ip = True",
      "c.Spawner.pre_spawn_hook = prepare_home",
      'c.ConfigurableHTTPProxy.auth_token = os.environ["CONFIGPROXY_AUTH_TOKEN"]',
    ]) {
      assert.ok(text.includes(`\n${line}\n`), line);
    }
    assert.match(text, /"--timeout=10800",\s+"--cull-every=1800"/);
    assert.match(text, /"\/tank\/home\/\{home\}": \{\s+"bind": "\/home\/jupyter",\s+"mode": "rw"/);
    assert.match(text, /"\/tank\/notebook_templates": \{\s+"bind": "\/opt\/notebook\/local_templates",\s+"mode": "ro"/);
  });

  it("each authenticator and spawner is supported, with secrets from the environment only", () => {
    assert.match(
      config({ authenticator: "dummypw" }),
      /c\.JupyterHub\.authenticator_class = "shared-password"\n[^]*c\.SharedPasswordAuthenticator\.user_password = os\.environ\["DUMMY_PASSWORD"\]/,
    );
    assert.match(config({ authenticator: "pam", allow: ["a"] }), /c\.Authenticator\.allowed_users = \{"a"\}/);
    const google = { clientId: "c", callbackUrl: "https://h/jupyter/hub/oauth_callback" };
    const client = config({ authenticator: "google", google });
    assert.match(client, /c\.GoogleOAuthenticator\.client_secret = os\.environ\["OAUTH_CLIENT_SECRET"\]/);
    const swift = { authUrl: "https://k/v3", userName: "u", projectName: "p", region: "Calgary" };
    const inSwift = config({ spawner: "syzygyswiftspawner", swift, image: "docker.io/callysto/callysto-swift:1" });
    assert.match(inSwift, /"OS_PASSWORD": os\.environ\["SWIFT_PASSWORD"\]/);
    assert.match(inSwift, /"JPYNB_SWIFT_CONTAINER": lambda spawner: spawner\.user\.name/);
    assert.ok(!inSwift.includes("/home/jupyter"));
  });

  it("a user's container cannot start programs without end, nor gain rights by one", () => {
    assert.match(config(), /"pids_limit": 1024,\s+"security_opt": \[\s+"no-new-privileges",\s+\]/);
  });

  it("each user gets a home with a quota of 1 GB, created by an account with uid 9999", () => {
    const part = jupyterhub(inside().jupyterhub);
    const script = part.files?.find(({ path }) => path.endsWith("zfs-homedir.sh"));
    assert.match(script?.text ?? "", /zfs create -o refquota=1G "\$dataset"/);
    assert.deepEqual(part.accounts?.[0]?.uid, 9999);
    assert.equal(part.units?.[0]?.name, "jupyterhub");
  });

  it("an announcement appears verbatim in its three places, and nowhere when it is empty", () => {
    const shown = "It&#39;s &lt;b&gt;&#34;down&#34;&lt;/b&gt; &amp; {{ 1 }} {% x %}";
    assert.equal(escapeHtml(nasty), shown);
    assert.ok(config({ announcement: nasty }).includes(`"announcement": ${JSON.stringify(shown)}`));
    const pages = notebookTemplates(nasty, {});
    assert.deepEqual(
      pages.map(({ path }) => path),
      ["/tank/notebook_templates/notebook.html", "/tank/notebook_templates/tree.html"],
    );
    for (const { text } of pages) {
      assert.ok(text.includes("It&#39;s &lt;b&gt;"), text);
      assert.ok(!text.includes("{{ 1 }}"), "a notebook server would run it");
    }
    assert.match(config(), /c\.JupyterHub\.template_vars = \{\}\n/);
    assert.ok(notebookTemplates("", {}).every(({ text }) => !text.includes("alert")));
  });

  it("registered notebook pages replace the stock ones", () => {
    const pages = notebookTemplates("", { "tree.html": "mine", "login.html": "{{ raw }}\n" });
    assert.deepEqual(pages.map(({ path, text }) => [path.split("/").at(-1), text]).slice(1), [
      ["tree.html", "mine\n"],
      ["login.html", "{{ raw }}\n"],
    ]);
  });

  it("the web server offers TLS only and ignores user names sent from outside", () => {
    const text = virtualHosts("hub-dev.callysto.farm", false);
    for (const line of [
      "RequestHeader unset REMOTE_USER",
      "  Redirect permanent / https://hub-dev.callysto.farm/",
      "  SSLProtocol -all +TLSv1.2 +TLSv1.3",
      '  Header always set Strict-Transport-Security "max-age=15768000"',
      "  ProxyPass /jupyter http://127.0.0.1:8000/jupyter upgrade=websocket",
      "  SSLCertificateKeyFile /etc/pki/tls/private/privkey.pem",
    ]) {
      assert.ok(text.includes(`${line}\n`), line);
    }
  });

  it("homes are copied every week by a script whose name run-parts accepts", () => {
    const script = backup(copy).files?.find(({ path: file }) => /^\/etc\/cron\.weekly\/[\w-]+$/.test(file));
    assert.match(
      script?.text ?? "",
      /rsync -a --timeout=3600 --delete --max-delete=10000 --numeric-ids -e '.*' \/tank\/home\/ u@h:\/ >>\$log 2>&1/,
    );
  });

  it("a failed copy of homes is reported by cron mail to root; files that vanish meanwhile are not", () => {
    const script = backup(copy).files?.find(({ path: file }) => file.includes("cron.weekly"))?.text ?? "";
    const log = path.join(mkdtempSync(path.join(tmpdir(), "callysto-backup-")), "log");
    const ended = (code: number): string => {
      const text = `flock() { :; }; zfs() { echo /tank/home; }; mountpoint() { :; }; rsync() { echo "rsync: no route"; return ${code}; }\n${script.replace("/var/log/rrsync.log", log)}`;
      const { status, stdout } = spawnSync("sh", ["-c", text], { encoding: "utf8" });
      return `${status ?? ""} ${stdout}`;
    };
    assert.equal(ended(0), "0 ");
    assert.equal(ended(24), "0 ");
    assert.match(
      ended(255),
      /^255 the copy of \/tank\/home\/ to h failed; rsync ended with 255\. [^]*rsync: no route\n$/,
    );
    rmSync(path.dirname(log), { recursive: true });
  });

  it("root's mail goes to the administrator, directly or through a relay", () => {
    const of = (more: object): Record<string, string> =>
      Object.fromEntries(
        (mail({ hostname: "hub.callysto.ca", adminEmail: "sysadmin@callysto.ca", ...more }).files ?? []).map(
          ({ path: file, text }) => [file, text],
        ),
      );
    assert.deepEqual(of({}), {
      "/etc/mailname": "hub.callysto.ca\n",
      "/etc/aliases": "postmaster: root\nroot: sysadmin@callysto.ca\n",
      "/etc/dma/dma.conf": "MAILNAME /etc/mailname\nSECURETRANSFER\nSTARTTLS\nOPPORTUNISTIC_TLS\n",
    });
    assert.match(of({ mailRelay: "mail.example.org" })["/etc/dma/dma.conf"] ?? "", /^SMARTHOST mail\.example\.org$/m);
    assert.deepEqual(mail({ hostname: "h", adminEmail: "a@b.org" }).packages, ["dma", "cron"]);
  });

  it("every user name gets its own home, named so that a dataset can be called that", () => {
    const users = [
      "andrew",
      "a.b-c_1",
      "alice@a.org",
      "alice@b.org",
      "alicex40a.org",
      "alice",
      "o'brien+1@a.org",
      "../x",
      "é",
      "_x",
    ];
    assert.deepEqual(users.map(homeOf), [
      ...["andrew", "a.b-c_1", "aliceX40a.org", "aliceX40b.org", "alicex40a.org", "alice", "oX27brienX2B1X40a.org"],
      ...["X2E.X2Fx", "XC3XA9", "X5Fx"],
    ]);
    assert.deepEqual(users.map(homeOf).map(userOf), users);
    const script =
      jupyterhub(inside().jupyterhub).files?.find(({ path: file }) => file.endsWith("zfs-homedir.sh"))?.text ?? "";
    const pattern = /=~ (\S+) \]\]/.exec(script)?.[1] ?? "";
    for (const user of users) assert.match(homeOf(user), new RegExp(pattern));
    for (const bad of ["alice@a.org", "../x", "Alice", "", "X2"]) assert.doesNotMatch(bad, new RegExp(pattern));
  });

  it("Python literals are written correctly", () => {
    assert.equal(
      literal({ a: [true, null, 1, `"'\\`], b: new Expression("x()") }),
      `{\n    "a": [\n        True,\n        None,\n        1,\n        "\\"'\\\\",\n    ],\n    "b": x(),\n}`,
    );
    assert.equal(literal([]), "[]");
  });
});
