/** `orrery backup`. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { backupScript } from "../../blocks/restic.ts";
import { defineCommand } from "../../cli/command.ts";
import { backupSettings } from "../../config/backups.ts";
import { UsageError } from "../../cli/usage.ts";
import { ownRepository, stateHost } from "../lib/backups/dataSets.ts";
import { reason } from "../lib/backups/repository.ts";
import { withoutLogins } from "../lib/state/backend/backend.ts";
import { readSavedState } from "../lib/backups/savedState.ts";
import { writeStateFiles } from "../lib/backups/stateFiles.ts";
import { interruptible } from "../../cli/interrupt.ts";
import { dryRunOption } from "../lib/options.ts";
import { run } from "../lib/process.ts";
import { groupOptions } from "../lib/stack.ts";

export const command = defineCommand({
  about: `Saves Pulumi's state and the stack's file outside of the backend, with restic. RESTIC_REPOSITORY and RESTIC_PASSWORD name the repository,
which is made where there is none; a bucket's login is in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. Secrets stay encrypted by the
stack's passphrase, and restic encrypts everything once more. A folder's or bucket's file is saved as it is; of another backend (Pulumi
Cloud, PostgreSQL) what pulumi stack export prints. Old backups are removed (7 days, 5 weeks, 12 months stay), and the repository
is checked. Run it every day; backups lists it, drill restores it.`,
  groups: { without: ["config-file"], inTurn: true },
  options: { ...groupOptions, ...dryRunOption },
  async run({ dryRun, ...values }) {
    const repository = ownRepository();
    if (repository === undefined) throw new UsageError("RESTIC_REPOSITORY and RESTIC_PASSWORD are not set");
    const saved = await readSavedState(values);
    const place = withoutLogins(repository.url);
    return interruptible(async (signal) => {
      const folder = mkdtempSync(path.join(tmpdir(), "orrery-backup-"));
      try {
        const resources = writeStateFiles(saved, folder);
        const title = `${resources} resources of ${saved.stack} and its file`;
        if (dryRun) {
          console.log(`would save ${title} in ${place}`);
          return 0;
        }
        const script = backupScript(stateHost(saved.stack), { keep: backupSettings.shape.keep.parse(undefined) });
        const ran = await run("sh", ["-ec", script], {
          ...{ cwd: folder, env: repository.env, timeout: 3600 },
          // On SIGINT restic gives up its lock.
          ...{ signal, endedBy: "SIGINT" },
        });
        if (ran.status !== 0) throw new Error(`${place}: ${reason(ran)}`);
        console.log(`saved ${title} in ${place}, and checked it`);
        return 0;
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });
  },
});
