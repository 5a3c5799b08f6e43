/** Settings and secrets of backups by restic, the same in every system that has data. */
import { z } from "zod";
import { schedule } from "./fields.ts";

const count = z.int().min(0).max(1000);

/** A repository of restic, when it gets a backup, and which ones stay. */
export const backupSettings = z.strictObject({
  repository: z
    .string()
    .regex(
      /^s3:https?:\/\/[a-z0-9.-]+(:\d+)?\/[a-z0-9.-]+(\/[\w.-]+)*$/,
      "expected a bucket as restic names it: s3:https://HOST/BUCKET/FOLDER",
    )
    .describe("Where restic keeps the encrypted backups: `s3:https://HOST/BUCKET/FOLDER`; made at the first backup."),
  schedule: schedule.default("37 1 * * *"),
  keep: z
    .strictObject({ daily: count.default(7), weekly: count.default(5), monthly: count.default(12) })
    .prefault({})
    .refine(({ daily, weekly, monthly }) => daily + weekly + monthly > 0, "expected at least one backup to keep")
    .describe("How many days, weeks and months keep their last backup; the others are removed."),
});
export type BackupSettings = z.infer<typeof backupSettings>;

/** Declarations of the secrets of a repository. @param used - whether the settings name one */
export function backupSecrets<Settings>(used: (settings: Settings) => boolean) {
  return {
    backupsPassword: {
      description: "restic's password; nobody reads the backups without it, so keep it outside the stack, too.",
      format: "token",
      when: used,
    },
    backupsAccessKeyId: {
      description: "Account that reads, writes and deletes in the bucket of the backups, and nowhere else.",
      format: "token",
      when: used,
    },
    backupsSecretAccessKey: { description: "Its secret.", format: "token", when: used },
  } as const;
}
