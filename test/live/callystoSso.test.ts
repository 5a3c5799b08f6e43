/**
 * Single sign-on in a guest's file system, by its own programs: Apache with Shibboleth's module, shibd, SimpleSAMLphp and
 * JupyterHub run there, and somebody logs in. The source is SimpleSAMLphp's own; schools' providers are callystoSources.test.ts' affair.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { hashedName } from "../../components/callysto/guest/names.ts";
import { installPackages } from "../../lab/openstack/packages.ts";
import { hub as bareHub } from "../unit/callysto/fixture.ts";
import { MachineRoot } from "./callysto/root.ts";
import { deploySignOn, hostname, salt, start, type Visit } from "./callysto/signOn.ts";
import { guestSteps } from "./callysto/steps.ts";

const hub = {
  ...bareHub,
  guest: {
    jupyterhub: { image: "docker.io/callysto/pims-minimal:lab", authenticator: "shib" },
    sso: { develop: true },
  },
};

describe("single sign-on of a hub", function () {
  this.timeout(300_000);
  let root: MachineRoot;
  let script = "";
  before(async () => {
    await installPackages(["openssl"], () => undefined);
    script = guestSteps(await deploySignOn(hub), "hub-dev");
    root = await MachineRoot.open();
  });
  after(() => {
    root.close();
  });

  const says = (text: string): string => root.says(text);

  it("single sign-on is applied once, and shibd and Apache read it and refuse broken files", () => {
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

  it("single sign-on's secrets are readable only by the programs that use them", () => {
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

  it("nobody gets in without a session, a user has the same hash each time, and users can log out", () => {
    const lines = says(`${start}
      curl -sk -o /dev/null -w '%{http_code} %{redirect_url}\\n' -H 'REMOTE_USER: andrew' https://${hostname}/jupyter/hub/login | cut -c1-90
      nsenter -t $container -n curl -s -o /dev/null -w '%{http_code}\\n' -H 'REMOTE_USER: andrew' http://172.17.0.1:8081/jupyter/hub/login
      visit student studentpass; visit student studentpass; visit teacher teacherpass
      NEXT="teacher teacherpass" visit student studentpass
      refresh-sso-metadata hourly && echo refreshed`);
    const [spoofed, direct, ...rest] = lines.split("\n");
    assert.match(spoofed ?? "", /^302 https:\/\/hub-dev\.callysto\.farm\/simplesaml\/saml2\/idp\/SSOService\.php/);
    assert.equal(direct, "403");
    const [student, again, teacher] = rest.slice(0, 3).map((line) => JSON.parse(line) as Visit);
    assert.equal(student?.user ?? "", hashedName(salt, hostname, `student@${hostname}`));
    assert.equal(again?.user, student?.user);
    assert.match(teacher?.user ?? "", /^[0-9a-f]{40}$/);
    assert.notEqual(teacher?.user, student?.user);
    assert.equal(student?.way.at(-1), "/jupyter/hub/home");
    assert.deepEqual([student.left, student["asked again"]], ["/logout/", true]);
    const shared = JSON.parse(rest[3] ?? "{}") as Visit;
    assert.equal(shared.user, teacher?.user, "who comes by the same browser is somebody else");
    assert.equal(rest[4], "refreshed");
  });
});
