/**
 * Single sign-on in a guest's file system, by its own programs: Apache with Shibboleth's module, shibd, SimpleSAMLphp and
 * JupyterHub run there, and somebody logs in. The source is SimpleSAMLphp's own; a school's provider is not shown.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { installPackages } from "../../lab/openstack/packages.ts";
import { deployCallysto, hub as bareHub } from "../unit/callysto/world.ts";
import { MachineRoot } from "./callysto/root.ts";
import { guestSteps } from "./callysto/steps.ts";

const hostname = "hub-dev.callysto.farm";
const hub = {
  ...bareHub,
  guest: {
    jupyterhub: { image: "docker.io/callysto/pims-minimal:lab", authenticator: "shib" },
    sso: { develop: true },
  },
};

/** What a person has seen, as visitor.py prints it. */
interface Visit {
  readonly way: readonly string[];
  readonly user: string;
  readonly left: string;
  readonly "asked again": boolean;
}

/** A guest's units, started by hand; what they say goes to /tmp/log. */
const start = `
ip link set lo up
ip link add docker0 type veth peer name inside; ip addr add 172.17.0.1/16 dev docker0; ip link set docker0 up
unshare --net sleep 200 & container=$!
until [ "$(readlink /proc/$container/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.1; done
ip link set inside netns $container
nsenter -t $container -n sh -c 'ip addr add 172.17.0.2/16 dev inside; ip link set inside up'
mkdir -p /run/php /run/shibboleth /run/apache2; chown _shibd /run/shibboleth; chmod 1777 /tmp
exec 3>&1 >>/tmp/log 2>&1
/usr/sbin/php-fpm8.2 -F &
apachectl start
runuser -u _shibd -- /usr/sbin/shibd -f -F &
set -a; . /etc/default/configurable-http-proxy; set +a
sed -n 's/^ExecStart=//p' /etc/systemd/system/configurable-http-proxy.service >/tmp/proxy; bash /tmp/proxy &
(cd /srv/jupyterhub && exec /opt/jupyterhub/bin/jupyterhub --config jupyterhub_config.py) &
answered() { for try in $(seq 120); do curl -fsSk -o /dev/null "$1" && return; sleep 1; done; tail -n 60 /tmp/log >&3; exit 1; }
answered http://127.0.0.1:8000/jupyter/hub/health
answered https://127.0.0.1/simplesaml/saml2/idp/metadata.php
answered https://127.0.0.1/Shibboleth.sso/Metadata
for try in $(seq 60); do [ -s /var/cache/shibboleth/identity-provider.xml ] && break; sleep 1; done
exec >&3 2>&1
`;

describe("single sign-on of a hub", function () {
  this.timeout(300_000);
  let root: MachineRoot;
  let script = "";
  before(async () => {
    await installPackages(["openssl"], () => undefined);
    const folder = mkdtempSync(path.join(tmpdir(), "callysto-sso-"));
    const [key, certificate] = [path.join(folder, "key"), path.join(folder, "certificate")];
    const out = ["-subj", `/CN=${hostname}`, "-days", "30", "-keyout", key, "-out", certificate];
    execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", ...out], { stdio: "ignore" });
    const of = (text: string): Record<string, string> => ({ "hub-dev": text });
    const seen = await deployCallysto(
      { "hub-dev": hub },
      {},
      {
        ssoSalt: of("it's <salt>\n"),
        ssoAdminPassword: of(`it's "secret" $(x)`),
        ssoRefreshKey: of("refresh-1"),
        ssoSamlKey: of(readFileSync(key, "utf8")),
        ssoSamlCertificate: of(readFileSync(certificate, "utf8")),
      },
      realKey(folder),
    );
    rmSync(folder, { recursive: true });
    script = guestSteps(seen, "hub-dev");
    root = await MachineRoot.open();
  });
  after(() => {
    root.close();
  });

  const says = (text: string): string => root.says(text);

  it("is brought about once, and read by shibd and Apache, which refuse what is broken", () => {
    const first = says(script);
    assert.doesNotMatch(first, /changed: packages/, "the image lacks what the guest needs");
    for (const changed of [
      "apache module shib",
      "/etc/shibboleth/sp-signing-key.pem (secret)",
      "/etc/callysto/sso/salt (secret)",
    ])
      assert.ok(first.includes(`changed: ${changed}`), `${changed}: ${first}`);
    assert.equal(says(script), "");
    says("apachectl configtest; shibd -t");
    const broken = "sed -i 's/<Sessions/<Sessoins/' /etc/shibboleth/shibboleth2.xml; shibd -t";
    assert.notEqual(
      root.run(
        `cp /etc/shibboleth/shibboleth2.xml /tmp/kept; (${broken}); code=$?; cat /tmp/kept >/etc/shibboleth/shibboleth2.xml; exit $code`,
      ).code,
      0,
    );
    says("for file in $(find /etc/callysto/simplesamlphp -name '*.php'); do php -l $file; done");
  });

  it("keeps its secrets from everybody but the programs that need them", () => {
    assert.equal(
      says("cd /etc; stat -c '%a %U:%G %n' callysto/sso/* shibboleth/sp-signing-key.pem"),
      [
        ...["admin-password", "idp-cert.pem", "idp-key.pem", "refresh-key", "salt"].map(
          (name) => `640 root:www-data callysto/sso/${name}`,
        ),
        "644 root:root callysto/sso/sp-cert.pem",
        "600 root:root callysto/sso/sp-key.pem",
        "600 _shibd:_shibd shibboleth/sp-signing-key.pem",
      ].join("\n"),
    );
  });

  it("lets nobody in without a session, knows a person by the same hash each time, and lets people out", () => {
    const visitor = readFileSync(path.join(import.meta.dirname, "callysto/visitor.py"), "utf8");
    const told = says(`${start}
      cat >/tmp/visitor.py <<'END'\n${visitor}END
      visit() { python3 /tmp/visitor.py ${hostname} "$@" || { tail -n 60 /tmp/log; exit 1; }; }
      curl -sk -o /dev/null -w '%{http_code} %{redirect_url}\\n' -H 'REMOTE_USER: andrew' https://${hostname}/jupyter/hub/login | cut -c1-90
      nsenter -t $container -n curl -s -o /dev/null -w '%{http_code}\\n' -H 'REMOTE_USER: andrew' http://172.17.0.1:8081/jupyter/hub/login
      visit student studentpass; visit student studentpass; visit teacher teacherpass
      refresh-sso-metadata hourly && echo refreshed`);
    const [spoofed, direct, ...rest] = told.split("\n");
    assert.match(spoofed ?? "", /^302 https:\/\/hub-dev\.callysto\.farm\/simplesaml\/saml2\/idp\/SSOService\.php/);
    assert.equal(direct, "403");
    const [student, again, teacher] = rest.slice(0, 3).map((line) => JSON.parse(line) as Visit);
    assert.match(student?.user ?? "", /^[0-9a-f]{40}$/);
    assert.equal(again?.user, student?.user);
    assert.match(teacher?.user ?? "", /^[0-9a-f]{40}$/);
    assert.notEqual(teacher?.user, student?.user);
    assert.equal(student?.way.at(-1), "/jupyter/hub/home");
    assert.deepEqual([student.left, student["asked again"]], ["/logout/", true]);
    assert.equal(rest[3], "refreshed");
  });
});

/** The service provider's key and certificate, which Pulumi's provider would make. */
function realKey(folder: string): Record<string, Record<string, string>> {
  const [key, certificate] = [path.join(folder, "sp-key"), path.join(folder, "sp-certificate")];
  const out = ["-subj", `/CN=${hostname}`, "-days", "30", "-keyout", key, "-out", certificate];
  execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", ...out], { stdio: "ignore" });
  return {
    "tls:index/privateKey:PrivateKey": { privateKeyPem: readFileSync(key, "utf8") },
    "tls:index/selfSignedCert:SelfSignedCert": { certPem: readFileSync(certificate, "utf8") },
  };
}
