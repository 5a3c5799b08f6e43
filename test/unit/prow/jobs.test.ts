/** Trees of job files: what is refused, and how they are packed. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { after, before, describe, it } from "mocha";
import { configMaps } from "../../../components/prow/configuration/files.ts";
import { packJobs, roomInConfigMap } from "../../../components/prow/configuration/jobs.ts";
import { configurationProblems, treeProblems } from "../../../components/prow/configuration/problems.ts";
import { placeOf, staging, testing } from "./places.ts";

const job = (more: string): string => `presubmits:
  kubevirt/kubevirt:
    - name: build
      spec: {containers: [{image: "a:1"}]}
${more.replaceAll(/^/gm, "      ")}`;
const problems = (text: string, place = testing): readonly string[] =>
  treeProblems([{ path: "a/b.yaml", text }], place);

describe("a tree of jobs", () => {
  it("may name presets, Secrets and ConfigMaps that there are", () => {
    assert.deepEqual(problems(job("labels: {preset-dind-enabled: 'true', other: x}")), []);
    assert.deepEqual(problems(job("decoration_config: {gcs_credentials_secret: gcs}")), []);
    const own = "presets: [{labels: {preset-mine: 'true'}, env: [{name: A, value: b}]}]\n";
    assert.deepEqual(problems(own + job("labels: {preset-mine: 'true'}")), []);
  });

  it("is refused for a file that is no YAML, with its line", () => {
    assert.match(problems("presubmits:\n  a/b:\n  - name: [x\n").join("\n"), /^a\/b\.yaml:\d+ is no YAML: /);
    assert.deepEqual(problems("- a\n"), ["a/b.yaml is no map of presubmits, postsubmits, periodics or presets"]);
  });

  it("is refused for a preset that there is not", () => {
    assert.deepEqual(problems(job("labels: {preset-gpu: 'true'}")), [
      "a/b.yaml: job build names preset-gpu, and no preset has that label",
    ]);
  });

  const secret = (name: string) => `a/b.yaml: job build needs Secret ${name}, which the jobs' namespace does not get`;
  const cases: Readonly<Record<string, readonly [yaml: string, problem: string]>> = {
    "a volume": ["spec: {volumes: [{name: v, secret: {secretName: gone}}]}", secret("gone")],
    "a projected volume": [
      "spec: {volumes: [{name: v, projected: {sources: [{secret: {name: gone}}]}}]}",
      secret("gone"),
    ],
    "a variable": [
      "spec: {containers: [{image: a, env: [{name: A, valueFrom: {secretKeyRef: {name: gone, key: k}}}]}]}",
      secret("gone"),
    ],
    "all variables": ["spec: {initContainers: [{envFrom: [{secretRef: {name: gone}}]}]}", secret("gone")],
    "the decoration": ["decoration_config: {ssh_key_secrets: [gone]}", secret("gone")],
    "a ConfigMap": [
      "spec: {volumes: [{name: v, configMap: {name: gone}}]}",
      secret("gone").replace("Secret", "ConfigMap"),
    ],
  };
  for (const [name, [yaml, problem]] of Object.entries(cases)) {
    it(`is refused for a Secret or ConfigMap that there is not, in ${name}`, () => {
      const text = `periodics:\n  - name: build\n    ${yaml}\n`;
      assert.deepEqual(problems(text), [problem]);
      assert.deepEqual(problems(text.replace("- name: build", "- name: build\n    cluster: elsewhere")), []);
    });
  }

  it("asks for staging's own names there", () => {
    const text = job("decoration_config: {gcs_credentials_secret: gcs}");
    assert.deepEqual(problems(text, staging), [secret("gcs")]);
  });

  it("is refused when two files would be one key", () => {
    const files = ["a/x.yaml", "b/x.yaml"].map((one) => ({ path: one, text: job("") }));
    assert.deepEqual(treeProblems(files, testing), [
      "a/x.yaml and b/x.yaml have one base name, and x.yaml is the key of job-config",
    ]);
  });

  it("is packed as text while there is room, then compressed, and refused when it does not fit even so", () => {
    const small = packJobs([{ path: "a/x.yaml", text: "a: 1\n" }]);
    assert.deepEqual([small.data, small.binaryData], [{ "x.yaml": "a: 1\n" }, undefined]);
    const text = `# ${"jobs ".repeat(1000)}\n`;
    const many = Array.from({ length: 300 }, (_, index) => ({ path: `a/x${index}.yaml`, text: `${text}${index}` }));
    const packed = packJobs(many);
    assert.deepEqual(packed.data, {});
    assert.equal(Object.keys(packed.binaryData ?? {}).length, 300);
    assert.equal(gunzipSync(Buffer.from(packed.binaryData?.["x7.yaml"] ?? "", "base64")).toString(), `${text}7`);
    assert.ok(packed.bytes < roomInConfigMap);
    let seed = 1;
    const noise = Array.from({ length: 2_500_000 }, () =>
      ((seed = (seed * 48271) % 2147483647) % 36).toString(36),
    ).join("");
    assert.match(treeProblems([{ path: "x.yaml", text: `# ${noise}` }], testing).join(), /a ConfigMap takes 1048576/);
  });
});

describe("a folder of jobs in the settings", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), "orrery-jobs-"));
    mkdirSync(path.join(folder, "kubevirt"));
    writeFileSync(path.join(folder, "kubevirt", "kubevirt-presubmits.yaml"), job(""));
    writeFileSync(path.join(folder, "OWNERS"), "approvers: []\n");
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });
  const place = (at: string) => placeOf("prow", "", { jobs: { from: "folder", path: at } });

  it("is what job-config holds, by base names", () => {
    assert.deepEqual(configurationProblems(place(folder)), []);
    const found = configMaps(place(folder)).find(({ key }) => key === "job-config");
    assert.deepEqual(found?.data, { "kubevirt-presubmits.yaml": job("") });
  });

  it("is refused when it is not there, or has no file, or a bad one", () => {
    const said = (at: string) => configurationProblems(place(at)).map(({ path: where, text }) => `${where}: ${text}`);
    assert.deepEqual(said("/nowhere"), ["jobs.path: there is no folder /nowhere"]);
    const empty = path.join(folder, "empty");
    mkdirSync(empty);
    assert.deepEqual(said(empty), [`jobs.path: ${empty} has no .yaml file`]);
    writeFileSync(path.join(empty, "bad.yaml"), job("labels: {preset-gpu: 'true'}"));
    assert.deepEqual(said(empty), ["jobs.path: bad.yaml: job build names preset-gpu, and no preset has that label"]);
    rmSync(empty, { recursive: true });
  });
});
