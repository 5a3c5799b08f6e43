import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import type { GuestRole, SecretFile } from "../../../blocks/openstack/guest/description.ts";
import { quoted } from "../../../blocks/openstack/guest/script.ts";
import type { Host } from "../host.ts";
import { serviceProvider } from "./names.ts";
import type { SiteSettings, SsoSettings } from "./settings.ts";
import { shibbolethFiles, spCertificateFile, spKeyFile } from "./shibboleth.ts";
import { metadataFolder, simplesamlFiles, ssoFolder, statisticsFolder } from "./simplesaml.ts";
import { bothNamesFolder } from "./sourceFilters.ts";

const refresher = "/usr/local/sbin/refresh-sso-metadata";
const spKey = `${ssoFolder}/sp-key.pem`;

/** Secrets of a hub with single sign-on. */
export interface SsoSecrets {
  readonly salt: pulumi.Output<string>;
  readonly adminPassword: pulumi.Output<string>;
  readonly refreshKey: pulumi.Output<string>;
  readonly certificate: pulumi.Output<string>;
  readonly key: pulumi.Output<string>;
}

/** The secrets as files of SimpleSAMLphp, and the service provider's own key, which survives a rebuild. */
export function ssoSecretFiles(
  name: string,
  { hostname, retention }: Pick<Host, "hostname" | "retention">,
  given: SsoSecrets,
  parent: pulumi.Resource,
): Record<string, SecretFile> {
  const key = new tls.PrivateKey(
    `${name}-sp-key`,
    { algorithm: "RSA", rsaBits: 3072 },
    { parent, protect: retention.protect },
  );
  const certificate = new tls.SelfSignedCert(
    `${name}-sp-certificate`,
    {
      privateKeyPem: key.privateKeyPem,
      subject: { commonName: hostname },
      uris: [hostname.apply(serviceProvider)],
      validityPeriodHours: 10 * 365 * 24,
      allowedUses: ["digital_signature"],
    },
    { parent },
  );
  const own = (file: string, text: pulumi.Output<string>): SecretFile => ({
    ...{ path: `${ssoFolder}/${file}`, text, mode: "0640", owner: "root:www-data" },
  });
  // SimpleSAMLphp signs with a new key at once; shibd would check with the old certificate for up to an hour.
  const signing = (file: string, text: pulumi.Output<string>): SecretFile => ({
    ...{ ...own(file, text), unit: { name: "shibd", how: "restart" } },
  });
  return {
    "sso-salt": own("salt", given.salt),
    "sso-admin-password": own("admin-password", given.adminPassword),
    "sso-refresh-key": own("refresh-key", given.refreshKey),
    "sso-idp-certificate": signing("idp-cert.pem", given.certificate),
    "sso-idp-key": signing("idp-key.pem", given.key),
    // Shibboleth's account is not there before its package; the part below hands the key over.
    "sso-sp-key": { path: spKey, text: key.privateKeyPem },
    "sso-sp-certificate": { path: `${ssoFolder}/sp-cert.pem`, text: certificate.certPem, mode: "0644" },
  };
}

const phpSettings = "/etc/php/8.2/fpm/conf.d/50-callysto.ini";
const phpRestart = "/etc/systemd/system/php8.2-fpm.service.d/callysto.conf";

/** SimpleSAMLphp, by which people log in elsewhere, and what Apache's module reads; it comes before Apache's own part. */
export function sso(hostname: string, settings: SsoSettings, { supportEmail }: SiteSettings): GuestRole {
  const folders = [metadataFolder, ...Object.keys(settings.sources).map((name) => `${metadataFolder}/${name}`)];
  return {
    packages: [
      // FPM first: PHP takes it instead of Apache's own module, which would ask for another kind of Apache.
      ...["php8.2-fpm", "php8.2-xml", "php8.2-mbstring", "simplesamlphp", "libapache2-mod-shib", "cron", "curl"],
    ],
    files: [
      ...simplesamlFiles(hostname, settings, supportEmail),
      ...shibbolethFiles(hostname, settings, supportEmail),
      { path: phpSettings, text: "session.gc_maxlifetime = 14400\n" },
      // Debian's unit stays failed when its process dies, and then nobody can log in.
      { path: phpRestart, text: "[Service]\nRestart=on-failure\n" },
      { path: refresher, mode: "0755", text: refreshScript(hostname) },
      {
        path: "/etc/cron.d/callysto-sso",
        text: `MAILTO=root\n1 * * * * www-data ${refresher} hourly\n2 0 * * * www-data ${refresher} daily\n`,
      },
    ],
    steps: [
      ...folders.map((folder) => `directory ${folder} 0755 www-data:www-data`),
      `directory ${statisticsFolder} 0750 www-data:adm`,
      ...(settings.keepBothNames ? [`directory ${bothNamesFolder} 0750 www-data:root`] : []),
      `file ${spKeyFile} 0600 _shibd:_shibd <${spKey} | sed 's|$| (secret)|'`,
      `file ${spCertificateFile} 0644 root:root <${ssoFolder}/sp-cert.pem`,
      "apache_module shib proxy_fcgi setenvif",
    ],
    units: [{ name: "php8.2-fpm", how: "restart", files: [phpSettings, phpRestart] }],
  };
}

/** Shibboleth's daemon, when Apache answers for the identity provider's metadata, and these of the sources. */
export function ssoSessions(hostname: string, settings: SsoSettings, { supportEmail }: SiteSettings): GuestRole {
  const read = [
    ...shibbolethFiles(hostname, settings, supportEmail).map(({ path }) => path),
    ...[spKeyFile, spCertificateFile],
  ];
  return {
    steps: ['shibd -t >/dev/null 2>&1 || fail "shibd refuses its configuration: $(shibd -t 2>&1 | xargs -0)"'],
    units: [
      { name: "shibd", how: "restart", files: read },
      { name: "apache2", how: "restart", files: read },
    ],
    checks: [
      ...(Object.keys(settings.sources).length === 0
        ? []
        : [`[ -n "$checking" ] || ${refresher} hourly || fail "the sources' metadata could not be looked for"`]),
    ],
  };
}

/** The key is no argument of a command, as everybody may list these. */
const refreshScript = (hostname: string): string => `#!/bin/sh
# refresh-sso-metadata hourly|daily: SimpleSAMLphp does what is due, e.g. fetches the sources' metadata. It is this machine
# that is asked, so nothing depends on its certificate.
host=${quoted(hostname)}
exec curl -fsSk -o /dev/null --connect-to "$host:443:127.0.0.1:443" -K - <<END
url = "https://$host/simplesaml/module.php/cron/cron.php?key=$(cat ${ssoFolder}/refresh-key)&tag=$1"
END
`;
