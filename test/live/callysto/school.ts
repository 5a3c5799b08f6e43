/** Schools: identity providers of SimpleSAMLphp's own, next to a hub in one file system. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { phpFile } from "../../../components/callysto/guest/php.ts";
import { hostname, keyPair } from "./signOn.ts";

/** One school and its only person, who logs in as alice with the password secret. */
export interface School {
  /** Name of the hub's source; its host is `<name>.test`. */
  readonly name: string;
  readonly attributes: Readonly<Record<string, readonly string[]>>;
  /** Domains that its metadata claims. */
  readonly scopes?: readonly string[];
  /** Who it says that the person was known to first. */
  readonly authority?: string;
}

export const entityId = (name: string): string => `https://${name}.test/idp`;

/** What a hub's settings have about it. */
export function sourceOf({ name }: School): object {
  return {
    displayName: name,
    entityId: entityId(name),
    metadataUrl: `http://${name}.test/simplesaml/saml2/idp/metadata.php`,
  };
}

/** A script that brings the schools about, on the hub's Apache; to be run after the hub's own. */
export function buildSchools(schools: readonly School[]): string {
  return schools.map(build).join("");
}

function build(school: School): string {
  const { name, attributes, scopes = [], authority } = school;
  const folder = mkdtempSync(path.join(tmpdir(), "callysto-school-"));
  const { key, certificate } = keyPair(folder, name);
  rmSync(folder, { recursive: true });
  const home = `/etc/schools/${name}`;
  const sp = `https://${hostname}/simplesaml/module.php/saml/sp`;
  const files: Readonly<Record<string, string>> = {
    "config.php": phpFile("config", {
      baseurlpath: `https://${name}.test/simplesaml/`,
      certdir: `${home}/`,
      metadatadir: `${home}/metadata/`,
      attributenamemapdir: "/etc/simplesamlphp/attributemap/",
      tempdir: `/tmp/${name}`,
      secretsalt: name,
      "auth.adminpassword": name,
      "logging.handler": "errorlog",
      "enable.saml20-idp": true,
      "module.enable": { exampleauth: true, core: true, saml: true },
      "session.cookie.secure": true,
      "session.cookie.samesite": "None",
      "session.phpsession.cookiename": "School",
      "store.type": "phpsession",
    }),
    "authsources.php": phpFile("config", {
      people: new Map<number | string, unknown>([
        [0, "exampleauth:UserPass"],
        ["alice:secret", attributes],
      ]),
    }),
    "metadata/saml20-idp-hosted.php": phpFile(`metadata['${entityId(name)}']`, {
      host: "__DEFAULT__",
      privatekey: "key.pem",
      certificate: "certificate.pem",
      auth: "people",
      ...(scopes.length === 0 ? {} : { scope: scopes }),
      ...(authority === undefined
        ? {}
        : {
            authproc: new Map([
              [5, { class: "core:PHP", code: `$state['saml:AuthenticatingAuthority'] = ['${authority}'];` }],
            ]),
          }),
    }),
    "metadata/saml20-sp-remote.php": phpFile(`metadata['${sp}/metadata.php/${name}']`, {
      AssertionConsumerService: `${sp}/saml2-acs.php/${name}`,
      SingleLogoutService: `${sp}/saml2-logout.php/${name}`,
    }),
    "key.pem": key,
    "certificate.pem": certificate,
  };
  const write = Object.entries(files).map(
    ([file, text]) => `install -D /dev/stdin ${home}/${file} <<'END_OF_FILE'\n${text}END_OF_FILE\n`,
  );
  const site = `ServerName ${name}.test
  Alias /simplesaml /usr/share/simplesamlphp/www
  <Directory /usr/share/simplesamlphp/www>
    SetEnv SIMPLESAMLPHP_CONFIG_DIR ${home}
    <FilesMatch "\\.php$">
      SetHandler "proxy:unix:/run/php/php8.2-fpm.sock|fcgi://localhost"
    </FilesMatch>
    Require all granted
  </Directory>`;
  return `${write.join("")}
cat >/etc/apache2/sites-enabled/${name}.conf <<'END_OF_FILE'
<VirtualHost *:80>
  ${site}
</VirtualHost>
<VirtualHost *:443>
  SSLEngine on
  SSLCertificateFile /etc/pki/tls/certs/fullchain.pem
  SSLCertificateKeyFile /etc/pki/tls/private/privkey.pem
  ${site}
</VirtualHost>
END_OF_FILE
grep -q '${name}.test' /etc/hosts || echo '127.0.0.1 ${name}.test' >>/etc/hosts
`;
}
