/** Secrets of Callysto. */
import { backupSecrets } from "../../config/backups.ts";
import type { KeyedSecretSpecs, SecretSpecs } from "../../config/define.ts";
import type { CallystoSettings } from "./settings.ts";
import type { CertificateSettings, HubGuestSettings } from "./guest/settings.ts";

export const callystoSecrets = {
  deployPrivateKey: {
    description: "Private half of `deployKey`; logs in to every guest as ptty2u.",
    format: "ssh-private-key",
    legacySource: { description: "keys/id_rsa, on clavius' encrypted volume", file: "keys/id_rsa" },
  },
} satisfies SecretSpecs<CallystoSettings>;

export const callystoKeyedSecrets = {
  dummyPassword: {
    description: "The one password that everybody logs in with; JupyterHub takes none below 8 characters.",
    format: "text",
    check: (text) => (text.length >= 8 ? undefined : "expected a password of at least 8 characters"),
    legacySource: {
      description: "local_vars.yml, jupyterhub_authenticator_dummy_password",
      file: "local_vars.yml#jupyterhub_authenticator_dummy_password",
    },

    members: hubsWhere(({ jupyterhub }) => jupyterhub.authenticator === "dummypw"),
  },
  googleClientSecret: {
    description: "Secret of the OAuth client at Google.",
    format: "text",
    legacySource: {
      description: "local_vars.yml, jupyterhub_oauth_client_secret",
      file: "local_vars.yml#jupyterhub_oauth_client_secret",
    },

    members: hubsWhere(({ jupyterhub }) => jupyterhub.authenticator === "google"),
  },
  swiftPassword: {
    description: "Password of the user that keeps notebooks in Swift; every user's container gets it.",
    format: "text",
    legacySource: { description: "local_vars.yml, openstack_password", file: "local_vars.yml#openstack_password" },

    members: hubsWhere(({ jupyterhub }) => jupyterhub.spawner === "syzygyswiftspawner"),
  },
  designateSecret: {
    description: "Secret of the application credential that answers a certificate's challenges.",
    format: "text",
    legacySource: { description: "rc/dev, on clavius' encrypted volume (OS_PASSWORD)" },
    members: (settings) =>
      certificates(settings).flatMap(([name, { challenge }]) => (challenge.mode === "designate" ? [name] : [])),
  },
  certificatePushKey: {
    description: "Private half of the hubs' `guest.certificateKey`.",
    format: "ssh-private-key",
    legacySource: { description: "keys/id_rsa, on clavius' encrypted volume", file: "keys/id_rsa" },

    members: ({ environments }) =>
      Object.entries(environments).flatMap(([name, one]) =>
        one.kind === "clavius" && Object.values(one.guest?.certificates ?? {}).some(({ servers }) => servers.length > 0)
          ? [name]
          : [],
      ),
  },
  backupKey: {
    description: "Key of the weekly copy of the homes.",
    format: "ssh-private-key",
    legacySource: { description: "local_vars.yml, rrsync_private_key", file: "local_vars.yml#rrsync_private_key" },

    members: hubsWhere(({ backup }) => backup !== undefined),
  },
  ...backupsOfHomes(),
  ssoSalt: {
    description: "Goes into every user's name: with another one everybody gets a new, empty home.",
    format: "text",
    legacySource: { description: "local_vars.yml, ssp_idp_multi_salt", file: "local_vars.yml#ssp_idp_multi_salt" },

    members: hubsWhere(singleSignOn),
  },
  ssoAdminPassword: {
    description: "Password of SimpleSAMLphp's own pages.",
    format: "text",
    legacySource: {
      description: "local_vars.yml, ssp_idp_multi_admin_password",
      file: "local_vars.yml#ssp_idp_multi_admin_password",
    },

    members: hubsWhere(singleSignOn),
  },
  ssoRefreshKey: {
    description: "Lets the hourly job ask for new metadata; part of an address.",
    format: "token",
    legacySource: { description: "local_vars.yml, ssp_refresh_key", file: "local_vars.yml#ssp_refresh_key" },

    members: hubsWhere(singleSignOn),
  },
  ssoSamlCertificate: {
    description: "Certificate of the hub's identity provider.",
    format: "pem-certificate",
    legacySource: {
      description: "local_vars.yml, ssp_idp_multi_saml_cert",
      file: "local_vars.yml#ssp_idp_multi_saml_cert",
    },

    members: hubsWhere(singleSignOn),
  },
  ssoSamlKey: {
    description: "RSA key of that certificate; signs what people are.",
    format: "pem-private-key",
    legacySource: {
      description: "local_vars.yml, ssp_idp_multi_saml_key",
      file: "local_vars.yml#ssp_idp_multi_saml_key",
    },

    members: hubsWhere(singleSignOn),
  },
} satisfies KeyedSecretSpecs<CallystoSettings>;

/** The secrets of each hub's repository. */
function backupsOfHomes() {
  const members = hubsWhere(({ backups }) => backups !== undefined);
  const { backupsPassword, backupsAccessKeyId, backupsSecretAccessKey } = backupSecrets<CallystoSettings>(() => true);
  const keyed = ({ description, format }: { readonly description: string; readonly format: "token" }) => ({
    description,
    format,
    members,
  });
  return {
    backupsPassword: keyed(backupsPassword),
    backupsAccessKeyId: keyed(backupsAccessKeyId),
    backupsSecretAccessKey: keyed(backupsSecretAccessKey),
  };
}

function singleSignOn({ jupyterhub }: HubGuestSettings): boolean {
  return jupyterhub.authenticator === "shib";
}

/** Names of the hubs whose inside is described and fits. */
function hubsWhere(fits: (guest: HubGuestSettings) => boolean): (settings: CallystoSettings) => string[] {
  return ({ environments }) =>
    Object.entries(environments).flatMap(([environment, one]) =>
      one.kind === "hub" && one.guest !== undefined && fits(one.guest) ? [environment] : [],
    );
}

/** Certificates of the workstations, by name; config validation guarantees distinct names. */
function certificates({ environments }: CallystoSettings): [string, CertificateSettings][] {
  return Object.values(environments).flatMap((one) =>
    one.kind === "clavius" ? Object.entries(one.guest?.certificates ?? {}) : [],
  );
}
