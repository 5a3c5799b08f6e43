import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { versionRows } from "../../../ops/lib/status/collectors/versions.ts";
import type { LiveObject } from "../../../ops/lib/status/clusterReader.ts";
import { declared, live } from "./objects.ts";

describe("status of versions", () => {
  const builds = ["a", "b"].map((letter) => `sha256:${letter.repeat(64)}`) as [string, string];
  const image = "quay.io/packit/tokman:prod";
  const workload = live("Deployment", "tokman", { spec: { selector: { matchLabels: { app: "tokman" } } } });
  const pod = (name: string, imageID: string, phase = "Running"): LiveObject =>
    live(
      "Pod",
      name,
      {
        spec: { containers: [{ name: "main", image }] },
        status: { phase, containerStatuses: [{ name: "main", imageID }] },
      },
      { labels: { app: "tokman" } },
    );
  const rows = (...pods: readonly LiveObject[]) => versionRows([declared("Deployment", "tokman")], [workload], pods);

  it("each workload says image and build by its pods' own status, and the system all of them", () => {
    const one = pod("tokman-1", `quay.io/packit/tokman@${builds[0]}`);
    assert.deepEqual(rows(one, pod("tokman-0", `quay.io/packit/tokman@${builds[1]}`, "Succeeded")), [
      { system: "packit", part: "versions", state: "ok", text: "1 image: tokman:prod (aaaaaaaaaaaa)" },
      {
        ...{ system: "packit", part: "packit-prod/tokman", state: "ok" },
        text: "runs main quay.io/packit/tokman:prod (aaaaaaaaaaaa)",
      },
    ]);
  });

  it("pods of one workload that run different builds of one tag are a warning", () => {
    const [, row] = rows(...builds.map((build, at) => pod(`tokman-${at}`, `quay.io/packit/tokman@${build}`)));
    assert.equal(row?.state, "warn");
    assert.equal(row.text, "its pods differ: runs main quay.io/packit/tokman:prod (aaaaaaaaaaaa, bbbbbbbbbbbb)");
  });

  it("a node that tells no digest leaves the build out, and a workload without pods has no row", () => {
    assert.deepEqual(
      rows(pod("tokman-1", "sha256:1234")).map(({ text }) => text),
      ["1 image: tokman:prod", "runs main quay.io/packit/tokman:prod"],
    );
    assert.deepEqual(rows(), []);
  });
});
