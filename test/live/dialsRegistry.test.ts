/** DIALS' commands about images, history and sign-on, against a real registry, a real Keycloak's answers and the lab's cluster. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { after, before, describe, it } from "mocha";
import { put } from "../../config/stackEdit.ts";
import { openKeycloak } from "./dials/keycloak.ts";
import { openRegistry, type Registry } from "./dials/registry.ts";
import { publish } from "./publish.ts";
import { lab } from "../../lab/harness/cloud.ts";
import type { Target } from "../../lab/harness/engine.ts";
import { api, type KubeObject } from "../../lab/harness/kube.ts";
import { type OpsOutcome, SystemOnLab } from "../../lab/harness/system.ts";

const namespace = "cms-dials-test";

describe("DIALS' images and sign-on, by its commands", function () {
  this.timeout(600_000);
  let dials: SystemOnLab;
  let target: Target;

  before(async () => {
    dials = await SystemOnLab.open("dials", "test");
    ({ target } = dials);
    await dials.assertDeploys();
  });
  after(() => dials.close(namespace));

  const ops = (words: readonly string[]): Promise<OpsOutcome> => dials.ops(words);

  describe("images", () => {
    let registry: Registry;
    before(async () => {
      registry = await openRegistry();
    });
    after(() => registry.close());

    it("pin takes the registry's digest, which is rolled out; history keeps what ran before", async () => {
      const image = "cms-dqmdc/dials-frontend";
      // Nodes have images from the lab's registry by their digests.
      const build = async (tag: string): Promise<string> => {
        const digest = await publish(lab, `registry.cern.ch/${image}:${tag}`, tag);
        await registry.push(image, tag, digest);
        return digest;
      };
      const first = await build("1.12.0-test");
      const repository = `${registry.address}/${image}`;
      const settings = ["config", "dials:settings"];
      writeFileSync(
        target.file,
        put(readFileSync(target.file, "utf8"), [...settings, "images", "frontend"], `${repository}:1.11.0`),
      );
      const before_ = readFileSync(target.file, "utf8");
      // This stack's frontend is a build of its own; latest would be production's.
      const unnamed = await ops(["images", "pin"]);
      assert.equal(unnamed.code, 2);
      assert.match(
        unnamed.stderr,
        /frontend: latest is the production build, and \S+ has its own; name its tag, e.g. frontend=1\.12\.0-/,
      );
      assert.match((await ops(["images", "pin", "frontend=1.12.0-test", "--dry-run"])).stdout, /nothing was changed/);
      assert.equal(readFileSync(target.file, "utf8"), before_);
      const pinned = await ops(["images", "pin", "frontend=1.12.0-test"]);
      assert.equal(pinned.code, 0, pinned.stderr);
      assert.ok(readFileSync(target.file, "utf8").includes(`${repository}@${first}`));
      assert.equal((await dials.up()).code, 0);
      assert.match((await ops(["images", "pin", "frontend=1.12.0-test"])).stdout, /1.12.0-test is what is configured/);

      const second = await build("1.12.1");
      assert.equal((await ops(["images", "pin", "frontend=1.12.1"])).code, 0);
      assert.equal((await dials.up()).code, 0);
      const { stdout } = await ops(["images", "history", "--json"]);
      const past = (JSON.parse(stdout) as { name: string; image: string; note: string }[]).filter(
        ({ name }) => name === "Deployment frontend",
      );
      assert.equal(past[0]?.image, `${repository}@${second}`);
      assert.match(past[0].note, /runs/);
      assert.ok(past.some(({ image, note }) => image === `${repository}@${first}` && !note.includes("runs")));
    });

    it("pin reports an image that the registry does not have", async () => {
      const missing = await ops(["images", "pin", "frontend=9.9.9"]);
      assert.equal(missing.code, 1);
      assert.match(missing.stderr, /^orrery: the registry has no 127.0.0.1:\d+\/cms-dqmdc\/dials-frontend:9.9.9/);
    });
  });

  describe("sso", () => {
    const client = "cms-dials-dev-api-client-test";
    // As the backend asks for it (cms-DQM/dials@v1.12.0 backend/utils/rest_framework_cern_sso/backends.py:28-36).
    const audience = client;

    async function clientsOf(): Promise<string> {
      const at = `/api/v1/namespaces/${namespace}/secrets/dials-backend-secrets`;
      const { data } = await api.get<KubeObject & { data: Record<string, string> }>(at);
      return Buffer.from(data.DJANGO_KEYCLOAK_API_CLIENTS ?? "", "base64").toString();
    }

    /** Runs the checks against a server that knows the public application, and this secret of the API client. */
    async function sso(clientSecret: string, ...words: readonly string[]): Promise<OpsOutcome> {
      const redirects = { "cms-dials-dev-public-app": ["https://cmsdials.apps.lab.test/"] };
      const keycloak = await openKeycloak("cern", { redirects, secrets: { [client]: clientSecret }, audience });
      try {
        return await dials.with([[["dials:settings", "sso", "server"], keycloak.url]], () => ops(["sso", ...words]));
      } finally {
        await keycloak.close();
      }
    }

    it("sso check reports an application that is not registered, and a redirect that is too narrow", async () => {
      const { code, stdout } = await sso("unknown", "--online");
      assert.equal(code, 1);
      assert.match(stdout, /^ok +login to cms-dials-dev-public-app: returns to https:\/\/cmsdials.apps.lab.test\/$/m);
      assert.match(
        stdout,
        /^wrong +login to cms-dials-dev-public-app: https:\/\/cmsdials.apps.lab.test\/\?ws=tracker: Invalid parameter: redirect_uri$/m,
      );
      assert.match(stdout, /^wrong +login to cms-dials-dev-confidential-app: .*Client not found$/m);
    });

    it("sso requests a token with each API client's secret in the cluster", async () => {
      const clients = JSON.parse(await clientsOf()) as object;
      const own = Object.entries(clients).find(([, id]) => id === client)?.[0] ?? "";
      const tokens = async (known: string): Promise<unknown[]> => {
        const { code, stdout } = await sso(known, "--clients", "--json");
        const checks = JSON.parse(stdout) as { what: string; state: string }[];
        return [code, ...checks.filter(({ what }) => what.startsWith("token of")).map(({ state }) => state)];
      };
      assert.deepEqual(await tokens(own), [0, "ok"]);
      assert.deepEqual(await tokens("renewed in the portal"), [1, "wrong"]);
    });

    it("sso reports that the server does not answer", async () => {
      const refused = await ops(["sso", "--online"]);
      assert.equal(refused.code, 1);
      assert.match(
        refused.stdout,
        /^wrong +SSO server: https:\/\/sso.apps.lab.test\/auth\/realms\/cern\/.*: .*(ENOTFOUND|EAI_AGAIN)/m,
      );
    });
  });
});
