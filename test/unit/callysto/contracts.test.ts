/**
 * Users' containers against the contracts of the notebook images. What the hub itself gives them is written down from the
 * sources of its programs; callystoPrograms.test.ts asks the programs for the same.
 */
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { jupyterhubConfig } from "../../../components/callysto/guest/jupyterhubConfig.ts";
import { hubGuest } from "../../../components/callysto/guest/settings.ts";
import { containerProblems } from "./container.ts";

/** jupyterhub@6.1.1 jupyterhub/spawner.py:1300-1427, dockerspawner@14.0.0 dockerspawner/dockerspawner.py:987-990. */
const ofHub = {
  JUPYTERHUB_API_TOKEN: "token",
  JPY_API_TOKEN: "token",
  JUPYTERHUB_CLIENT_ID: "jupyterhub-user-andrew",
  JUPYTERHUB_COOKIE_HOST_PREFIX_ENABLED: "0",
  JUPYTERHUB_HOST: "",
  JUPYTERHUB_OAUTH_CALLBACK_URL: "/jupyter/user/andrew/oauth_callback",
  JUPYTERHUB_OAUTH_SCOPES: '["access:servers!server=andrew/"]',
  JUPYTERHUB_OAUTH_ACCESS_SCOPES: '["access:servers!server=andrew/"]',
  JUPYTERHUB_OAUTH_CLIENT_ALLOWED_SCOPES: "[]",
  JUPYTERHUB_USER: "andrew",
  JUPYTERHUB_SERVER_NAME: "",
  JUPYTERHUB_API_URL: "http://172.17.0.1:8081/jupyter/hub/api",
  JUPYTERHUB_ACTIVITY_URL: "http://172.17.0.1:8081/jupyter/hub/api/users/andrew/activity",
  JUPYTERHUB_BASE_URL: "/jupyter/",
  JUPYTERHUB_SERVICE_PREFIX: "/jupyter/user/andrew/",
  JUPYTERHUB_SERVICE_URL: "http://0.0.0.0:8888/jupyter/user/andrew/",
  JUPYTERHUB_PUBLIC_URL: "",
  JUPYTERHUB_PUBLIC_HUB_URL: "",
  MEM_LIMIT: "2147483648",
  JUPYTER_IMAGE_SPEC: "docker.io/callysto/pims-r:1",
};

/** Variables that the rendered configuration adds; secrets and functions get a placeholder. */
function ofConfig(text: string): Record<string, string> {
  const section = /^c\.DockerSpawner\.environment = \{\n([^]*?)^\}/m.exec(text)?.[1] ?? "";
  const given = [...section.matchAll(/^ {4}"(\w+)": (?:"(.*)"|.*),$/gm)].map(
    ([, name = "", value]) => [name, value ?? "x"] as const,
  );
  const [, url] = /^c\.Spawner\.default_url = "(.*)"$/m.exec(text) ?? [];
  const own: Record<string, string> = Object.fromEntries(given);
  return { ...own, ...(url === undefined ? {} : { JUPYTERHUB_DEFAULT_URL: url }) };
}

function problems(settings: { readonly image: string }): readonly string[] {
  const text = jupyterhubConfig(hubGuest.parse({ jupyterhub: settings }).jupyterhub);
  return containerProblems(settings.image, { ...ofHub, ...ofConfig(text) });
}

describe("contracts of the notebook images", () => {
  const swift = { authUrl: "https://k.test/v3", userName: "u", projectName: "p", region: "Calgary" };
  const image = "docker.io/callysto/pims-r:1";

  it("a user's container satisfies its image's contract, as the image starts it, as the classic server, and in Swift", () => {
    assert.deepEqual(problems({ image }), []);
    assert.deepEqual(problems({ ...{ server: "classic" }, image: "docker.io/callysto/pims-minimal:abc1234" }), []);
    const inSwift = { spawner: "syzygyswiftspawner", swift, image: "docker.io/callysto/callysto-swift:1" };
    assert.deepEqual(problems(inSwift), []);
  });

  it("a user's container breaks its image's contract without an input that is read, or with one that is not", () => {
    const { JUPYTERHUB_API_TOKEN, ...rest } = ofHub;
    assert.equal(JUPYTERHUB_API_TOKEN, "token");
    assert.match(containerProblems(image, rest).join("\n"), /JUPYTERHUB_API_TOKEN/);
    assert.match(containerProblems(image, ofHub).join("\n"), /JUPYTERHUB_DEFAULT_URL[^]*JUPYTER_RUNTIME_DIR/);
    assert.match(containerProblems(image, { ...ofHub, UNSPLASH: "x" }).join("\n"), /UNSPLASH/);
    const lab = { ...{ extra: { "Spawner.default_url": "/somewhere" } }, image };
    assert.match(problems(lab).join("\n"), /JUPYTERHUB_DEFAULT_URL/);
  });
});
