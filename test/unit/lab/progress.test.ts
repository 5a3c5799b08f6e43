/** What `npm start` prints without a terminal. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { describe, it } from "mocha";
import { condense } from "../../../lab/progress.ts";

/** Cut from what Pulumi 3.256 prints without a terminal. */
const said = `Updating (test):

 +  pulumi:pulumi:Stack orrery-test creating (0s)
@ updating.....
 +  kubernetes:core/v1:Namespace a-namespace creating (0s)
 +  kubernetes:core/v1:Namespace a-namespace created (0.52s)
 ~  kubernetes:apps/v1:Deployment b-deployment updating (0s) [diff: ~spec]; warning: [MinimumReplicasUnavailable]
 +- tls:index:PrivateKey key replacing (0s)
    pulumi:providers:openstack lab
 +  pulumi:pulumi:Stack orrery-test creating (2s) error: update failed

Diagnostics:
  kubernetes:apps/v1:Deployment (b-deployment):
    error: it is not ready

Outputs:
    deckUrl: "https://deck.example.org"

Resources:
    + 2 created

Duration: 50s
`;

describe("The lab's update without a terminal", () => {
  it("prints results, outputs and errors, no line for each step, and keeps everything in a file", async () => {
    const dir = mkdtempSync(path.join(tmpdir(), "orrery-progress-"));
    try {
      const file = path.join(dir, "up.log");
      const lines: string[] = [];
      await condense(Readable.from([said.slice(0, 100), said.slice(100)]), file, (line) => lines.push(line));
      assert.equal(readFileSync(file, "utf8"), said);
      const [head, ...rest] = said.split("\n");
      const from = rest.indexOf("Diagnostics:");
      assert.deepEqual(lines, [head, "", ...rest.slice(from, -1)]);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});
