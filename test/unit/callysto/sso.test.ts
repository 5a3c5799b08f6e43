import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { phpLiteral } from "../../../components/callysto/guest/php.ts";
import { hubGuest, type SsoSettings } from "../../../components/callysto/guest/settings.ts";
import { shibbolethFiles } from "../../../components/callysto/guest/shibboleth.ts";
import { simplesamlFiles } from "../../../components/callysto/guest/simplesaml.ts";
import { virtualHosts } from "../../../components/callysto/guest/web.ts";
import { Secret } from "../../../review/evaluate/secret.ts";
import { deployCallysto, hub } from "./fixture.ts";

const hostname = "hub.callysto.ca";
const image = "docker.io/callysto/pims-r:1";
const school = {
  displayName: "L'École",
  metadataUrl: "https://school.example.org/metadata.xml",
  entityId: "https://school.example.org/idp",
};
const settings = (sso: object): SsoSettings => {
  const parsed = hubGuest.parse({ jupyterhub: { image, authenticator: "shib" }, sso }).sso;
  assert.ok(parsed);
  return parsed;
};
const php = (sso: object): Record<string, string> =>
  Object.fromEntries(
    simplesamlFiles(hostname, settings(sso), "support@callysto.ca").map(({ path, text }) => [
      path.replace("/etc/callysto/simplesamlphp/", ""),
      text,
    ]),
  );

describe("single sign-on of a hub", () => {
  it("PHP literals represent the values that they are given", () => {
    assert.equal(
      phpLiteral({ a: [true, null, 1], "it's": new Map<unknown, unknown>([[0, "\\'"]]), none: [] }),
      "[\n    'a' => [\n        true,\n        null,\n        1,\n    ],\n    'it\\'s' => [\n        0 => '\\\\\\'',\n    ],\n    'none' => [],\n]",
    );
  });

  it("the service provider is the seed's: its name, its identity provider, one attribute, eight hours", () => {
    const files = shibbolethFiles(hostname, settings({ develop: true }), "support@callysto.ca");
    const [main, map] = files.map(({ text }) => text);
    for (const part of [
      'entityID="https://hub.callysto.ca/shibboleth"',
      'REMOTE_USER="persistent-id targeted-id"',
      '<Sessions lifetime="28800" timeout="0"',
      '<Handler type="Session" Location="/Session" showAttributeValues="false"/>',
      '<SSO entityID="https://hub.callysto.ca/simplesaml/saml2/idp/metadata.php">SAML2</SSO>',
      'maxRefreshDelay="3600"',
    ])
      assert.ok(main?.includes(part), part);
    for (const handler of ["Metadata", "Status", "Session", "DiscoFeed"])
      assert.ok(main?.includes(`Location="/${handler}"`), handler);
    assert.deepEqual(map?.match(/name="urn:oid:[^"]*"/g), ['name="urn:oid:1.3.6.1.4.1.5923.1.1.1.10"']);
  });

  it("the sign-on page asks the configured sources, in both languages, and reads their metadata every hour", () => {
    const files = php({ sources: { "default-sp": school } });
    assert.match(files["authsources.php"] ?? "", /'en' => 'Login with L\\'École account'/);
    assert.match(files["authsources.php"] ?? "", /'fr' => /);
    assert.match(files["authsources.php"] ?? "", /'idp' => 'https:\/\/school\.example\.org\/idp'/);
    assert.match(files["config-metarefresh.php"] ?? "", /'src' => 'https:\/\/school\.example\.org\/metadata\.xml'/);
    assert.match(files["config-metarefresh.php"] ?? "", /'expireAfter' => 345600/);
    assert.match(
      files["config.php"] ?? "",
      /'session\.duration' => 28800,\n {4}'session\.datastore\.timeout' => 14400/,
    );
    assert.doesNotMatch(JSON.stringify(files), /exampleauth/);
    assert.match(php({ develop: true })["authsources.php"] ?? "", /'exampleauth:UserPass'/);
  });

  it("a source's attributes become what the user name is hashed from, in the source's own chain", () => {
    const chain = (sso: object): readonly string[] => {
      const text = php(sso)["authsources.php"] ?? "";
      const [, inside = ""] = /'authproc' => \[\n([^]*?)\n {8}\],/.exec(text) ?? [];
      return [...inside.matchAll(/^ {12}(\d+) => [^]*?'class' => '([\w:]+)'/gm)].map(
        ([, at, name]) => `${at ?? ""} ${name ?? ""}`,
      );
    };
    const [first, last] = ["10 core:AttributeMap", "30 smartattributes:SmartID"];
    assert.deepEqual(chain({ sources: { east: school } }), [first, last]);
    assert.deepEqual(chain({ sources: { east: { ...school, scopes: "any" } }, keepBothNames: true }), [
      ...[first, last, "40 core:PHP"],
    ]);
    const sources = { east: { ...school, entityId: "https://east.test/$1\\idp", scopes: ["east.test"] } };
    assert.deepEqual(chain({ sources, names: "source", keepBothNames: true }), [
      ...[first, "20 saml:FilterScopes", last, "40 core:PHP", "50 core:AttributeAlter"],
    ]);
    const files = php({ sources, names: "source" });
    // In preg_replace a backslash keeps what follows from being a reference; PHP's quotes double it.
    assert.ok(
      files["authsources.php"]?.includes("'replacement' => '!https://east.test/\\\\$1\\\\\\\\idp'"),
      files["authsources.php"],
    );
    assert.match(files["config-metarefresh.php"] ?? "", /'template' => \[\s+'scope' => \[\s+'east\.test',/);
    assert.doesNotMatch(files["metadata/saml20-idp-hosted.php"] ?? "", /SmartID/);
    for (const text of Object.values(files)) assert.doesNotMatch(text, /windowslive|'add_authority' => true/);
  });

  it("all sessions end when user names change, and none when nothing is decided", () => {
    const main = (sso: object): string =>
      shibbolethFiles(hostname, settings(sso), "support@callysto.ca")[0]?.text ?? "";
    const cookie = (sso: object): string => /cookiename' => '(\w+)'/.exec(php(sso)["config.php"] ?? "")?.[1] ?? "";
    const one = { sources: { east: school } };
    assert.equal(main(one), main({ ...one, names: "attribute" }));
    assert.notEqual(main(one), main({ ...one, names: "source" }));
    assert.deepEqual(
      [cookie(one), cookie({ ...one, names: "source" })],
      ["SimpleSAMLByAttribute", "SimpleSAMLBySource"],
    );
  });

  it("the hub gets a user name only from a session", () => {
    const open = virtualHosts(hostname, false);
    const closed = virtualHosts(hostname, true);
    assert.doesNotMatch(open, /Shib|simplesaml/);
    assert.match(
      closed,
      /<LocationMatch "\^\/jupyter\/\(hub[^]*?ShibRequestSetting requireSession 1[^]*?set REMOTE_USER/,
    );
    assert.match(closed, /^RequestHeader unset REMOTE_USER$/m);
  });

  it("single sign-on's secrets are in separate files for the programs that read them, with a key of their own", async () => {
    const withSso = {
      ...hub,
      guest: { jupyterhub: { image, authenticator: "shib" }, sso: { develop: true } },
    };
    const of = (text: string): Record<string, string> => ({ "hub-dev": text });
    const given = {
      ...{ ssoSalt: of("given-salt"), ssoAdminPassword: of("given-password"), ssoRefreshKey: of("given-refresh") },
      ...{ ssoSamlCertificate: of("given-certificate"), ssoSamlKey: of("given-key") },
    };
    const seen = await deployCallysto({ "hub-dev": withSso }, {}, given);
    const guest = "callysto-hub-dev-inside-guest-";
    const salt = seen.resource(`${guest}sso-salt`).inputs;
    assert.match(String(salt.create), /secret_file \/etc\/callysto\/sso\/salt 0640 root:www-data/);
    assert.ok(salt.stdin instanceof Secret);
    assert.equal(salt.stdin.value, "given-salt");
    const key = seen.resource("callysto-hub-dev-inside-sp-key").inputs;
    assert.deepEqual([key.algorithm, key.rsaBits], ["RSA", 3072]);
    const order = seen.resources.map(({ name }) => name);
    const at = ["sso-salt", "sso", "web", "sso-sessions"].map((role) => order.indexOf(`${guest}${role}`));
    assert.deepEqual(
      at,
      at.toSorted((a, b) => a - b),
    );
    assert.ok(!at.includes(-1));
    const plain = JSON.stringify(
      seen.resources.map(({ inputs }) => inputs),
      (_, value: unknown) => (value instanceof Secret ? "secret" : value),
    );
    assert.ok(!plain.includes("given-"), "a secret is readable");
  });
});
