import type { GuestFile } from "../../../blocks/openstack/guest/description.ts";
import { identityProvider, namesOf, serviceProvider } from "./names.ts";
import { PhpExpression, phpFile } from "./php.ts";
import type { SsoSettings } from "./settings.ts";
import { filter, map, nameFilters } from "./sourceFilters.ts";

/** Where SimpleSAMLphp finds its settings; Debian's own stay as they are. */
export const simplesamlFolder = "/etc/callysto/simplesamlphp";

/** What only SimpleSAMLphp may read; each file holds one secret and nothing else. */
export const ssoFolder = "/etc/callysto/sso";

/** Files that the metadata of the sources is kept in, for each source a folder. */
export const metadataFolder = "/var/lib/simplesamlphp/metadata";

export const statisticsFolder = "/var/log/stats";

/** Cookies of SimpleSAMLphp's sessions. */
export const sessionCookies = { attribute: "SimpleSAMLByAttribute", source: "SimpleSAMLBySource" } as const;

/** The source with two users, for hubs where nobody works. */
const mock = "mock";

const secret = (name: string): PhpExpression => new PhpExpression(`trim(file_get_contents('${ssoFolder}/${name}'))`);

/** Everything that SimpleSAMLphp reads, but for the secrets. */
export function simplesamlFiles(hostname: string, sso: SsoSettings, contact: string): GuestFile[] {
  const files: Readonly<Record<string, string>> = {
    "config.php": phpFile("config", config(hostname, sso, contact)),
    "authsources.php": phpFile("config", authenticationSources(hostname, sso)),
    "module_cron.php": phpFile("config", {
      key: secret("refresh-key"),
      allowed_tags: ["hourly", "daily"],
      debug_message: false,
      sendemail: false,
    }),
    "config-metarefresh.php": phpFile("config", { sets: metadataSets(sso) }),
    "metadata/saml20-idp-hosted.php": phpFile(`metadata['${identityProvider(hostname)}']`, hostedProvider),
    "metadata/saml20-sp-remote.php": phpFile(`metadata['${serviceProvider(hostname)}']`, {
      AssertionConsumerService: `https://${hostname}/Shibboleth.sso/SAML2/POST`,
      SingleLogoutService: `https://${hostname}/Shibboleth.sso/SLO/Redirect`,
    }),
  };
  return Object.entries(files).map(([name, text]) => ({ path: `${simplesamlFolder}/${name}`, text }));
}

function config(hostname: string, settings: SsoSettings, contact: string): object {
  const { sources, develop } = settings;
  const modules = ["core", "saml", "multiauth", "smartattributes", "cron", "metarefresh"];
  return {
    baseurlpath: `https://${hostname}/simplesaml/`,
    certdir: `${ssoFolder}/`,
    metadatadir: `${simplesamlFolder}/metadata/`,
    attributenamemapdir: "/etc/simplesamlphp/attributemap/",
    datadir: "/var/lib/simplesamlphp/data/",
    loggingdir: "/var/log/simplesamlphp/",
    tempdir: "/tmp/simplesaml",
    technicalcontact_name: "Callysto",
    technicalcontact_email: contact,
    timezone: null,
    secretsalt: secret("salt"),
    "auth.adminpassword": secret("admin-password"),
    "admin.protectindexpage": true,
    // Public data that shibd and the sources fetch; with a password in front nobody could log in.
    "admin.protectmetadata": false,
    "admin.checkforupdates": false,
    showerrors: false,
    errorreporting: false,
    "logging.handler": "syslog",
    "logging.facility": new PhpExpression("LOG_LOCAL5"),
    "logging.processname": "simplesamlphp",
    "statistics.out": [{ class: "core:File", directory: statisticsFolder }],
    "enable.saml20-idp": true,
    "module.enable": Object.fromEntries([...modules, ...(develop ? ["exampleauth"] : [])].map((name) => [name, true])),
    "session.duration": 28_800,
    "session.datastore.timeout": 14_400,
    "session.cookie.secure": true,
    "session.cookie.samesite": "None",
    "session.phpsession.httponly": true,
    // A session holds the name that the filters have made; sessions with names of the other kind are not found any more.
    "session.phpsession.cookiename": sessionCookies[namesOf(settings)],
    "language.available": ["en", "fr"],
    "language.default": "en",
    "metadata.sources": [
      { type: "flatfile" },
      ...Object.keys(sources).map((name) => ({ type: "flatfile", directory: `${metadataFolder}/${name}` })),
    ],
    "store.type": "phpsession",
  };
}

/** The sources and the page on which people choose one. */
function authenticationSources(hostname: string, settings: SsoSettings): object {
  const { sources, develop } = settings;
  const named = Object.entries(sources);
  const choices = [
    ...named.map(([name, { displayName }]) => [name, displayName] as const),
    ...(develop ? [[mock, "test"] as const] : []),
  ];
  const text = (display: string): object => ({
    en: `Login with ${display} account`,
    fr: `Se connecter avec un compte ${display}`,
  });
  // This kind of source runs no filters, so its users bring along what the filters would make.
  const user = (name: string): object => ({ uid: [name], smart_id: [`${name}@${hostname}`] });
  return {
    admin: ["core:AdminPassword"],
    multi: new Map<number | string, unknown>([
      [0, "multiauth:MultiAuth"],
      ["sources", Object.fromEntries(choices.map(([name, display]) => [name, { text: text(display) }]))],
    ]),
    ...Object.fromEntries(
      named.map(([name, source]) => [
        name,
        new Map<number | string, unknown>([
          [0, "saml:SP"],
          ["idp", source.entityId],
          ["privatekey", "idp-key.pem"],
          ["certificate", "idp-cert.pem"],
          ["authproc", nameFilters(hostname, name, source, settings)],
        ]),
      ]),
    ),
    ...(develop
      ? {
          [mock]: new Map<number | string, unknown>([
            [0, "exampleauth:UserPass"],
            ["student:studentpass", user("student")],
            ["teacher:teacherpass", user("teacher")],
          ]),
        }
      : {}),
  };
}

/** Refreshed every hour; metadata that was unavailable for four days is dropped. */
function metadataSets({ sources }: SsoSettings): object {
  return Object.fromEntries(
    Object.entries(sources).map(([name, { metadataUrl, scopes }]) => [
      name,
      {
        cron: ["hourly"],
        sources: [{ src: metadataUrl, ...(Array.isArray(scopes) ? { template: { scope: scopes } } : {}) }],
        expireAfter: 345_600,
        outputDir: `${metadataFolder}/${name}`,
        outputFormat: "flatfile",
        types: ["saml20-idp-remote"],
      },
    ]),
  );
}

/** A user's name is a hash of the attributes that the source's filters select; the hub receives nothing else. */
const hostedProvider = {
  host: "__DEFAULT__",
  privatekey: "idp-key.pem",
  certificate: "idp-cert.pem",
  auth: "multi",
  // Shibboleth believes no end of a session that is not signed.
  "sign.logout": true,
  "attributes.NameFormat": "urn:oasis:names:tc:SAML:2.0:attrname-format:uri",
  // A NameID as XML, and not as text of it.
  attributeencodings: { "urn:oid:1.3.6.1.4.1.5923.1.1.1.10": "raw" },
  authproc: new Map<number, unknown>([
    [30, filter("core:TargetedID", { identifyingAttribute: "smart_id", nameId: true })],
    [
      90,
      new Map<number | string, unknown>([
        ["class", "core:AttributeLimit"],
        [0, "eduPersonTargetedID"],
      ]),
    ],
    [100, map("name2oid")],
  ]),
};
