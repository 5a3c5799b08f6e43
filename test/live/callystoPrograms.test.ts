/** JupyterHub itself reads the configuration of every authenticator and spawner; a hub's other files are read in callysto.test.ts. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { jupyterhubConfig } from "../../components/callysto/guest/jupyterhubConfig.ts";
import { hubGuest, type JupyterhubSettings } from "../../components/callysto/guest/settings.ts";
import { venv } from "../../components/callysto/guest/software.ts";
import { pythonEnvironment } from "./python.ts";

const python = pythonEnvironment("callysto", venv.requirements);
const image = "docker.io/callysto/pims-r:1";

/** Loads the file as `jupyterhub --config` does and says which settings no class has. */
const reader = `
import sys
from types import SimpleNamespace
from jupyterhub.app import JupyterHub
app = JupyterHub()
app.load_config_file(sys.argv[1])
made = [app, app.authenticator_class(parent=app), app.spawner_class(parent=app, user=SimpleNamespace(name="andrew")), app.proxy_class(parent=app, app=app)]
known = {one.__name__: one for each in made for one in type(each).__mro__}
for name, section in app.config.items():
    for trait in section:
        if name not in known:
            print("no class", name)
        elif not known[name].class_traits().get(trait):
            print("no trait", name, trait)
print(made[1].__class__.__name__, made[2].__class__.__name__)
`;

describe("what Callysto renders for JupyterHub, read by JupyterHub", function () {
  this.timeout(300_000);
  let dir: string;
  before(async () => {
    await python.install();
    dir = mkdtempSync(path.join(tmpdir(), "callysto-programs-"));
  });
  after(() => {
    rmSync(dir, { recursive: true });
  });

  function read(settings: Partial<JupyterhubSettings>): { status: number | null; stdout: string; stderr: string } {
    const file = path.join(dir, "jupyterhub_config.py");
    writeFileSync(file, jupyterhubConfig(hubGuest.parse({ jupyterhub: { image, ...settings } }).jupyterhub));
    const secrets = { CONFIGPROXY_AUTH_TOKEN: "t", DUMMY_PASSWORD: "p", OAUTH_CLIENT_SECRET: "s", SWIFT_PASSWORD: "w" };
    const env = { PATH: process.env.PATH, ...secrets };
    return spawnSync(path.join(python.bin, "python"), ["-c", reader, file], { encoding: "utf8", cwd: dir, env });
  }

  const google = {
    clientId: "c",
    callbackUrl: "https://hub.callysto.ca/jupyter/hub/oauth_callback",
    hostedDomains: ["school.example.org"],
  };
  const swift = {
    ...{ authUrl: "https://keystone.example.org/v3", userName: "u", projectName: "p", region: "Calgary" },
    ...{ projectDomainName: "Default", userDomainName: "Default" },
  };
  const cases: readonly [string, Partial<JupyterhubSettings>, string][] = [
    ["dummy", { announcement: `It's "<b>" {{ 1 }} \\ \n` }, "DummyAuthenticator DockerSpawner"],
    ["dummypw", { authenticator: "dummypw", allow: ["a", "b"] }, "DummyAuthenticator DockerSpawner"],
    ["pam", { authenticator: "pam", extra: { "Spawner.start_timeout": 120 } }, "PAMAuthenticator DockerSpawner"],
    ["google", { authenticator: "google", google }, "GoogleOAuthenticator DockerSpawner"],
    [
      "the Swift spawner",
      { spawner: "syzygyswiftspawner", swift, image: "docker.io/callysto/callysto-swift:1" },
      "DummyAuthenticator DockerSpawner",
    ],
  ];
  for (const [name, settings, classes] of cases) {
    it(`knows every setting of ${name}`, () => {
      const { status, stdout, stderr } = read(settings);
      assert.equal(status, 0, stderr);
      assert.equal(stdout.trim(), classes);
    });
  }

  it("would not take a setting that it does not have", () => {
    assert.match(read({ extra: { "JupyterHub.no_such": 1 } }).stdout, /^no trait JupyterHub no_such$/m);
  });
});
