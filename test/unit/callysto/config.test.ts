import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { callystoSchema } from "../../../components/callysto/config.ts";
import { callystoKeyedSecrets } from "../../../components/callysto/secrets.ts";
import { authorizedKeys, completeKeys } from "../../../components/callysto/sshKeys.ts";
import { parseConfig } from "../../../config/parse.ts";
import { publicKeyLine, sample } from "../../../config/samples.ts";
import { hub } from "./fixture.ts";

const key = publicKeyLine("deploy");
const volumes = ["f537d65c-4a22-4cec-ad3f-4a8875fc8b7b", "85aed780-0dd2-47a9-919e-a7b19fb24ec9"];

const good = {
  cloud: "rac",
  deployKey: key,
  zones: { "callysto.farm": { mode: "create", email: "sysadmin@callysto.ca" }, "callysto.ca": { mode: "outside" } },
  environments: { "hub-dev": hub },
};

/** Problems of settings, each as `path: text`. */
function problems(settings: object): string[] {
  const raw = new Map([
    ["callysto:settings", { value: JSON.stringify(settings), secret: false }],
    ["callysto:deployPrivateKey", { value: sample("ssh-private-key", "deploy"), secret: true }],
  ]);
  return parseConfig(raw, [callystoSchema])
    .problems.map(({ path, text }) => `${path}: ${text}`)
    .filter((problem) => !problem.startsWith("callysto:settings.cloud"));
}

/** Problems of the good settings with other environments. */
const environments = (changed: object): string[] => problems({ ...good, environments: changed });

describe("Callysto's config", () => {
  it("a complete description of Callysto's environments is accepted", () => {
    assert.deepEqual(problems(good), []);
  });

  it("the mirror requires exactly two different volumes", () => {
    const existing = (ids: readonly string[]): string[] =>
      environments({ "hub-prod": { ...hub, volumes: { mode: "existing", volumes: ids } } });
    assert.deepEqual(existing(volumes), []);
    assert.match(existing(volumes.slice(1)).join(), /hub-prod\.volumes\.volumes: .*expected exactly two volumes/);
    assert.match(existing([...volumes, "third"]).join(), /expected exactly two volumes/);
    const [first = ""] = volumes;
    assert.match(existing([first, first]).join(), /names the same volume twice/);
  });

  it("a malformed public key is reported by name", () => {
    for (const bad of ["ssh-ed25519 AAAA", "-----BEGIN OPENSSH PRIVATE KEY-----", `${key}\n${key}`]) {
      assert.match(problems({ ...good, deployKey: bad }).join(), /^callysto:settings\.deployKey: .*SSH public key/);
    }
    assert.match(
      problems({ ...good, sshKeys: { andrew: { publicKey: "nothing" } } }).join(),
      /^callysto:settings\.sshKeys\.andrew\.publicKey: /,
    );
  });

  it("each host's domain must be among the zones", () => {
    assert.deepEqual(environments({ "hub-dev": { ...hub, domain: "callysto.org" } }), [
      'callysto:settings.environments.hub-dev.domain: got "callysto.org"; expected one of zones: callysto.farm, callysto.ca',
    ]);
  });

  it("two environments with the same name, volume or floating IP are refused", () => {
    const prod = { ...hub, volumes: { mode: "existing", volumes }, floatingIp: { mode: "existing", ip: "192.0.2.7" } };
    assert.deepEqual(environments({ one: prod, two: prod }), [
      "callysto:settings.environments.two.name: hub-dev.callysto.farm already belongs to environments.one",
      "callysto:settings.environments.two.floatingIp.ip: 192.0.2.7 already belongs to environments.one",
      ...volumes.map(
        (id) => `callysto:settings.environments.two.volumes.volumes: ${id} already belongs to environments.one`,
      ),
    ]);
  });

  it("a keypair can only be shared with an environment that has one", () => {
    const sharing = { ...hub, keypair: { mode: "shared", with: "clavius" } };
    assert.match(
      environments({ "hub-dev": sharing }).join(),
      /keypair\.with: got "clavius"; expected an environment whose/,
    );
  });

  it("an unknown mode or kind is refused with the list of valid ones", () => {
    assert.match(
      environments({ "hub-dev": { ...hub, floatingIp: { mode: "always" } } }).join(),
      /hub-dev\.floatingIp\.mode: got "always"; expected "new" or "existing" or "none"/,
    );
    assert.match(
      environments({ "hub-dev": { ...hub, kind: "sharder" } }).join(),
      /kind: got "sharder"; expected "hub" or "clavius"/,
    );
    assert.match(environments({ "hub-dev": { ...hub, flavour: "x" } }).join(), /flavour: there is no such setting/);
  });
});

describe("conditions that the seed's playbooks asserted", () => {
  const image = "docker.io/callysto/pims-r:1";
  const swift = { authUrl: "https://keystone.test/v3", userName: "u", projectName: "p", region: "Calgary" };
  const swiftImage = "docker.io/callysto/callysto-swift:1";
  const inside = (jupyterhub: object): string =>
    environments({ "hub-dev": { ...hub, guest: { jupyterhub: { image, authenticator: "pam", ...jupyterhub } } } }).join(
      "\n",
    );

  it("a hub that lets everybody in under any name is refused unless it is disposable", () => {
    const dummy = { jupyterhub: { image } };
    assert.deepEqual(environments({ "hub-dev": { ...hub, guest: dummy } }), [
      'callysto:settings.environments.hub-dev.guest.jupyterhub.authenticator: is "dummy", ' +
        "which lets everybody in under any name; expected another one, or a hub that is disposable",
    ]);
    assert.deepEqual(environments({ "hub-dev": { ...hub, guest: dummy, disposable: true } }), []);
  });

  it("settings that meet the seed's conditions are accepted", () => {
    assert.equal(inside({}), "");
    assert.match(
      inside({ spawner: "syzygyswiftspawner", swift, image: swiftImage }),
      /^callysto:swiftPassword-hub-dev: the secret is missing/,
    );
    assert.match(inside({ authenticator: "dummypw" }), /^callysto:dummyPassword-hub-dev: the secret is missing/);
  });

  it("spawner, image and project must fit together", () => {
    assert.match(inside({ spawner: "syzygyswiftspawner", image: swiftImage }), /jupyterhub\.swift: got nothing/);
    assert.match(
      inside({ spawner: "syzygyswiftspawner", swift }),
      /jupyterhub\.image: got .*pims-r:1; spawner .* needs/,
    );
    assert.match(inside({ image: swiftImage }), /jupyterhub\.image: got .*callysto-swift:1; only spawner/);
    assert.match(inside({ swift }), /jupyterhub\.swift: only spawner syzygyswiftspawner uses it/);
  });

  it("single sign-on requires sources and its five secrets, which no other authenticator may have", () => {
    const signOn = (sso: object | undefined, authenticator = "shib"): string =>
      environments({ "hub-dev": { ...hub, guest: { jupyterhub: { image, authenticator }, sso } } }).join("\n");
    assert.match(signOn(undefined), /guest\.sso: got nothing; authenticator shib needs its sources/);
    assert.match(signOn({}), /guest\.sso\.sources: got none; nobody could log in/);
    assert.match(signOn({ develop: true }, "dummy"), /guest\.sso: only authenticator shib uses it; remove it/);
    assert.deepEqual(
      signOn({ develop: true })
        .split("\n")
        .map((line) => /^callysto:(\w+)-hub-dev: the secret is missing/.exec(line)?.[1])
        .sort(),
      ["ssoAdminPassword", "ssoRefreshKey", "ssoSalt", "ssoSamlCertificate", "ssoSamlKey"],
    );
  });

  it("people from different sources can never share one home", () => {
    const source = (name: string, more: object = {}): object => ({
      ...{ displayName: name, metadataUrl: "https://idp.test/metadata", entityId: `https://${name}.test/idp`, ...more },
    });
    const signOn = (sso: object): string[] =>
      environments({ "hub-dev": { ...hub, guest: { jupyterhub: { image, authenticator: "shib" }, sso } } }).filter(
        (line) => !line.includes("the secret is missing"),
      );
    const path = "callysto:settings.environments.hub-dev.guest.sso";
    const two = { east: source("east", { scopes: "metadata" }), west: source("west", { scopes: ["west.test"] }) };
    assert.deepEqual(signOn({ sources: { east: source("east") } }), []);
    assert.deepEqual(signOn({ sources: two, names: "source" }), []);
    for (const names of [undefined, "attribute"]) {
      assert.deepEqual(signOn({ sources: two, names }), [
        `${path}.names: got ${names ?? "nothing"}; with several sources expected source, else people of one could open homes of another; homes are moved by \`npm run ops -- callysto rename-homes\``,
      ]);
    }
    assert.deepEqual(signOn({ sources: { ...two, south: source("south") }, names: "source" }), [
      `${path}.sources.south.scopes: got nothing; with several sources expected metadata, a list of domains, or any`,
    ]);
    assert.deepEqual(signOn({ sources: { ...two, south: two.east }, names: "source" }), [
      `${path}.sources.south.entityId: https://east.test/idp is another source already`,
    ]);
    assert.match(
      signOn({ sources: { multi: source("x") } }).join(),
      /sources\.multi: .*expected a name like default-sp/,
    );
    assert.match(
      signOn({ sources: { east: source("east", { scopes: "all" }) } }).join(),
      /east\.scopes: got "all"; expected "metadata" or "any"/,
    );
  });

  it("a shared password must be one that JupyterHub accepts", () => {
    const check = callystoKeyedSecrets.dummyPassword.check;
    assert.equal(check("seven77"), "expected a password of at least 8 characters");
    assert.equal(check("eight888"), undefined);
  });

  it("an authenticator requires its own client and refuses another's", () => {
    assert.match(inside({ authenticator: "google" }), /jupyterhub\.google: got nothing/);
    assert.match(inside({ authenticator: "ldap" }), /jupyterhub\.authenticator: got "ldap"; expected "dummy" or/);
    assert.match(inside({ image: "docker.io/callysto/pims-r" }), /jupyterhub\.image: .*expected an image with its tag/);
  });
});

describe("SSH keys", () => {
  const global = { andrew: { publicKey: "ssh-ed25519 A andrew" }, james: { publicKey: "ssh-ed25519 J james" } };

  it("an environment's SSH keys are merged over the global ones, entry by entry and field by field", () => {
    const keys = completeKeys(global, {
      james: { state: "absent" },
      zoe: { user: "zoe", publicKey: "ssh-ed25519 Z zoe" },
    });
    assert.deepEqual(keys, {
      andrew: { user: "ptty2u", state: "present", publicKey: "ssh-ed25519 A andrew" },
      james: { user: "ptty2u", state: "absent", publicKey: "ssh-ed25519 J james" },
      zoe: { user: "zoe", state: "present", publicKey: "ssh-ed25519 Z zoe" },
    });
    assert.deepEqual(authorizedKeys(keys, "ptty2u"), ["ssh-ed25519 A andrew"]);
  });

  it("an SSH key must be present in one of the two places", () => {
    assert.match(
      environments({ "hub-dev": { ...hub, sshKeys: { zoe: { state: "present" } } } }).join(),
      /environments\.hub-dev\.sshKeys\.zoe: has no publicKey/,
    );
  });
});
