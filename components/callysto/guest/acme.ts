import { readFileSync } from "node:fs";
import path from "node:path";
import type { GuestFile, GuestRole, Unit } from "../../../blocks/openstack/guest/description.ts";
import { quoted } from "../../../blocks/openstack/guest/script.ts";
import { knownHosts, sshOptions } from "./knownHosts.ts";
import { operator } from "../sshKeys.ts";
import type { CertificateSettings } from "./settings.ts";
import { workFolder } from "./workVolume.ts";

const configFolder = "/etc/callysto/letsencrypt";
const hook = "/opt/callysto/acme-hook";
const renew = "/usr/local/bin/renew-certificate";

/** Key by which the servers know the workstation. */
export const pushKeyFile = `${configFolder}/push`;

/** File with the secret of a certificate's application credential. */
export function designateSecretFile(name: string): string {
  return `${configFolder}/${name}/secret`;
}

/**
 * Wildcard certificates by ACME: made and kept on the encrypted volume, looked after daily, pushed to the servers.
 * @param hubKeys - public host keys of this stack's hubs, by their full names
 */
export function acme(
  certificates: Readonly<Record<string, CertificateSettings>>,
  hubKeys: Readonly<Record<string, string>>,
): GuestRole {
  const names = Object.keys(certificates);
  return {
    packages: ["dehydrated", "bind9-dnsutils", "bsd-mailx", "dma"],
    files: [
      { path: hook, mode: "0755", text: readFileSync(path.join(import.meta.dirname, "acmeHook.py"), "utf8") },
      { path: renew, mode: "0755", text: renewScript },
      { path: "/etc/systemd/system/callysto-certificate@.service", text: service },
      { path: "/etc/systemd/system/callysto-certificate@.timer", text: timer },
      ...Object.entries(certificates).flatMap(([name, one]) => certificateFiles(name, one, hubKeys)),
    ],
    units: names.map((name): Unit => ({ name: `callysto-certificate@${name}.timer`, how: "restart", files: [] })),
  };
}

/** What is reviewed before a certificate is requested: configuration, domains, and how the challenge is met. */
export function certificateFiles(
  name: string,
  settings: CertificateSettings,
  hubKeys: Readonly<Record<string, string>>,
): GuestFile[] {
  const { domain, challenge, servers } = settings;
  const { mode, ...how } = challenge;
  const folder = `${configFolder}/${name}`;
  const known = `${folder}/known_hosts`;
  const answer = { [mode]: how, servers, pushKey: pushKeyFile, sshOptions: sshOptions(known) };
  const keys = { ...hubKeys, ...settings.hostKeys };
  return [
    { path: `${folder}/config`, text: dehydratedConfig(name, settings) },
    { path: `${folder}/domains.txt`, text: `*.${domain} > ${alias(domain)}\n` },
    { path: `${folder}/hook.json`, text: `${JSON.stringify(answer, undefined, 2)}\n` },
    {
      path: known,
      text: knownHosts(Object.fromEntries(Object.entries(keys).filter(([host]) => servers.includes(host)))),
    },
  ];
}

const alias = (domain: string): string => `star_${domain.replaceAll(".", "_")}`;

/** dehydrated sources its configuration, so it is a script of bash. */
function dehydratedConfig(name: string, { domain, directory, contact }: CertificateSettings): string {
  return `CA=${quoted(directory)}
CONTACT_EMAIL=${quoted(contact)}
BASEDIR=${quoted(`${workFolder}/letsencrypt/${name}`)}
DOMAINS_TXT=${quoted(`${configFolder}/${name}/domains.txt`)}
CHALLENGETYPE=dns-01
HOOK=${hook}
KEY_ALGO=rsa
KEYSIZE=4096
PRIVATE_KEY_RENEW=yes
export CALLYSTO_CERTIFICATE=${quoted(`${configFolder}/${name}`)}

# Renewed when a third of its life is left, however long authorities let it live.
RENEW_DAYS=30
present=$BASEDIR/certs/${quoted(alias(domain))}/cert.pem
if [[ -s $present ]]; then
  begin=$(date -d "$(openssl x509 -in "$present" -noout -startdate | cut -d= -f2)" +%s)
  end=$(date -d "$(openssl x509 -in "$present" -noout -enddate | cut -d= -f2)" +%s)
  RENEW_DAYS=$(((end - begin) / 3 / 86400))
fi
`;
}

const renewScript = `#!/bin/sh
# renew-certificate NAME [OPTION...]: makes or renews the certificate of ${configFolder}/NAME if it is due; options are dehydrated's.
name=$1
shift
config=${configFolder}/$name/config
[ -r "$config" ] || { echo "there is no certificate \\"$name\\"; there are: $(ls ${configFolder} 2>/dev/null | xargs)" >&2; exit 1; }
mountpoint -q ${workFolder} || { echo "the encrypted volume is not open: sudo work-volume open" >&2; exit 1; }
mkdir -p "${workFolder}/letsencrypt/$name"
exec dehydrated --config "$config" --cron --accept-terms "$@"
`;

const service = `[Unit]
Description=Certificate %i
After=network-online.target
Wants=network-online.target
ConditionPathIsMountPoint=${workFolder}

[Service]
Type=oneshot
User=${operator}
ExecStart=${renew} %i
`;

const timer = `[Unit]
Description=Daily look at certificate %i

[Timer]
OnCalendar=daily
RandomizedDelaySec=6h
Persistent=true

[Install]
WantedBy=timers.target
`;
