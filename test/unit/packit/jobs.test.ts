/** What the scripts of Packit's CronJobs decide, with an `oc` that answers what the test says; live/packitAtWork.test.ts runs them in pods. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, it } from "mocha";
import { buildPackit, production } from "./fixture.ts";

interface CronJob {
  readonly jobTemplate: {
    readonly spec: { readonly template: { readonly spec: { readonly containers: readonly Container[] } } };
  };
}
interface Container {
  readonly command: readonly string[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
}

/**
 * Runs a CronJob's command.
 * @param oc - branches of `case "$*" in`; what has none is a call that changes something
 * @returns its exit code, and those calls
 */
async function run(cronJob: string, oc: string): Promise<{ status: number | null; calls: readonly string[] }> {
  const { jobTemplate } = (await buildPackit(production)).object(`CronJob ${cronJob}`).spec as CronJob;
  const [container] = jobTemplate.spec.template.spec.containers;
  assert.ok(container);
  const folder = mkdtempSync(path.join(tmpdir(), "packit-job-"));
  const log = path.join(folder, "calls");
  try {
    const script = `#!/bin/bash\ncase "$*" in\n${oc}\n*) echo "$*" >>'${log}' ;;\nesac\n`;
    writeFileSync(path.join(folder, "oc"), script, { mode: 0o755 });
    const own = Object.fromEntries(container.env.map(({ name, value }) => [name, value]));
    const env = { ...process.env, ...own, PATH: `${folder}:${process.env.PATH ?? ""}` };
    const [shell = "", ...args] = container.command;
    const { status } = spawnSync(shell, args, { env, stdio: "ignore" });
    return { status, calls: existsSync(log) ? readFileSync(log, "utf8").trimEnd().split("\n") : [] };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const ago = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString();
const day = 24 * 60;

describe("the scripts of Packit's CronJobs", () => {
  it("the cleanup deletes pods that ended a day ago, and sandboxes' volumes that no pod has for half an hour, and nothing else", async () => {
    const pods = [
      ["ended", "Completed", ago(day + 1)],
      ["short-of-memory", "OOMKilled", ago(day + 1)],
      ["ended-lately", "Completed", ago(day - 1)],
      ["running", "", ago(3 * day)],
      ["failed", "Error", ago(3 * day)],
    ];
    const claims = [
      ["sandcastle--old-pvc", ago(31)],
      ["sandcastle--young-pvc", ago(29)],
      ["sandcastle--ended-pvc", ago(day + 1)],
      ["sandcastle--running-pvc", ago(3 * day)],
      ["sandcastle-repository-cache-packit-worker-0", ago(30 * day)],
    ];
    const lines = (rows: readonly (readonly string[])[]): string => rows.map((row) => row.join("|")).join("\n");
    const { status, calls } = await run(
      "delete-pvcs",
      `"get pods "*terminated*) echo '${lines(pods)}' ;;
"get pods "*claimName*) printf '%s\\n' sandcastle--ended-pvc sandcastle--running-pvc '' ;;
"get pvc "*) echo '${lines(claims)}' ;;`,
    );
    assert.equal(status, 0);
    const rest = "-n packit-prod-sandbox --wait=false";
    assert.deepEqual(calls, [
      `delete pod ended ${rest}`,
      `delete pod short-of-memory ${rest}`,
      // What an ended pod had goes with the next run.
      `delete pvc sandcastle--old-pvc ${rest}`,
    ]);
  });

  it("an image that cannot be imported, or has no digest, fails the import's job and holds up no other", async () => {
    const digest = `sha256:${"7".repeat(64)}`;
    const { status, calls } = await run(
      "import-images",
      `"import-image is/tokman:prod -n packit-prod") exit 1 ;;
"import-image is/"*":prod -n packit-prod") ;;
"get imagestream packit-service -n packit-prod "*) ;;
"get imagestream "*) echo ${digest} ;;`,
    );
    assert.equal(status, 1);
    const patch = JSON.stringify({ spec: { template: { metadata: { annotations: { "orrery/image": digest } } } } });
    const workers = ["packit-worker", "packit-worker-short-running", "packit-worker-long-running"];
    const others = ["packit-service-beat", "packit-service-fedmsg", "packit-dashboard"];
    assert.deepEqual(
      calls,
      [...workers.map((name) => `statefulset/${name}`), ...others.map((name) => `deployment/${name}`)].map(
        (workload) => `patch ${workload} -n packit-prod --type merge -p ${patch}`,
      ),
    );
  });
});
