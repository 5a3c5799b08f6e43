/** The secrets that Callysto is given. */
import type { FamilySpec, SecretSpec } from "../../config/define.ts";
import type { CallystoSettings } from "./config.ts";
import type { CertificateSettings, HubGuestSettings } from "./guest/settings.ts";

export const callystoSecrets = {
  deployPrivateKey: {
    description: "Private half of `deployKey`; logs in to every guest as ptty2u.",
    format: "ssh-private-key",
    formerly: "keys/id_rsa, on clavius' encrypted volume",
    source: { file: "keys/id_rsa" },
  },
} satisfies Readonly<Record<string, SecretSpec<CallystoSettings>>>;

export const callystoFamilies = {
  dummyPassword: {
    description: "The one password that everybody logs in with.",
    format: "text",
    formerly: "local_vars.yml, jupyterhub_authenticator_dummy_password",
    source: { file: "local_vars.yml#jupyterhub_authenticator_dummy_password" },
    members: hubsWhere(({ jupyterhub }) => jupyterhub.authenticator === "dummypw"),
  },
  googleClientSecret: {
    description: "Secret of the OAuth client at Google.",
    format: "text",
    formerly: "local_vars.yml, jupyterhub_oauth_client_secret",
    source: { file: "local_vars.yml#jupyterhub_oauth_client_secret" },
    members: hubsWhere(({ jupyterhub }) => jupyterhub.authenticator === "google"),
  },
  swiftPassword: {
    description: "Password of the user that keeps notebooks in Swift; every user's container gets it.",
    format: "text",
    formerly: "local_vars.yml, openstack_password",
    source: { file: "local_vars.yml#openstack_password" },
    members: hubsWhere(({ jupyterhub }) => jupyterhub.spawner === "syzygyswiftspawner"),
  },
  designateSecret: {
    description: "Secret of the application credential that answers a certificate's challenges.",
    format: "text",
    formerly: "~/work/rc/dev on clavius (OS_PASSWORD)",
    members: (settings) =>
      certificates(settings).flatMap(([name, { challenge }]) => (challenge.mode === "designate" ? [name] : [])),
  },
  certificatePushKey: {
    description: "Private half of the hubs' `guest.certificateKey`.",
    format: "ssh-private-key",
    formerly: "keys/id_rsa, on clavius' encrypted volume",
    source: { file: "keys/id_rsa" },
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
    formerly: "local_vars.yml, rrsync_private_key",
    source: { file: "local_vars.yml#rrsync_private_key" },
    members: hubsWhere(({ backup }) => backup !== undefined),
  },
} satisfies Readonly<Record<string, FamilySpec<CallystoSettings>>>;

/** Names of the hubs whose inside is described and fits. */
function hubsWhere(fits: (guest: HubGuestSettings) => boolean): (settings: CallystoSettings) => string[] {
  return ({ environments }) =>
    Object.entries(environments).flatMap(([environment, one]) =>
      one.kind === "hub" && one.guest !== undefined && fits(one.guest) ? [environment] : [],
    );
}

/** Certificates of the workstations, by name; config's rules have seen to it that no two have one name. */
function certificates({ environments }: CallystoSettings): [string, CertificateSettings][] {
  return Object.values(environments).flatMap((one) =>
    one.kind === "clavius" ? Object.entries(one.guest?.certificates ?? {}) : [],
  );
}
