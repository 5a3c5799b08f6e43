/** Backups of a hub's homes by restic, from a snapshot of the pool. */
import type { GuestRole } from "../../../blocks/openstack/guest/description.ts";
import { backupScript } from "../../../blocks/restic.ts";
import type { BackupSettings } from "../../../config/backups.ts";
import { pool } from "./homes.ts";
import { noteBackup } from "./metricFiles.ts";

/** Variables of restic, with the repository's password and the bucket's login. */
export const backupsEnvironmentFile = "/root/.backup-homes";

/** One line of JSON, {@link HomesContents}. */
export const homesContentsFile = "homes.json";

/** What was in the homes when they were saved; the restored ones are compared with it. */
export interface HomesContents {
  /** Files and their bytes by the home's name. */
  readonly homes: Readonly<Record<string, { readonly files: number; readonly bytes: number }>>;
}

/** Name of an environment's homes among the snapshots of its repository. */
export const homesHost = (environment: string): string => `callysto-${environment}`;

const program = "/usr/local/sbin/backup-homes";

const log = "/var/log/backup-homes.log";

/** Saves the homes on a schedule of cron, which mails root what fails. */
export function homesBackup(environment: string, settings: BackupSettings): GuestRole {
  return {
    packages: ["restic", "cron"],
    files: [
      { path: program, mode: "0700", text: homesBackupScript(environment, settings) },
      // No ending in the name: cron passes over names with a dot.
      { path: "/etc/cron.d/backup-homes", text: `${settings.schedule} root ${program}\n` },
      {
        path: "/etc/logrotate.d/backup-homes",
        text: `${log} {\n  monthly\n  rotate 12\n  compress\n  missingok\n  notifempty\n}\n`,
      },
    ],
  };
}

/** The program: all homes as they were at one moment, each mounted where only this program sees it. */
export function homesBackupScript(environment: string, settings: BackupSettings): string {
  return `#!/bin/sh
# What is said here goes to root by mail.
set -eu
PATH=\${BACKUP_PATH:-/usr/sbin:/usr/bin:/sbin:/bin}
log=\${BACKUP_LOG:-${log}}
work=\${BACKUP_FOLDER:-/run/backup-homes}
if [ "\${1-}" != inside ]; then
  exec 9>>"$log"
  flock -n 9 || { echo "the homes were not saved: the run before this one goes on"; exit 1; }
  code=0
  unshare --mount "$0" inside >>"$log" 2>&1 || code=$?
  # A snapshot that stays would hold what people delete.
  zfs destroy -r ${pool}/home@orrery-backup >>"$log" 2>&1 || { echo "${pool}/home@orrery-backup is still there; see $log"; code=1; }
  [ $code = 0 ] || { echo "the homes were not saved, or the check failed. The end of $log:"; tail -n 20 "$log"; }
  [ $code = 0 ] || exit $code
${noteBackup("backup-homes")}
  exit 0
fi
set -a
. "\${BACKUP_ENVIRONMENT:-${backupsEnvironmentFile}}"
set +a
# A run that was killed leaves its snapshot.
! zfs list -H -t snapshot ${pool}/home@orrery-backup >/dev/null 2>&1 || zfs destroy -r ${pool}/home@orrery-backup
zfs snapshot -r ${pool}/home@orrery-backup
rm -f "$work/${homesContentsFile}"
mkdir -p "$work/homes"
chmod 700 "$work"
cd "$work"
# Only mount points of this program: what is below them is in the pool.
find homes -mindepth 1 -maxdepth 1 -type d -empty -exec rmdir {} +
separator=
printf '{"homes":{' > ${homesContentsFile}
zfs list -H -o name -t snapshot -r ${pool}/home > "$work/.list"
while read -r snapshot; do
  case "$snapshot" in ${pool}/home/*@orrery-backup) ;; *) continue ;; esac
  name=\${snapshot#${pool}/home/}
  name=\${name%@orrery-backup}
  mkdir -p "homes/$name"
  mount -t zfs -o ro "$snapshot" "homes/$name"
  counted=$(find "homes/$name" -type f -printf '%s\\n' | awk '{ bytes += $1 } END { printf "\\"files\\":%d,\\"bytes\\":%.0f", NR, bytes }')
  printf '%s"%s":{%s}' "$separator" "$name" "$counted" >> ${homesContentsFile}
  separator=,
done < "$work/.list"
rm "$work/.list"
printf '}}\\n' >> ${homesContentsFile}
${backupScript(homesHost(environment), settings)}`;
}
