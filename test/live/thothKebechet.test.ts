/** Kebechet 1.0.9, the version of the bots' image, started with the variables that its CronJob declares. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { homedir, tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { sample, sampleCertificate } from "../../config/samples.ts";
import { World } from "../../contracts/check/workloads.ts";
import { bots, buildThoth } from "../unit/thoth/fixture.ts";
import { pythonEnvironment } from "../../lab/harness/python.ts";

/** The image has Python 3.8, which Debian does not have. */
const python = path.join(process.env.PYENV_ROOT ?? path.join(homedir(), ".pyenv"), "versions/3.8.18/bin/python");
const kebechet = pythonEnvironment("kebechet", ["kebechet==1.0.9", "thamos==1.0.0"], python);

/** A list of repositories; one of them has a manager that does not exist, so nothing is asked of GitHub. */
const list = `repositories:
  - slug: example/first
    token: "{KEBECHET_TOKEN}"
    managers: []
  - slug: example/second
    token: "{KEBECHET_TOKEN}"
    managers:
      - name: no-such-manager
`;

describe("Kebechet with what its CronJob declares", function () {
  this.timeout(1_800_000);
  let dir: string;
  let server: Server;
  let url: string;
  let asked: string[];

  before(async function () {
    if (!existsSync(python)) {
      console.log(`      no Python 3.8 at ${python} (pyenv install 3.8.18): Kebechet 1.0.9 runs on no newer one`);
      this.skip();
    }
    await kebechet.install();
    dir = mkdtempSync(path.join(tmpdir(), "kebechet-"));
    const cert = sampleCertificate("kebechet", ["localhost"]);
    writeFileSync(path.join(dir, "ca.pem"), cert);
    asked = [];
    server = createServer({ cert, key: sample("pem-private-key", "kebechet") }, (message, answer) => {
      asked.push(`${message.method ?? ""} ${message.url ?? ""}`);
      if (message.url !== "/thoth.yaml") answer.statusCode = 404;
      answer.end(list);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `https://localhost:${(server.address() as AddressInfo).port}`;
  });
  after(async () => {
    if (!existsSync(python)) return;
    await new Promise((resolve) => server.close(resolve));
    rmSync(dir, { recursive: true, force: true });
  });

  /** Runs what the image's app.sh runs, with the declared variables and those of the image. */
  async function run(configuration: string): Promise<{ code: number | null; log: string; token: string }> {
    const { resources } = await buildThoth({ bots: { ...bots, kebechet: { configuration } } });
    const declared = new World(resources)
      .pods(() => undefined)
      .flatMap(({ containers }) => containers)
      .find(({ name }) => name === "kebechet");
    const variables = Object.fromEntries(
      [...(declared?.variables ?? [])].map(([name, { text }]) => [name, text ?? ""]),
    );
    const image = { USER: "kebechet", HOME: dir, PIPENV_CACHE_DIR: dir, LC_ALL: "C.UTF-8", LANG: "C.UTF-8" };
    const child = spawn(path.join(kebechet.bin, "kebechet"), [variables.KEBECHET_SUBCOMMAND ?? ""], {
      cwd: dir,
      // The test's own: whose certificate its server has.
      env: { ...image, ...variables, PATH: "/usr/bin:/bin", REQUESTS_CA_BUNDLE: path.join(dir, "ca.pem") },
    });
    let log = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (data: Buffer) => {
        log += data.toString();
      });
    }
    const code = await new Promise<number | null>((resolve) => child.once("exit", resolve));
    return { code, log, token: variables.KEBECHET_TOKEN ?? "" };
  }

  it("Kebechet prints its version, reads the list and inserts the token", async () => {
    const { code, log, token } = await run(`${url}/thoth.yaml`);
    assert.equal(code, 0, log);
    assert.deepEqual(asked, ["GET /thoth.yaml"]);
    assert.match(log, /Kebechet version: '1\.0\.9'/);
    assert.match(log, /Debug mode turned on/);
    assert.equal(log.split("Using token ").length - 1, 2);
    assert.ok(log.includes(`''${token.slice(0, 3)}''${"*".repeat(token.length - 3)}''`), log);
    assert.match(log, /Finished management for 'example\/first'/);
    assert.match(log, /Unable to find requested manager 'no-such-manager'/);
  });

  it("Kebechet fails without the list, so that the Job fails", async () => {
    const { code, log } = await run(`${url}/thoth_demo.yaml`);
    assert.equal(code, 1);
    assert.match(log, /404 Client Error/);
  });
});
