/**
 * Everything that is rendered for Callysto's guests, brought about by its own scripts in a guest's file system and read by
 * the guest's own programs. Nothing boots: disks and running services are callysto.test.ts' affair.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { homeOf } from "../../components/callysto/guest/homes.ts";
import { jupyterhubConfig } from "../../components/callysto/guest/jupyterhubConfig.ts";
import { hubGuest, type JupyterhubSettings } from "../../components/callysto/guest/settings.ts";
import { publicKeyLine } from "../../config/samples.ts";
import { containerProblems } from "../unit/callysto/container.ts";
import { deployCallysto, hub as bareHub } from "../unit/callysto/fixture.ts";
import { Secret } from "../../review/evaluate/secret.ts";
import type { Seen } from "../unit/openstack/fixture.ts";
import { type Done, MachineRoot } from "./callysto/root.ts";
import { guestSteps } from "./callysto/steps.ts";

const image = "docker.io/callysto/pims-minimal:lab";
const hostname = "hub-dev.callysto.farm";
const hub = {
  ...bareHub,
  guest: {
    jupyterhub: { image, authenticator: "dummypw", announcement: `It's <b>"down"</b> {{ 1 }}` },
    certificateKey: publicKeyLine("clavius"),
    backup: { remoteUser: "backup", remoteHost: "backup.example.org", hostKey: publicKeyLine("backup") },
  },
  sshKeys: { zoe: { user: "zoe", publicKey: publicKeyLine("zoe") } },
};
const designate = {
  ...{ mode: "designate", authUrl: "https://keystone.example.org/v3", region: "Calgary" },
  applicationCredentialId: "a1",
};
const certificates = { dev: { domain: "callysto.farm", challenge: designate, servers: [hostname] } };
const clavius = {
  kind: "clavius",
  domain: "callysto.farm",
  name: { mode: "fixed", label: "clavius" },
  flavor: "m1.small",
  image: "debian-12",
  guest: { certificates },
};

/** What hub.py prints: complaints, classes, services, and the container that DockerSpawner asks Docker for. */
interface Made {
  readonly problems: readonly string[];
  readonly classes: readonly string[];
  readonly services: readonly (readonly string[])[];
  readonly container: {
    readonly image: string;
    readonly environment: Readonly<Record<string, string>>;
    readonly host_config: {
      readonly Memory: number;
      readonly MemorySwap: number;
      readonly CpuQuota: number;
      readonly PidsLimit: number;
      readonly SecurityOpt: readonly string[];
      readonly Binds: readonly string[];
    };
  };
}

const user = "alice@a.org";

describe("guests' files of Callysto, read by the real programs", function () {
  this.timeout(300_000);
  let seen: Seen;
  // One for both, as a copy takes its time: the workstation's comes over the hub's.
  let root: MachineRoot;

  before(async () => {
    seen = await deployCallysto(
      { "hub-dev": hub, clavius },
      {},
      {
        dummyPassword: { "hub-dev": "it's $(secret)" },
        backupKey: { "hub-dev": "key\n" },
        designateSecret: { dev: "secret" },
        certificatePushKey: { clavius: "key\n" },
      },
    );
    root = await MachineRoot.open();
  });
  after(() => {
    root.close();
  });

  const says = (text: string): string => root.says(text);

  /** What is asked of every guest. */
  function accepts(environment: "hub-dev" | "clavius", units: string): void {
    it(`every part of ${environment}'s guest is applied, and a second run has nothing to do`, () => {
      const script = guestSteps(seen, environment);
      const first = says(script);
      assert.doesNotMatch(first, /changed: packages/, "the image lacks what the guest needs");
      assert.match(says("cat ~ptty2u/.ssh/authorized_keys"), /^ssh-ed25519 /m);
      for (const part of ["/etc/nftables.conf", "/etc/ssh/sshd_config.d/04-access.conf"]) {
        assert.match(first, new RegExp(`changed: .*(${part})`));
      }
      assert.equal(says(script), "");
    });

    it(`cloud-init accepts ${environment}'s user data, and systemd its units`, () => {
      const { userData } = seen.resource(`callysto-${environment}-host-server-instance`).inputs;
      const text = String(userData instanceof Secret ? userData.value : userData);
      const schema = `cat >/tmp/user-data <<'END'\n${text}END\ncloud-init schema --config-file /tmp/user-data`;
      assert.match(says(schema), /Valid cloud-config/);
      assert.deepEqual(root.run(`systemd-analyze verify ${units}`), { code: 0, stdout: "", stderr: "" });
    });
  }

  accepts("hub-dev", "jupyterhub.service configurable-http-proxy.service");

  it("each program refuses its file when the file is broken", () => {
    for (const [file, read] of [
      ["/etc/ssh/sshd_config.d/04-access.conf", "sshd -t"],
      ["/etc/apache2/sites-available/jupyter.conf", "apachectl configtest"],
      ["/etc/nftables.conf", "nft -c -f /etc/nftables.conf"],
      ["/etc/sudoers.d/certificate", "visudo -cf /etc/sudoers.d/certificate"],
    ] as const) {
      const { stdout } = root.run(`accepts() { ${read} >/dev/null 2>&1; }
        accepts && echo good; cp ${file} /tmp/kept; echo 'no such thing {' >>${file}; accepts || echo bad; cat /tmp/kept >${file}`);
      assert.equal(stdout, "good\nbad", read);
    }
  });

  it("cron and the shells accept their scripts", () => {
    assert.equal(says("run-parts --test /etc/cron.weekly | grep rrsync"), "/etc/cron.weekly/rrsync-backup");
    says("bash -n /opt/callysto/zfs-homedir.sh && bash -n /usr/local/sbin/receive-certificate");
    assert.doesNotMatch(root.run("logrotate -d /etc/logrotate.d/rrsync").stderr, /error/);
  });

  it("a pool is created only on blank volumes, or on those of its own interrupted creation", () => {
    const script = `
      . /usr/local/lib/orrery/converge.sh
      checked() { unused /tmp/disk && echo unused || echo used; }
      new_disk() { rm -f /tmp/disk*; truncate -s 64M /tmp/disk; truncate -s 32M /tmp/disk-part1; }
      table() { printf 'label: gpt\\nsize=32M, type=%s\\n' "$1" | sfdisk -q /tmp/disk; }
      new_disk; checked; table 6A898CC3-1DD2-11B2-99A6-080020736631; checked; mkfs.ext4 -q /tmp/disk-part1; checked
      new_disk; table 0FC63DAF-8483-4772-8E79-3D69D8477DE4; checked; new_disk; mkfs.ext4 -q /tmp/disk; checked`;
    assert.equal(says(script), "unused\nunused\nused\nused\nused");
  });

  it("a hub installs a certificate of its own and refuses any other", () => {
    const issue = (name: string, days: number): string =>
      says(`cd /tmp; openssl req -new -newkey rsa:2048 -nodes -keyout k -out r -subj /CN=x -addext subjectAltName=DNS:${name} 2>/dev/null
        cat k; openssl x509 -req -in r -signkey k -days ${days} -copy_extensions copy 2>/dev/null`);
    const receive = (pem: string): Done => root.run(`receive-certificate <<'END'\n${pem}\nEND\n`);
    const installed = (): string => says("sha256sum /etc/pki/tls/private/privkey.pem /etc/pki/tls/certs/*.pem");
    const before = installed();
    assert.match(receive(issue("*.callysto.ca", 30)).stderr, /not for hub-dev\.callysto\.farm: DNS:\*\.callysto\.ca/);
    assert.match(receive(issue("*.callysto.farm", -1)).stderr, /the certificate has expired: notAfter=/);
    assert.equal(installed(), before);
    const good = issue("*.callysto.farm", 30);
    assert.match(receive(good).stdout, /changed: \/etc\/pki\/tls\/private\/privkey\.pem/);
    assert.notEqual(installed(), before);
    assert.equal(says("stat -c '%a %U:%G' /etc/pki/tls/private/privkey.pem"), "600 root:root");
    assert.deepEqual(receive(good), { code: 0, stdout: "", stderr: "" });
    says("apachectl configtest");
  });

  describe("JupyterHub", () => {
    const read = (settings: Partial<JupyterhubSettings>): Done => {
      const text = jupyterhubConfig(hubGuest.parse({ jupyterhub: { image, ...settings } }).jupyterhub);
      const reader = readFileSync(path.join(import.meta.dirname, "callysto/hub.py"), "utf8");
      return root.run(`cat >/tmp/config.py <<'END_OF_CONFIG'\n${text}END_OF_CONFIG\ncat >/tmp/read.py <<'END'\n${reader}END
        export CONFIGPROXY_AUTH_TOKEN=t DUMMY_PASSWORD=password OAUTH_CLIENT_SECRET=s SWIFT_PASSWORD=w
        rm -f /srv/jupyterhub/jupyterhub.sqlite
        cd /tmp && exec /opt/jupyterhub/bin/python read.py config.py '${user}' 2>/tmp/complaint || { cat /tmp/complaint >&2; exit 1; }`);
    };
    const made = (settings: Partial<JupyterhubSettings>): Made => {
      const { code, stdout, stderr } = read(settings);
      assert.equal(code, 0, stderr);
      return JSON.parse(stdout) as Made;
    };
    const google = {
      clientId: "c",
      callbackUrl: "https://hub.callysto.ca/jupyter/hub/oauth_callback",
      hostedDomains: ["school.example.org"],
    };
    const swift = {
      ...{ authUrl: "https://keystone.example.org/v3", userName: "u", projectName: "p", region: "Calgary" },
      ...{ projectDomainName: "Default", userDomainName: "Default" },
    };
    const swiftImage = "docker.io/callysto/callysto-swift:1";
    const cases: readonly [string, Partial<JupyterhubSettings>, authenticator: string][] = [
      ["dummy", { announcement: `It's "<b>" {{ 1 }} \\ \n` }, "DummyAuthenticator"],
      ["dummypw", { authenticator: "dummypw", allow: ["anna", "ben"] }, "SharedPasswordAuthenticator"],
      ["pam", { authenticator: "pam", extra: { "Spawner.start_timeout": 120 } }, "PAMAuthenticator"],
      ["shib", { authenticator: "shib", server: "classic" }, "RemoteUserAuthenticator"],
      ["google for one domain", { authenticator: "google", google }, "GoogleOAuthenticator"],
      [
        "google for two domains",
        { authenticator: "google", google: { ...google, hostedDomains: ["a.org", "b.org"] } },
        "GoogleOAuthenticator",
      ],
      ["google for all", { authenticator: "google", google: { ...google, hostedDomains: [] } }, "GoogleOAuthenticator"],
      ["the Swift spawner", { spawner: "syzygyswiftspawner", swift, image: swiftImage }, "DummyAuthenticator"],
    ];
    for (const [name, settings, authenticator] of cases) {
      it(`JupyterHub accepts every setting of ${name}, and starts a container as the notebook image requires`, () => {
        const { problems, classes, services, container } = made({ image: "docker.io/callysto/pims-r:1", ...settings });
        assert.deepEqual(problems, []);
        assert.deepEqual(classes, [authenticator, "DockerSpawner", "ConfigurableHTTPProxy"]);
        assert.equal(services[0]?.slice(0, 3).join(" "), "/opt/jupyterhub/bin/python3 -m jupyterhub_idle_culler");
        const { host_config: limits } = container;
        assert.deepEqual([limits.Memory, limits.MemorySwap, limits.CpuQuota], [2 ** 31, 2 ** 31, 100_000]);
        assert.deepEqual([limits.PidsLimit, limits.SecurityOpt], [1024, ["no-new-privileges"]]);
        const home = `/tank/home/${homeOf(user)}:/home/jupyter:rw`;
        const templates = "/tank/notebook_templates:/opt/notebook/local_templates:ro";
        assert.deepEqual(limits.Binds, name === "the Swift spawner" ? [templates] : [home, templates]);
        assert.deepEqual(containerProblems(container.image, container.environment), []);
      });
    }

    it("JupyterHub requires a new login when Apache names another user, and trusts nobody but Apache", () => {
      const text = jupyterhubConfig(hubGuest.parse({ jupyterhub: { image, authenticator: "shib" } }).jupyterhub);
      const script = `import asyncio, os
from types import SimpleNamespace as Made
from traitlets.config import Config
namespace = {"c": Config()}
exec(open("/tmp/config.py").read(), namespace)
one = namespace["RemoteUserAuthenticator"]()
def said(name, address):
    context = Made(context=Made(address=(address, 0)))
    handler = Made(request=Made(headers={"REMOTE_USER": name} if name else {}, connection=context))
    return asyncio.run(one.refresh_user(Made(name="andrew"), handler)), asyncio.run(one.authenticate(handler, {}))
for about in [("andrew", "127.0.0.1"), ("beth", "127.0.0.1"), (None, "127.0.0.1"), ("beth", "192.0.2.7")]:
    print(*said(*about))`;
      const said = says(`ip link set lo up; export CONFIGPROXY_AUTH_TOKEN=t
        cat >/tmp/config.py <<'END_OF_CONFIG'\n${text}END_OF_CONFIG\n/opt/jupyterhub/bin/python - <<'END'\n${script}\nEND`);
      assert.deepEqual(said.split("\n"), ["True andrew", "False beth", "True None", "True None"]);
    });

    it("JupyterHub names homes as the commands do", () => {
      const users = ["a.b-c_1", "alice@a.org", "o'brien+1@a.org", "../x", "\u00e9", "_x", "X40"];
      const script = `import sys, re\nsource = open("/srv/jupyterhub/jupyterhub_config.py").read()
exec(re.search(r"def home_of.*?\\n\\n\\n", source, re.S)[0])\nprint("\\n".join(home_of(user) for user in ${JSON.stringify(users)}))`;
      assert.deepEqual(says(`python3 - <<'END'\n${script}\nEND`).split("\n"), users.map(homeOf));
    });

    it("JupyterHub refuses a setting that it does not have", () => {
      assert.match(
        made({ extra: { "JupyterHub.no_such": 1 } }).problems.join(),
        /`no_such` not recognized by `JupyterHub`/,
      );
      assert.match(
        made({ extra: { "DockerSpawner.no_such": 1 } }).problems.join(),
        /`no_such` not recognized by `DockerSpawner`/,
      );
    });
  });

  it("root's mail of hub-dev goes to its administrator, and to no other host's", () => {
    says(
      `hostname ${hostname}; echo failed | sendmail root; for try in $(seq 20); do ls /var/spool/dma/Q* >/dev/null 2>&1 && break; sleep 0.2; done`,
    );
    const queued = says("cat /var/spool/dma/Q* /var/spool/dma/M*");
    assert.match(queued, /^Recipient: sysadmin@callysto\.ca$/m);
    assert.match(queued, /^Sender: root@hub-dev\.callysto\.farm$/m);
    assert.match(
      root.run("run-parts --report /etc/cron.weekly 2>&1").stdout,
      /rrsync-backup:\n[^]*the copy of \/tank\/home\/ to backup\.example\.org was not made: zfs does not list the homes/,
    );
    says("rm -f /var/spool/dma/Q* /var/spool/dma/M*");
  });

  accepts("clavius", "callysto-certificate@dev.service callysto-certificate@dev.timer");

  it("the workstation's scripts are valid, and require its encrypted volume to be open", () => {
    says("bash -n /usr/local/sbin/work-volume && python3 -m py_compile /opt/callysto/acme-hook");
    const closed = root.run("renew-certificate dev");
    assert.deepEqual([closed.code, closed.stderr], [1, "the encrypted volume is not open: sudo work-volume open"]);
    assert.match(root.run("renew-certificate prod").stderr, /^there is no certificate "prod"; there are: dev/);
  });
});
