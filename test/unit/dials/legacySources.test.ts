/** Where DIALS' secrets are in a cluster: `secrets import cluster` searches there, and docs/configuration.md lists it. */
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { dialsSchema } from "../../../components/dials/config.ts";
import { wantedSecrets } from "../../../config/secrets.ts";
import { byName, clearDials, settings } from "./fixture.ts";

/** `Secret key` of a place in a cluster. */
const inCluster = /\b((?:dials|eos)-[a-z-]+) ([A-Z][A-Z_]+)\b/g;

describe("legacy sources of DIALS' secrets", () => {
  it("each of DIALS' secrets has the cluster key that its declaration names, and all but the grid certificate were there before", async () => {
    const made = byName(await clearDials(), "Secret");
    const named = wantedSecrets(dialsSchema, settings()).map(({ key, legacySource, sample }) => {
      const places = [...(legacySource?.description ?? "").matchAll(inCluster)];
      for (const [place, secret = "", name = ""] of places) {
        const text = made.get(secret)?.stringData?.[name];
        assert.ok(String(text).includes(sample()), `${key}: ${place} is not made of it`);
      }
      return [key, places.map(([place]) => place)];
    });
    assert.deepEqual(Object.fromEntries(named), {
      "dials:databasePassword": ["dials-etl-secrets DATABASE_URI", "dials-backend-secrets DJANGO_DATABASE_URI"],
      "dials:confidentialClientSecret": ["dials-backend-secrets DJANGO_KEYCLOAK_SECRET_KEY"],
      "dials:omsClientSecret": ["dials-backend-secrets DJANGO_OMS_SSO_CLIENT_SECRET"],
      "dials:eosPassword": ["eos-credentials KEYTAB_PWD"],
      "dials:lxplusPassword": ["dials-backend-secrets DJANGO_KEYTAB_PWD"],
      // Files on EOS; `secrets import folder` takes them by their usual names.
      "dials:gridCertificate": [],
      "dials:gridKey": [],
      "dials:apiClient-client-a": ["dials-backend-secrets DJANGO_KEYCLOAK_API_CLIENTS"],
    });
  });

  it("the grid certificate and its key are read as the program mounts them, once it is deployed", async () => {
    const texts = byName(await clearDials(), "Secret").get("dials-grid-certificate")?.stringData;
    const [certificate, key] = wantedSecrets(dialsSchema, settings()).filter(({ key: one }) =>
      one.startsWith("dials:grid"),
    );
    assert.deepEqual(texts, { "usercert.pem": certificate?.sample(), "userkey.pem": key?.sample() });
  });
});
