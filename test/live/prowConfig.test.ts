/** Prow's checkconfig reads what is rendered. It does not ask GitHub whether repositories and teams exist. */
import assert from "node:assert/strict";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { treeNames } from "../../components/prow/files/base/trees.ts";
import { configurationVersions } from "../../components/prow/files/base/versions.ts";
import { configMaps } from "../../components/prow/files/index.ts";
import { packJobs } from "../../components/prow/files/jobs.ts";
import { configInputs } from "../../components/prow/configInputs.ts";
import { soundJobs } from "../../ops/lib/prow/jobs.ts";
import type { Environment } from "../../ops/lib/prow/environment.ts";
import { inputsOf, production, staging, testing } from "../unit/prow/configInputs.ts";
import { writeCheckout } from "../unit/prow/trees.ts";
import { prowSettings } from "../unit/prow/fixture.ts";
import { checkconfig, mountConfigMaps, prowTools } from "./prow/tools.ts";

describe("Prow's checkconfig", function () {
  this.timeout(900_000);
  const folder = mkdtempSync(path.join(tmpdir(), "orrery-checkconfig-"));
  let tools: string;
  before(async () => {
    tools = await prowTools();
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  for (const [name, place] of Object.entries({ testing, staging, production })) {
    it(`checkconfig accepts config, plugins and jobs of ${name}, without a warning`, () => {
      const at = path.join(folder, name);
      mountConfigMaps(configMaps(place), at);
      assert.equal(checkconfig(tools, at), "");
    });
  }

  it("checkconfig accepts the older version of the base, and every ConfigMap of the updater", () => {
    const at = path.join(folder, "older");
    const updaterOwns = ["config", "plugins", "label-config", "job-config"] as const;
    mountConfigMaps(configMaps(inputsOf("prow", "x-", { version: "20201021", updaterOwns: [...updaterOwns] })), at);
    assert.equal(checkconfig(tools, at), "");
  });

  it("checkconfig reads compressed jobs", () => {
    const at = path.join(folder, "compressed");
    const filler = `# ${"jobs ".repeat(2000)}\n`;
    const files = Array.from({ length: 100 }, (_, index) => ({
      path: `kubevirt/kubevirt/x${index}.yaml`,
      text: `${filler}periodics: [{name: job-${index}, interval: 24h, decorate: true, spec: {containers: [{image: "a:1", command: [a]}]}}]\n`,
    }));
    mountConfigMaps(configMaps(production), at);
    const { data, binaryData } = packJobs(files);
    assert.deepEqual(data, {});
    mountConfigMaps(
      [{ key: "job-config", in: "prow", owner: "updater", data, ...(binaryData === undefined ? {} : { binaryData }) }],
      at,
    );
    assert.equal(checkconfig(tools, at), "");
  });

  for (const tree of treeNames) {
    for (const version of configurationVersions) {
      it(`checkconfig accepts a complete tree of ${tree} as prow bootstrap loads it, with the configuration of ${version}`, () => {
        const checkout = path.join(folder, `checkout-${tree}`);
        if (!existsSync(checkout)) writeCheckout(checkout, tree);
        const settings = prowSettings({ configuration: { version, tree } });
        const { files } = soundJobs(checkout, { settings } as Environment);
        const at = path.join(folder, `${tree}-${version}`);
        mountConfigMaps(configMaps(configInputs(settings)), at);
        const { data, binaryData = {} } = packJobs(files);
        rmSync(path.join(at, "job-config"), { recursive: true });
        mountConfigMaps([{ key: "job-config", in: "prow", owner: "updater", data, binaryData }], at);
        assert.equal(checkconfig(tools, at), "");
      });
    }
  }

  it("checkconfig stops on a duplicate preset, which is refused before it is loaded", () => {
    const at = path.join(folder, "twice");
    mountConfigMaps(configMaps(testing), at);
    writeFileSync(
      path.join(at, "job-config", "mine.yaml"),
      "presets: [{labels: {preset-dind-enabled: 'true'}, env: [{name: A, value: b}]}]\n",
    );
    assert.match(checkconfig(tools, at), /duplicated preset 'label:value' pair : preset-dind-enabled:true/);
  });

  it("checkconfig refuses an invalid file, so its acceptance means something", () => {
    const broken = (file: string, from: string | RegExp, to: string): string => {
      const at = path.join(folder, "broken");
      cpSync(path.join(folder, "testing"), at, { recursive: true });
      const text = readFileSync(path.join(at, file), "utf8");
      assert.match(text, new RegExp(from));
      writeFileSync(path.join(at, file), text.replace(from, to));
      const said = checkconfig(tools, at);
      rmSync(at, { recursive: true });
      return said;
    };
    assert.match(broken("config/config.yaml", "sync_period: 2m", "sync_period: soon"), /sync_period|invalid duration/);
    assert.match(broken("config/config.yaml", "size_limit", "size_limits"), /unknown field/);
    assert.match(broken("plugins/plugins.yaml", "- blunderbuss", "- blunderbus"), /blunderbus/);
    assert.match(broken("job-config/test_job_config.yaml", "name: test-job", "name: Test Job!"), /Test Job!/);
  });
});
