/** Trees of job files: what is refused, and how they are stored. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { after, before, describe, it } from "mocha";
import { parse } from "yaml";
import { configMaps } from "../../../components/prow/files/index.ts";
import { trees } from "../../../components/prow/files/base/trees.ts";
import { packJobs, readJobs, configMapLimit } from "../../../components/prow/files/jobs.ts";
import { configurationProblems } from "../../../components/prow/files/problems.ts";
import { checkTree } from "../../../components/prow/files/tree.ts";
import type { Environment } from "../../../ops/lib/prow/environment.ts";
import { soundJobs } from "../../../ops/lib/prow/jobs.ts";
import { inputsOf, staging, testing } from "./configInputs.ts";
import { writeCheckout } from "./trees.ts";
import { prowSettings } from "./fixture.ts";

const job = (more: string): string => `presubmits:
  kubevirt/kubevirt:
    - name: build
      spec: {containers: [{image: "a:1"}]}
${more.replaceAll(/^/gm, "      ")}`;
const problems = (text: string, place = testing): readonly string[] => {
  const { problems: wrong, waiting } = checkTree([{ path: "a/b.yaml", text }], place);
  return [...wrong, ...waiting];
};

const everySecret = [
  ...["gcs", "kubevirtci-docker-credential", "kubevirtci-quay-credential", "kubevirtci-installer-pull-token"],
];

describe("a tree of jobs", () => {
  it("jobs may name existing presets, Secrets and ConfigMaps", () => {
    assert.deepEqual(problems(job("labels: {preset-dind-enabled: 'true', other: x}")), []);
    assert.deepEqual(problems(job("decoration_config: {gcs_credentials_secret: gcs}")), []);
    const own = "presets: [{labels: {preset-mine: 'true'}, env: [{name: A, value: b}]}]\n";
    assert.deepEqual(problems(own + job("labels: {preset-mine: 'true'}")), []);
  });

  it("a file that is not YAML is refused with its line", () => {
    assert.match(problems("presubmits:\n  a/b:\n  - name: [x\n").join("\n"), /^a\/b\.yaml:\d+ is no YAML: /);
    assert.deepEqual(problems("- a\n"), ["a/b.yaml is no map of presubmits, postsubmits, periodics or presets"]);
  });

  it("an unknown preset is refused", () => {
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
    it(`an unknown Secret or ConfigMap is refused in ${name}`, () => {
      const text = `periodics:\n  - name: build\n    ${yaml}\n`;
      assert.deepEqual(problems(text), [problem]);
      assert.deepEqual(problems(text.replace("- name: build", "- name: build\n    cluster: elsewhere")), []);
    });
  }

  it("staging's jobs need staging's own names", () => {
    const text = job("decoration_config: {gcs_credentials_secret: gcs}");
    assert.deepEqual(problems(text, staging), [secret("gcs")]);
  });

  it("a preset that config.yaml or another file also defines is refused, because Prow stops on two", () => {
    const own = (label: string) => `presets: [{labels: {${label}}, env: [{name: A, value: b}]}]\n`;
    assert.deepEqual(problems(own("preset-dind-enabled: 'true'")), [
      'config.yaml and a/b.yaml have a preset for preset-dind-enabled: "true", and Prow ends on two',
    ]);
    assert.deepEqual(problems(own("preset-dind-enabled: 'false'")), []);
    const files = ["a/x.yaml", "b/y.yaml"].map((one) => ({ path: one, text: own("preset-mine: 'true'") }));
    assert.deepEqual(checkTree(files, testing).problems, [
      'a/x.yaml and b/y.yaml have a preset for preset-mine: "true", and Prow ends on two',
    ]);
  });

  it("a job that gets something twice from its presets is refused, because Prow stops on it", () => {
    // kubernetes-sigs/prow@7593870dc pkg/config/jobs.go:53-100
    const two = "labels: {preset-docker-mirror: 'true', preset-docker-mirror-proxy: 'true'}";
    assert.deepEqual(problems(job(two)), [
      "a/b.yaml: job build has volume docker-config twice by its presets",
      "a/b.yaml: job build has mount of docker-config twice by its presets",
    ]);
    const variable = `periodics:
  - name: build
    labels: {preset-dind-enabled: 'true'}
    spec: {containers: [{image: a, env: [{name: DOCKER_IN_DOCKER_ENABLED, value: x}]}]}
`;
    assert.deepEqual(problems(variable), [
      "a/b.yaml: job build has variable DOCKER_IN_DOCKER_ENABLED twice by its presets",
    ]);
  });

  it("a tree's presets come from its own configuration or from the program", () => {
    const tree = [{ path: "a/b.yaml", text: job("labels: {preset-bazel-cache: 'true', preset-gpu: 'true'}") }];
    const gpu = { labels: { "preset-gpu": "true" }, env: [{ name: "GPU", value: "yes" }] };
    const { files, problems: wrong, warnings } = checkTree(tree, testing, [gpu]);
    assert.deepEqual(wrong, []);
    assert.deepEqual(warnings, [
      "preset-bazel-cache is added in orrery-presets.yaml: jobs name it",
      "preset-gpu is added in orrery-presets.yaml: jobs name it",
    ]);
    assert.deepEqual(parse(files.at(-1)?.text ?? ""), {
      presets: [
        {
          labels: { "preset-bazel-cache": "true" },
          env: [
            { name: "BAZEL_REMOTE_CACHE_ENABLED", value: "true" },
            { name: "CACHE_HOST", value: "bazel-cache.kubernetes-prow" },
            { name: "CACHE_PORT", value: "8080" },
          ],
        },
        // Prow reads YAML 1.1, in which the unquoted word is a boolean
        { ...gpu, env: [{ name: "GPU", value: "yes" }] },
      ],
    });
    assert.match(files.at(-1)?.text ?? "", /value: "yes"/);
  });

  it("a tree of 2020 loads with either version of the configuration, and its duplicate key is reported", () => {
    const folder = mkdtempSync(path.join(tmpdir(), "orrery-tree-"));
    const count = writeCheckout(folder, "20201203");
    const files = readJobs(path.join(folder, trees["20201203"].jobs));
    assert.equal(files.length, count);
    const place = inputsOf("kubevirt-prow", "");
    const newer = checkTree(files, { ...place, jobSecrets: everySecret });
    assert.deepEqual([newer.problems, newer.waiting], [[], []]);
    assert.deepEqual(newer.warnings, [
      "kubevirt/doubled.yaml:7 has annotations a second time in one map; Prow takes this one",
    ]);
    assert.equal(newer.files.length, count);
    const older = checkTree(files, inputsOf("kubevirt-prow", "", { version: "20201021" }));
    assert.deepEqual(older.problems, []);
    assert.equal(older.warnings[1], "preset-docker-mirror-proxy is added in orrery-presets.yaml: jobs name it");
    rmSync(folder, { recursive: true });
  });

  it("a current tree loads with the presets of its own configuration, and is refused without them", () => {
    const folder = mkdtempSync(path.join(tmpdir(), "orrery-tree-"));
    writeCheckout(folder, "20260723");
    const environment = { settings: prowSettings({}) } as Environment;
    const { files, warnings } = soundJobs(folder, environment);
    assert.equal(files.at(-1)?.path, "orrery-presets.yaml");
    const added = warnings.filter((one) => one.includes("is added"));
    assert.equal(added.length, 10);
    assert.ok(!warnings.some((one) => one.includes("laid out")));
    rmSync(path.join(folder, trees["20260723"].config));
    assert.throws(() => soundJobs(folder, environment), /names preset-pgp-bot-key, and no preset has that label/);
    const then = { settings: prowSettings({ configuration: { tree: "20201203" } }) } as Environment;
    writeCheckout(folder, "20260723");
    assert.match(
      soundJobs(folder, then).warnings[0] ?? "",
      /^the tree is laid out as in 20260723 and configuration.tree is 20201203/,
    );
    rmSync(folder, { recursive: true });
  });

  it("two files with the same key are refused", () => {
    const files = ["a/x.yaml", "b/x.yaml"].map((one) => ({ path: one, text: job("") }));
    assert.deepEqual(checkTree(files, testing).problems, [
      "a/x.yaml and b/x.yaml have one base name, and x.yaml is the key of job-config",
    ]);
  });

  it("a tree is stored as text while there is room, compressed otherwise, and refused when still too large", () => {
    const small = packJobs([{ path: "a/x.yaml", text: "a: 1\n" }]);
    assert.deepEqual([small.data, small.binaryData], [{ "x.yaml": "a: 1\n" }, undefined]);
    const text = `# ${"jobs ".repeat(1000)}\n`;
    const many = Array.from({ length: 300 }, (_, index) => ({ path: `a/x${index}.yaml`, text: `${text}${index}` }));
    const packed = packJobs(many);
    assert.deepEqual(packed.data, {});
    assert.equal(Object.keys(packed.binaryData ?? {}).length, 300);
    assert.equal(gunzipSync(Buffer.from(packed.binaryData?.["x7.yaml"] ?? "", "base64")).toString(), `${text}7`);
    assert.ok(packed.bytes < configMapLimit);
    let seed = 1;
    const noise = Array.from({ length: 2_500_000 }, () =>
      ((seed = (seed * 48271) % 2147483647) % 36).toString(36),
    ).join("");
    assert.match(
      checkTree([{ path: "x.yaml", text: `# ${noise}` }], testing).problems.join(),
      /a ConfigMap takes 1048576/,
    );
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
  const place = (at: string) => inputsOf("prow", "", { jobs: { from: "folder", path: at } });

  it("job-config holds the files of the settings' folder by base names", () => {
    assert.deepEqual(configurationProblems(place(folder)), []);
    const found = configMaps(place(folder)).find(({ key }) => key === "job-config");
    assert.deepEqual(found?.data, { "kubevirt-presubmits.yaml": job("") });
  });

  it("a folder that is missing, empty or has an invalid file is refused", () => {
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
