/** `orrery config cloud`, and clouds.yaml as OpenStack's own clients read it. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, beforeEach, describe, it } from "mocha";
import { parse } from "yaml";
import { openSalt } from "../../../config/passphrase.ts";
import { samplePassphrase } from "../../../config/samples.ts";
import { readStackFile, stackPath } from "../../../config/stackFile.ts";
import { loginOf } from "../../../ops/lib/cloud/cloudLogin.ts";
import { readCloud } from "../../../ops/lib/cloud/cloudsYaml.ts";
import { orrery } from "../cli/run.ts";

const clouds = `
clouds:
  rac: &rac
    auth:
      auth_url: https://keystone.example.org:5000
      username: deployer
      project-name: teaching
      user_domain_name: Users
      project_domain_id: default
    region_name: Edmonton
  second:
    <<: *rac
    profile: shared
    regions: [{name: A, values: {auth: {username: of-a}}}, B]
  credential:
    auth_type: v3applicationcredential
    auth: {auth_url: "https://keystone.example.org/v3/", application_credential_id: abc, application_credential_secret: s3}
    region_name: Edmonton
    interface: internal
    verify: no
  oidc: {auth_type: v3oidcpassword, auth: {auth_url: "https://k.example.org/v3"}, region_name: R}
  ids: {auth: {auth_url: "https://k.example.org/v3", user_id: u, project_id: p, password: x}, region_name: R}
  number: {auth: {auth_url: "https://k.example.org/v3", username: u, project_name: p, password: 0123}, region_name: R}
  bare: {auth: {auth_url: "https://k.example.org/v3", username: u, project_name: p}, region_name: R}
  named: {auth_type: v3applicationcredential, auth: {auth_url: "https://k.example.org/v3", application_credential_name: ci}, region_name: R}
`;
const secure = "clouds: {rac: {auth: {password: from-secure}}, second: {auth: {password: other}}}\n";
const publics =
  "public-clouds: {shared: {auth: {auth_url: 'https://shared.example.org/v3', project_domain_name: Shared}}}\n";

describe("a cloud of clouds.yaml", () => {
  const dir = mkdtempSync(path.join(tmpdir(), "clouds-"));
  const home = path.join(dir, "home");
  const own = path.join(home, ".config", "openstack");
  const file = path.join(dir, "Pulumi.stage.yaml");
  const reading = { env: { HOME: home }, cwd: path.join(dir, "here") };
  const saved = { ...process.env };

  before(() => {
    for (const folder of [own, reading.cwd]) mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(own, "clouds.yaml"), clouds);
    writeFileSync(path.join(own, "secure.yaml"), secure);
    writeFileSync(path.join(own, "clouds-public.yaml"), publics);
    process.env.HOME = home;
    for (const name of ["OS_CLIENT_CONFIG_FILE", "OS_CLIENT_SECURE_FILE", "XDG_CONFIG_HOME"])
      Reflect.deleteProperty(process.env, name);
  });
  beforeEach(() => {
    copyFileSync(stackPath("stage"), file);
  });
  after(() => {
    process.env.HOME = saved.HOME;
    Object.assign(process.env, saved);
    rmSync(dir, { recursive: true });
  });

  const config = (...words: readonly string[]) =>
    orrery("config", "cloud", ...words, "--stack", "stage", "--config-file", file);
  const login = (name: string, region?: string) => loginOf(readCloud(name, { ...reading, region }));
  const secretIn = (key: string): string => {
    const { entries, encryptionSalt = "" } = readStackFile(file);
    return openSalt(encryptionSalt, samplePassphrase("stage")).decrypt(entries.get(key)?.value ?? "");
  };
  const cloudsIn = (): Readonly<Record<string, object>> =>
    (parse(readFileSync(file, "utf8")) as { config: Readonly<Record<string, Record<string, object>>> }).config[
      "clouds:settings"
    ] ?? {};

  it("is read with its secure.yaml, its profile and the values of its region", () => {
    assert.deepEqual(login("rac"), {
      settings: {
        ...{ authUrl: "https://keystone.example.org:5000/v3", region: "Edmonton", userName: "deployer" },
        ...{ tenantName: "teaching", userDomainName: "Users", projectDomainName: "Default" },
      },
      secret: "from-secure",
      notes: [],
    });
    assert.equal(login("second", "A").settings.userName, "of-a");
    assert.equal(login("second", "B").settings.userName, "deployer");
    assert.equal(login("second", "B").settings.projectDomainName, "Shared");
    assert.deepEqual(login("credential"), {
      settings: { authUrl: "https://keystone.example.org/v3", region: "Edmonton", applicationCredentialId: "abc" },
      secret: "s3",
      notes: [
        "certificates are checked, whatever the entry says",
        "the public endpoints are used, not the internal ones",
      ],
    });
  });

  it("is what openstacksdk itself makes of the same files", function () {
    const script = `
import json, openstack.config
found = {}
for name, region in [("rac", ""), ("second", "A"), ("second", "B"), ("credential", "")]:
    one = openstack.config.OpenStackConfig(load_envvars=False).get_one(name, region_name=region, validate=False)
    found[name + region] = {**one.config["auth"], "region": one.config["region_name"]}
print(json.dumps(found))`;
    const env = { PATH: process.env.PATH, HOME: home };
    const { status, stdout } = spawnSync("/usr/bin/python3", ["-c", script], {
      cwd: reading.cwd,
      env,
      encoding: "utf8",
    });
    // Debian's python3-openstacksdk, which the lab has.
    if (status !== 0) this.skip();
    const found = JSON.parse(stdout) as Readonly<Record<string, Readonly<Record<string, string>>>>;
    for (const [key, auth] of Object.entries(found)) {
      const { settings, secret } = login(key.replace(/[AB]$/, ""), /[AB]$/.exec(key)?.[0]);
      assert.equal(settings.authUrl?.replace(/\/v3$/, ""), auth.auth_url?.replace(/\/v3\/?$/, ""), key);
      assert.deepEqual(
        [settings.region, settings.userName, settings.tenantName, settings.applicationCredentialId, secret],
        [
          ...[auth.region, auth.username, auth.project_name, auth.application_credential_id],
          auth.password ?? auth.application_credential_secret,
        ],
        key,
      );
    }
    assert.deepEqual(Object.keys(found), ["rac", "secondA", "secondB", "credential"]);
  });

  it("is found in this folder before the home's, and where OS_CLIENT_CONFIG_FILE says before both", () => {
    const one = (user: string): string =>
      `clouds: {rac: {auth: {auth_url: "https://k.example.org", username: ${user}, project_name: p, password: x}, region_name: R}}`;
    writeFileSync(path.join(reading.cwd, "clouds.yaml"), one("here"));
    writeFileSync(path.join(dir, "named.yml"), one("named"));
    const env = { HOME: home, OS_CLIENT_CONFIG_FILE: path.join(dir, "named.yml") };
    const user = (more: object) => loginOf(readCloud("rac", { ...reading, ...more })).settings.userName;
    assert.deepEqual(
      [user({}), user({ env }), user({ env, file: path.join(own, "clouds.yaml") })],
      [...["here", "named", "deployer"]],
    );
    rmSync(path.join(reading.cwd, "clouds.yaml"));
  });

  it("that the stack cannot use is refused in one sentence, without a word of its secrets", () => {
    const said: Readonly<Record<string, RegExp>> = {
      oidc: /^cloud "oidc" logs in by v3oidcpassword; a stack logs in by password, v3password or v3applicationcredential$/,
      ids: /^cloud "ids" has no username; user_id alone is not enough$/,
      number: /^cloud "number": password is no text; put it into quotes$/,
      bare: /^cloud "bare" has no password in clouds\.yaml or secure\.yaml$/,
      named: /^cloud "named" names its application credential: give application_credential_id/,
      second: /^cloud "second" has the regions A, B: choose one by --region$/,
      rca: /clouds\.yaml has no cloud "rca"; there is rac, second, credential, .*; did you mean "rac"\?$/,
    };
    for (const [name, message] of Object.entries(said)) assert.throws(() => login(name), { message });
    assert.throws(() => login("second", "C"), { message: 'cloud "second" has no region "C"; there is A, B' });
    const none = { env: { HOME: dir }, cwd: dir };
    assert.throws(() => readCloud("rac", none), { message: /^there is no clouds\.yaml in / });
    const broken = path.join(dir, "broken.yaml");
    writeFileSync(broken, 'clouds:\n  rac: {auth: {password: "hunter2}\n');
    assert.throws(
      () => readCloud("rac", { ...reading, file: broken }),
      ({ message }: Error) => {
        return /broken\.yaml is no YAML, line \d+$/.test(message) && !message.includes("hunter2");
      },
    );
  });

  it("becomes settings and an encrypted secret of the stack's cloud, and what the cloud has besides stays", async () => {
    const [name = ""] = Object.keys(cloudsIn());
    const was = cloudsIn()[name] as Readonly<Record<string, unknown>>;
    const text = readFileSync(file, "utf8");
    const dry = await config(name, "--os-cloud", "rac", "--dry-run");
    assert.equal(dry.code, 0, dry.stderr);
    assert.match(dry.stdout, /would set clouds:settings\.\w+\.authUrl/);
    assert.equal(readFileSync(file, "utf8"), text);
    const { code, stdout, stderr } = await config(name, "--os-cloud", "rac");
    assert.equal(code, 0, stderr);
    assert.doesNotMatch(stdout + stderr, /from-secure/);
    assert.doesNotMatch(readFileSync(file, "utf8"), /from-secure/);
    assert.equal(secretIn(`clouds:${name}`), "from-secure");
    const now = cloudsIn()[name] as Readonly<Record<string, unknown>>;
    assert.deepEqual(
      [now.authUrl, now.userName, now.tenantName, now.userDomainName, now.externalNetwork, now.network],
      [
        ...["https://keystone.example.org:5000/v3", "deployer", "teaching", "Users"],
        ...[was.externalNetwork, was.network],
      ],
    );
    const again = await config(name, "--os-cloud", "rac", "--json");
    assert.deepEqual((JSON.parse(again.stdout) as { set: unknown; written: unknown }).set, []);
    assert.equal(
      (await orrery("config", "cloud", name, "--os-cloud", "credential", "--stack", "stage", "--config-file", file))
        .code,
      0,
    );
    const { userName, applicationCredentialId } = cloudsIn()[name] as Readonly<Record<string, unknown>>;
    assert.deepEqual([userName, applicationCredentialId], [undefined, "abc"]);
    assert.equal(secretIn(`clouds:${name}`), "s3");
    assert.equal((await config(name, "--os-cloud", "rac")).code, 0);
    assert.deepEqual(cloudsIn()[name], { ...now, projectDomainName: "Default" });
  });

  it("may be new to the stack, and then wants its networks", async () => {
    const refused = await config("rac2", "--os-cloud", "rac");
    assert.deepEqual([refused.code, refused.stdout], [2, ""]);
    assert.match(
      refused.stderr,
      /stack stage has no cloud "rac2" yet: name its networks by --external-network and --network/,
    );
    const made = await config("rac2", "--os-cloud", "rac", "--external-network", "public", "--network", "own");
    assert.equal(made.code, 0, made.stderr);
    assert.match(made.stdout, /: set clouds:settings\.rac2, clouds:rac2$/);
    assert.equal(secretIn("clouds:rac2"), "from-secure");
  });
});
