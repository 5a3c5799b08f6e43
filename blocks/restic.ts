/** How restic is called, by the jobs that make backups and by the commands that read them. */
import type { BackupSettings } from "../config/backups.ts";
import { anywhere, type Traffic } from "./kubernetes/networkPolicy.ts";

/** Tag of a snapshot after which the repository was checked, and found whole. */
export const checkedTag = "checked";

/** Seconds that one backup may take, with removal of old ones and the check. */
export const longestBackup = 3 * 3600;

/**
 * A shell script that saves its working folder. A repository that does not exist is made; the newest snapshot gets
 * {@link checkedTag} when the check has passed. It needs RESTIC_REPOSITORY, RESTIC_PASSWORD and the bucket's login.
 * @param host - name of the data set among the snapshots of the repository: pods have another host name each time
 */
export function backupScript(host: string, { keep }: Pick<BackupSettings, "keep">): string {
  const kept = Object.entries(keep).flatMap(([span, count]) => (count === 0 ? [] : [`--keep-${span} ${count}`]));
  return `restic cat config --no-lock >/dev/null || restic init
# A run that was killed leaves its lock; this removes it once it is half an hour old.
restic unlock
restic backup --host ${host} .
restic forget --host ${host} --group-by host ${kept.join(" ")} --prune
# A seventh of the data each day of the week, so that everything is read once a week.
restic check --read-data-subset "$(date +%u)/7"
restic tag --host ${host} --add ${checkedTag} latest
`;
}

/** Traffic to the bucket of a repository. */
export function repositoryTraffic({ repository }: Pick<BackupSettings, "repository">): Traffic {
  const { port, protocol } = new URL(repository.replace(/^s3:/, ""));
  return anywhere(port === "" ? (protocol === "http:" ? 80 : 443) : Number(port));
}
