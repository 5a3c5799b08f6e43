/**
 * `npm start` as a newcomer runs it, on a lab of its own, and the page on which everything of stack `test` is alive, as this machine and
 * Debian's Chromium see it. What the programs do is shown by the other tests at work.
 */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { after, before, describe, it } from "mocha";
import { chromium } from "playwright-core";
import { projectDir } from "../../config/stackFile.ts";
import { demoSettings, removeCluster } from "../../lab/demo/cluster.ts";
import { lab } from "../../lab/harness/cloud.ts";
import { namesFolder } from "../../lab/kubernetes/router/router.ts";
import { installPackages } from "../../lab/openstack/packages.ts";
import { run } from "../../ops/lib/process.ts";

const own = demoSettings(lab);
const quiet = (): void => undefined;
const systems = ["callysto", "dials", "packit", "prow", "stream", "thoth"];
const page = path.join(own.dir, "status.html");

/** What `lab env` says of the lab under test. */
const ofTestsLab = /^(KUBECONFIG$|OS_|PULUMI_|NODE_EXTRA_CA_CERTS$)/;

/** What a command prints, in a shell that knows this lab and no other. */
async function shell(command: string): Promise<string> {
  const kept = Object.entries(process.env).filter(([name]) => !ofTestsLab.test(name));
  const env = { ...Object.fromEntries(kept), ORRERY_LAB: own.dir, ORRERY_PORTS: `${own.firstPort}` };
  const { status, stdout, stderr } = await run("bash", ["-ec", command], { cwd: projectDir, env });
  assert.equal(status, 0, `${command}\n${stdout.slice(-3000)}\n${stderr.slice(-3000)}`);
  return stdout;
}

describe("npm start", function () {
  this.timeout(1_200_000);
  before(async () => {
    await removeCluster(own, quiet);
    await installPackages(["chromium"], quiet);
  });
  after(() => removeCluster(own, quiet));

  it("ends when every container of stack test is ready, and says how to look at them", async () => {
    const said = await shell("npm start");
    assert.match(said, /The test stack is up on the lab:/);
    assert.match(said, /npm run lab -- browse deck\./);
  });

  it("status finds nothing bad in any system, by the command that npm start prints", async () => {
    const file = path.join(own.dir, "Pulumi.test.yaml");
    const hosts = path.join(namesFolder(own), "hosts");
    const said = await shell(
      `variables=$(npm run --silent lab -- env); eval "$variables"
      npx orrery status --stack test --config-file ${file} --hosts-file ${hosts} --skip registries --limit 30s --wait 5m --page ${page}`,
    );
    for (const system of systems) assert.match(said, new RegExp(`^${system} +(ok|WARNING)`, "m"));
    assert.doesNotMatch(said, /\bBAD\b/);
  });

  it("the page shows all systems in Chromium, without one that is bad", async () => {
    const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
    try {
      const sheet = await browser.newPage({
        viewport: { width: 1440, height: 900 },
        ...{ colorScheme: "dark", reducedMotion: "reduce" },
      });
      await sheet.goto(pathToFileURL(page).href);
      await sheet.getByText("0 bad").waitFor();
      for (const system of systems) await sheet.getByText(system, { exact: true }).first().waitFor();
      const picture = await sheet.screenshot();
      if (process.env.UPDATE_PICTURE === "1") writeFileSync(path.join(projectDir, "docs", "status-lab.png"), picture);
    } finally {
      await browser.close();
    }
  });

  it("again, it finds nothing to do, and neither does an update", async () => {
    assert.match(await shell("npm start 2>&1"), /pulumi up has nothing to do/);
    await shell("npm run lab -- apply test");
    const output = readFileSync(path.join(own.dir, "up-test.log"), "utf8");
    assert.match(output, /Resources:\n +\d+ unchanged\n\nDuration: \S+\s*$/);
  });
});
