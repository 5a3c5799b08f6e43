/** Secrets of DIALS. */
import type { KeyedSecretSpecs, SecretSpecs } from "../../config/define.ts";
import { expiryProblem, keyProblem } from "./certificate.ts";
import type { DialsSettings } from "./settings.ts";

export const dialsSecrets = {
  databasePassword: {
    description: "Password of the PostgreSQL role `database.user`.",
    format: "token",
    check: passwordProblem,
    legacySource: { description: "dials-etl-secrets DATABASE_URI and dials-backend-secrets DJANGO_DATABASE_URI" },
  },
  confidentialClientSecret: {
    description: "Secret of the SSO application `sso.confidentialClient`.",
    format: "token",
    legacySource: { description: "dials-backend-secrets DJANGO_KEYCLOAK_SECRET_KEY" },
  },
  omsClientSecret: {
    description: "Secret of the SSO application `sso.omsClient`.",
    format: "token",
    legacySource: { description: "dials-backend-secrets DJANGO_OMS_SSO_CLIENT_SECRET" },
  },
  eosPassword: {
    description: "Password of the service account `accounts.eos`.",
    check: lineProblem,
    legacySource: { description: "eos-credentials KEYTAB_PWD" },
  },
  lxplusPassword: {
    description: "Password of the account `accounts.lxplus`.",
    check: lineProblem,
    legacySource: { description: "dials-backend-secrets DJANGO_KEYTAB_PWD" },
  },
  gridCertificate: {
    description: "Grid robot certificate that DBS knows (usercert.pem).",
    format: "pem-certificate",
    check: (text) => expiryProblem(text, new Date()),
    sampleSeed: "dials-grid",
    legacySource: {
      description:
        "~/.globus/usercert.pem of the service account, on EOS: the cluster had its path only, in CERT_FPATH",
      file: "usercert.pem",
    },
  },
  gridKey: {
    description: "Its key without passphrase (userkey.pem).",
    format: "pem-private-key",
    check: (text, { other }) => keyProblem(text, other("gridCertificate")),
    sampleSeed: "dials-grid",
    legacySource: {
      description: "~/.globus/userkey.pem of the service account, on EOS: the cluster had its path only, in KEY_FPATH",
      file: "userkey.pem",
    },
  },
} satisfies SecretSpecs<DialsSettings>;

export const dialsKeyedSecrets = {
  apiClients: {
    description: "Secret of an API client; callers send it in the header X-CLIENT-SECRET.",
    format: "token",
    legacySource: { description: "dials-backend-secrets DJANGO_KEYCLOAK_API_CLIENTS" },
    members: ({ sso }) => sso.apiClients,
    key: (member) => `apiClient-${member}`,
  },
} satisfies KeyedSecretSpecs<DialsSettings>;

/** What is wrong with a password that is passed on unchanged, to kinit and to lxplus. */
function lineProblem(text: string): string | undefined {
  return /[\r\n]/.test(text) || text !== text.trim()
    ? "expected one line without blanks around it: it is passed on unchanged"
    : undefined;
}

/** What is wrong with a password that goes into a database URL. */
function passwordProblem(text: string): string | undefined {
  // Alembic hands the URL to ConfigParser, which trips over the % of an escaped character.
  return /^[\w.~-]+$/.test(text) ? undefined : "expected letters, digits and . _ ~ - only: it becomes part of a URL";
}
