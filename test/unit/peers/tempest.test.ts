import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { projectDir } from "../../../config/stackFile.ts";
import { labSettings } from "../../../lab/settings.ts";
import { dealt } from "../../../peers/tempest.ts";
import { TempestOutput } from "../../../peers/tempestOutput.ts";
import { tempestConf } from "../../../peers/tempestSettings.ts";

const cases = `
import unittest

class Good(unittest.TestCase):
    def test_a(self): pass
    def test_b(self): self.fail('no')
    def test_c(self): self.skipTest('not today')
    @unittest.expectedFailure
    def test_d(self): self.fail('as its authors say')
    @unittest.expectedFailure
    def test_e(self): pass

class Bad(unittest.TestCase):
    @classmethod
    def setUpClass(cls): raise ValueError('no network')
    def test_a(self): pass
    def test_b(self): pass

class Elsewhere(unittest.TestCase):
    @classmethod
    def setUpClass(cls): raise unittest.SkipTest('no such service')
    def test_a(self): pass

class Leaves(unittest.TestCase):
    @classmethod
    def tearDownClass(cls): raise ValueError('still in use')
    def test_a(self): pass
    def test_b(self): pass
`;

const runner = `
import sys, unittest
sys.path[:0] = sys.argv[1:]
import cases, results
suites = unittest.TestLoader().loadTestsFromModule(cases)
results.run({test.id(): test for suite in suites for test in suite})
`;

describe("tempest's tests", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), "orrery-tempest-"));
    writeFileSync(path.join(folder, "cases.py"), cases);
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  it("what stops a class is the result of each of its tests, and what it leaves behind that of its last one", () => {
    const tempest = path.join(projectDir, "peers", "tempest");
    const { stdout, stderr } = spawnSync("python3", ["-B", "-c", runner, folder, tempest], { encoding: "utf8" });
    assert.equal(stderr, "");
    const reader = new TempestOutput();
    const results = stdout.split("\n").flatMap((line) => reader.line(line) ?? []);
    const last = new Map(results.map(({ test, outcome, says }) => [test.replace("cases.", ""), [outcome, says]]));
    assert.deepEqual(Object.fromEntries(last), {
      "Good.test_a": ["passed", undefined],
      "Good.test_b": ["failed", "AssertionError: no"],
      "Good.test_c": ["skipped", "not today"],
      "Good.test_d": ["passed", undefined],
      "Good.test_e": ["failed", "it passes, and its authors expect it to fail"],
      "Bad.test_a": ["failed", "ValueError: no network"],
      "Bad.test_b": ["failed", "ValueError: no network"],
      "Elsewhere.test_a": ["skipped", "no such service"],
      "Leaves.test_a": ["passed", undefined],
      "Leaves.test_b": ["failed", "tearDownClass: ValueError: still in use"],
    });
    assert.deepEqual(reader.unfinished(), []);
  });

  it("a test that the program's end cut off has failed, and other programs' lines are no results", () => {
    const reader = new TempestOutput();
    assert.equal(reader.line('{"test": "a"}'), undefined);
    assert.equal(reader.line('{"warning": 1}'), undefined);
    const says = "the program ended before the test did";
    assert.deepEqual(reader.unfinished(), [{ test: "a", outcome: "failed", seconds: 0, says }]);
  });

  it("programs share the classes, and none is divided", () => {
    const tests = ["m.A.test_1", "m.B.test_1", "m.A.test_2(IPv4 1.2)", "m.C.test_1"];
    assert.deepEqual(dealt(tests, 2), [["m.A.test_1", "m.A.test_2(IPv4 1.2)", "m.C.test_1"], ["m.B.test_1"]]);
  });

  it("the settings name the lab's own services, and only the extensions that it has", () => {
    writeFileSync(path.join(folder, "password"), "secret", { mode: 0o600 });
    const lab = labSettings({ ORRERY_PORTS: "16000", ORRERY_LAB: folder });
    const prepared = { image: "i", flavors: ["f1", "f2"], network: "n", subnet: "s", public: "p" } as const;
    const text = tempestConf(lab, folder, {
      prepared,
      otherImage: "j",
      networkExtensions: ["qos", "trunk"],
      volumeExtensions: ["os-snapshot-actions"],
      objectFeatures: ["tempurl", "slo"],
    });
    for (const line of [
      "uri_v3 = http://127.0.0.1:16000/v3",
      "nameservers = 127.0.0.1:16020",
      "admin_password = secret",
      "api_extensions = qos,trunk",
      "discoverable_apis = tempurl,slo",
      "flavor_ref_alt = f2",
      "run_validation = false",
    ]) {
      assert.ok(text.split("\n").includes(line), line);
    }
  });
});
