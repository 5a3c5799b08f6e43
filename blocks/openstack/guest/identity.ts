import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";

/** The first login to a new server. */
export interface FirstContact {
  readonly host: pulumi.Input<string>;
  readonly user: string;
  readonly privateKey: pulumi.Input<string>;
  /** Public half of the host key that cloud-init gave to the server. */
  readonly bootstrapKey: pulumi.Input<string>;
  /** The host key that the server gets; both halves in OpenSSH's format. */
  readonly hostKey: { readonly public: pulumi.Input<string>; readonly private: pulumi.Input<string> };
}

/**
 * Inputs of the command that gives a new server its lasting host key. The server proves that it is ours by the key from its
 * user data, or by the lasting one if an earlier run was interrupted; nothing is sent to another. It runs where the engine
 * runs, by OpenSSH: a remote command would connect again, with a key that is gone, whenever the login changes.
 */
export function firstContact({
  host,
  user,
  privateKey,
  bootstrapKey,
  hostKey,
}: FirstContact): command.local.CommandArgs {
  return {
    // Short, as the error of a command that fails quotes it.
    create: 'exec sh -c "$FIRST_CONTACT"',
    update: "true",
    environment: {
      GUEST_HOST: host,
      GUEST_USER: user,
      GUEST_LOGIN_KEY: privateKey,
      GUEST_KNOWN_KEYS: pulumi.interpolate`guest ${bootstrapKey}\nguest ${hostKey.public}`,
      GUEST_INSTALL: install,
      FIRST_CONTACT: script,
    },
    stdin: hostKey.private,
    logging: command.types.enums.local.Logging.None,
  };
}

/** In the guest, as root: standard input is the private half of the one host key that sshd uses from now on. */
const install = `set -euo pipefail
key=/etc/ssh/ssh_host_ed25519_key
umask 077
cat >$key.orrery
ssh-keygen -y -f $key.orrery >$key.pub.orrery
chmod 0644 $key.pub.orrery
mv $key.pub.orrery $key.pub
mv $key.orrery $key
(umask 022 && mkdir -p /etc/ssh/sshd_config.d && echo "HostKey $key" >/etc/ssh/sshd_config.d/05-host-key.conf)
sshd -t
systemctl reload ssh`;

/** A new server may take minutes until it answers; a wrong host key is not waited for that long. */
const script = `set -eu
umask 077
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/identity"
printf '%s\\n' "$GUEST_LOGIN_KEY" >"$work/key"
printf '%s\\n' "$GUEST_KNOWN_KEYS" >"$work/known_hosts"
fail() { echo "cannot enter $GUEST_USER@$GUEST_HOST: $*" >&2; exit 1; }
tries=0
end=$(($(date +%s) + 1500))
while :; do
  code=0
  ssh -F none -i "$work/key" -o IdentitiesOnly=yes -o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=15 \\
    -o StrictHostKeyChecking=yes -o UserKnownHostsFile="$work/known_hosts" -o GlobalKnownHostsFile=/dev/null -o HostKeyAlias=guest \\
    -o HostKeyAlgorithms=ssh-ed25519 -o LogLevel=ERROR "$GUEST_USER@$GUEST_HOST" "sudo -n bash -c '$GUEST_INSTALL'" \\
    <"$work/identity" >"$work/said" 2>&1 || code=$?
  [ $code != 0 ] || exit 0
  said=$(tail -n 1 "$work/said")
  if grep -q 'Host key verification failed\\|IDENTIFICATION HAS CHANGED' "$work/said"; then
    said="it has another host key than the stack gave it. Was it made by this stack? If so, somebody is in between; if not, rebuild it"
  elif [ $code != 255 ]; then
    said="its host key was not installed: $said"
  else
    tries=0
  fi
  tries=$((tries + 1))
  [ $tries -lt 10 ] && [ "$(date +%s)" -lt $end ] || fail "$said"
  sleep 5
done
`;
