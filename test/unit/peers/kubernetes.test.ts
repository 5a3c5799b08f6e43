import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { GinkgoOutput } from "../../../peers/ginkgoOutput.ts";
import { conformanceImages } from "../../../peers/images.ts";
import { bySerial, flags, titles } from "../../../peers/kubernetes.ts";

const rule = "------------------------------";
const [one, two, three] = [
  "[sig-node] Pods should run (twice) [Conformance]",
  "[sig-apps] Job should end [Conformance]",
  "[sig-network] DNS should answer [Conformance]",
];

describe("Kubernetes' conformance tests", () => {
  it("their results come from the line that ends each, with the reason below it; what a crash cut off has failed", () => {
    const reader = new GinkgoOutput([one, two, three]);
    const lines = [
      ...[
        "SSSS",
        rule,
        `${one} [sig-node, Conformance]`,
        "k8s.io/kubernetes/test/e2e/common/node/pods.go:10",
        "  STEP: running @ 11/24/26",
        "• [1.250 seconds]",
      ],
      ...[
        rule,
        `${two} [sig-apps, Conformance]`,
        "  I1124 02:00:00.000000 1 util.go:1] waiting",
        "  [FAILED] in [It] - job.go:5 @ 11/24/26",
      ],
      ...["• [FAILED] [300.100 seconds]", two.replace("should", "[It] should"), "  [FAILED] timed out: 300 s"],
      ...[rule, `${three} [sig-network, Conformance]`, "  STEP: asking"],
    ];
    assert.deepEqual(
      lines.flatMap((line) => reader.line(line) ?? []),
      [
        { test: one, outcome: "passed", seconds: 1.25 },
        { test: two, outcome: "failed", seconds: 300.1, says: "timed out: 300 s" },
      ],
    );
  });

  it("the list names them with their place, and a run names them alone", () => {
    assert.deepEqual(titles(`The following spec names can be used:\n    test/e2e/pods.go:12: ${one}\n\n`), [one]);
    const focus = flags([one, two]).at(-1)?.replace("--ginkgo.focus=", "") ?? "";
    assert.match(one, new RegExp(focus));
    assert.doesNotMatch(three, new RegExp(focus));
  });

  it("a serial test runs alone", () => {
    const lonely = "[sig-scheduling] Preemption [Serial] [Conformance]";
    assert.deepEqual(bySerial([one, lonely, two]), [[lonely], [one, two]]);
  });

  it("each image has its own names, and none of them is one of the lab's", () => {
    const names = conformanceImages.flatMap(({ references = [] }) => references);
    assert.equal(new Set(names).size, names.length);
    assert.deepEqual(
      names.filter((name) => !name.startsWith("registry.k8s.io/")),
      [],
    );
  });
});
