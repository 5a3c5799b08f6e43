import type { GuestRole } from "../../../blocks/openstack/guest/description.ts";
import { quoted } from "../../../blocks/openstack/guest/script.ts";
import { operator } from "../sshKeys.ts";

/** Formats, opens and closes the encrypted volume; its passphrase comes by standard input and is kept nowhere. */
export const workVolumeCommand = "/usr/local/sbin/work-volume";

/** Where the team works: certificates, keys and the clone of this repository are stored only on the encrypted volume. */
export const workFolder = `/home/${operator}/work`;

/** The command for the encrypted volume, found by its id. Opening needs a person, so nothing opens it at boot. */
export function workVolume(volumeId: string): GuestRole {
  return {
    packages: ["cryptsetup", "e2fsprogs", "psmisc"],
    files: [{ path: workVolumeCommand, mode: "0755", text: script(volumeId) }],
  };
}

function script(volumeId: string): string {
  return `#!/bin/bash
# work-volume format|open|close|status: the team's encrypted volume (LUKS, mapper "work", ext4) at ${workFolder}.
# format and open read the passphrase from standard input. format refuses a volume that holds anything.
. /usr/local/lib/orrery/converge.sh
disk volume ${quoted(volumeId)}
passphrase() {
  IFS= read -r phrase || [ -n "$phrase" ] || fail "no passphrase came on standard input"
  [ -n "$phrase" ] || fail "the passphrase is empty"
}
unlock() {
  [ -e /dev/mapper/work ] || printf %s "$phrase" | cryptsetup open --key-file - "$volume" work 2>/dev/null ||
    fail "the passphrase does not open the volume"
}
mounted() {
  install -d -m 0755 -o ${operator} -g ${operator} ${workFolder}
  mountpoint -q ${workFolder} || mount /dev/mapper/work ${workFolder}
  chown ${operator}:${operator} ${workFolder}
}
case \${1-} in
  format)
    blank "$volume" || fail "the volume holds something already; it is left as it is: $(content "$volume")"
    passphrase
    [ \${#phrase} -ge 12 ] || fail "the passphrase is too short: take 12 characters or more"
    printf %s "$phrase" | cryptsetup luksFormat --batch-mode --type luks2 --key-file - "$volume"
    unlock
    mkfs.ext4 -q -L work /dev/mapper/work
    mounted
    echo "formatted, open at ${workFolder}"
    ;;
  open)
    cryptsetup isLuks "$volume" || fail "the volume is not formatted yet: work-volume format"
    [ -e /dev/mapper/work ] || passphrase
    unlock
    mounted
    echo "open at ${workFolder}"
    ;;
  close)
    ! mountpoint -q ${workFolder} || umount ${workFolder} || fail "${workFolder} is in use: $(fuser -m ${workFolder} 2>/dev/null | xargs)"
    [ ! -e /dev/mapper/work ] || cryptsetup close work
    echo closed
    ;;
  status)
    if mountpoint -q ${workFolder}; then echo open; elif cryptsetup isLuks "$volume"; then echo closed
    elif blank "$volume"; then echo blank; else echo other; fi
    ;;
  *) fail "usage: work-volume format|open|close|status" ;;
esac
`;
}
