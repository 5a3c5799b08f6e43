import type { GuestFile, GuestRole } from "../../../blocks/openstack/guest/description.ts";
import { quoted } from "../../../blocks/openstack/guest/script.ts";

export const certificateFile = "/etc/pki/tls/certs/fullchain.pem";
export const keyFile = "/etc/pki/tls/private/privkey.pem";
export const virtualHostsFile = "/etc/apache2/sites-available/jupyter.conf";

/** Account of the workstation. */
export const pusher = "certificate";

/** Installs a new certificate from standard input; called by people and by the workstation. */
export const receiver = "/usr/local/sbin/receive-certificate";

/** Notes for Prometheus how long the certificate is valid; only where the hub serves metrics. */
export const certificateMetricsProgram = "/usr/local/sbin/certificate-metrics";

/** The receiver: nothing is put in place that is not whole, valid now and for this host. */
export function receiverFile(hostname: string): GuestFile {
  return { path: receiver, mode: "0755", text: script(hostname) };
}

/** Account by which the workstation pushes: its key runs the receiver and nothing else. */
export function pushAccount(publicKey: string): GuestRole {
  const home = `/var/lib/${pusher}`;
  const only = `restrict,command="sudo -n ${receiver}" ${publicKey.trim()}\n`;
  return {
    accounts: [{ name: pusher, home }],
    files: [
      { path: `${home}/.ssh/authorized_keys`, mode: "0600", owner: `${pusher}:${pusher}`, text: only },
      { path: "/etc/sudoers.d/certificate", mode: "0440", text: `${pusher} ALL=(root) NOPASSWD: ${receiver} ""\n` },
    ],
    steps: ['visudo -qcf /etc/sudoers.d/certificate || fail "sudo refuses /etc/sudoers.d/certificate"'],
  };
}

function script(hostname: string): string {
  return `#!/bin/bash
# receive-certificate: private key and certificate chain (PEM, the host's own certificate first) on standard input are
# checked, put in place, and Apache reloads. Nothing changes when anything is wrong, or when they are in place already.
. /usr/local/lib/orrery/converge.sh
umask 077
host=${quoted(hostname)}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/all"
part() { awk -v what="$1" '$0 ~ "^-----BEGIN .*" what "-----" { on = 1 } on { print } $0 ~ "^-----END .*" what "-----" { on = 0 }' "$work/all"; }
part 'PRIVATE KEY' >"$work/privkey.pem"
part CERTIFICATE >"$work/fullchain.pem"
[ -s "$work/privkey.pem" ] || fail "there is no private key in what came"
openssl x509 -in "$work/fullchain.pem" -out "$work/cert.pem" 2>/dev/null || fail "there is no certificate in what came"
awk '/^-----BEGIN/ { count++ } count > 1' "$work/fullchain.pem" >"$work/chain.pem"
[ "$(openssl pkey -in "$work/privkey.pem" -pubout 2>/dev/null)" = "$(openssl x509 -in "$work/cert.pem" -noout -pubkey)" ] ||
  fail "the private key is not the certificate's"
openssl x509 -in "$work/cert.pem" -noout -checkend 0 >/dev/null ||
  fail "the certificate has expired: $(openssl x509 -in "$work/cert.pem" -noout -enddate)"
openssl x509 -in "$work/cert.pem" -noout -checkhost "$host" | grep -q 'does match' ||
  fail "the certificate is not for $host: $(openssl x509 -in "$work/cert.pem" -noout -ext subjectAltName 2>/dev/null | tail -1 | xargs)"
for name in cert chain fullchain; do
  file "/etc/pki/tls/certs/$name.pem" 0644 root:root <"$work/$name.pem"
done
file ${keyFile} 0600 root:root <"$work/privkey.pem"
apachectl configtest 2>/dev/null || fail "apache refuses its configuration with the new certificate: $(apachectl configtest 2>&1 | xargs -0)"
unit apache2 reload ${virtualHostsFile} ${certificateFile}
[ ! -x ${certificateMetricsProgram} ] || ${certificateMetricsProgram}
`;
}
