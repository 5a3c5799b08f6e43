import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { expiryProblem, validity } from "../../../components/dials/certificate.ts";
import { apiClientsJson } from "../../../components/dials/django.ts";
import { sample } from "../../../config/samples.ts";
import { type Given, given, problems, workspace, workspaceLists } from "./fixture.ts";

/** Exactly one problem, with this text. */
function refuses(more: Partial<Given>, expected: RegExp, secrets: Record<string, string> = {}): void {
  const found = problems(more, secrets);
  assert.equal(found.length, 1, found.join("\n") || "nothing was refused");
  assert.match(found[0] ?? "", expected);
}

/** Deliberately wrong settings. */
const wrong = (more: object): Partial<Given> => more;

/** Of 2020, valid for a year. */
const expired = `-----BEGIN CERTIFICATE-----
MIHGMHoCAQEwBQYDK2VwMBAxDjAMBgNVBAMMBXJvYm90MB4XDTIwMDEwMTAwMDAw
MFoXDTIxMDEwMTAwMDAwMFowEDEOMAwGA1UEAwwFcm9ib3QwKjAFBgMrZXADIQAT
qo9/vo70z9g5Uoy31ZIacaUK+5PkCo7M97y926rugzAFBgMrZXADQQAymo33cba4
hui9yZ7NZ+tW/a1ztPCMhhQ4Bb6rDrCvjB13LNQQXELMrfFkD5jmx+2o4tRWHTRT
oNDjYJ14WPgO
-----END CERTIFICATE-----
`;

describe("DIALS config", () => {
  it("valid DIALS settings are accepted", () => {
    assert.deepEqual(problems({}), []);
    fc.assert(
      fc.property(workspaceLists, (workspaces) => {
        assert.deepEqual(problems(wrong({ workspaces, defaultWorkspace: workspaces[0]?.name })), []);
      }),
      { numRuns: 30 },
    );
  });

  it("a workspace without its own database is refused", () => {
    const nameless = { ...workspace("x"), name: undefined };
    refuses(
      wrong({ workspaces: [workspace("tracker"), nameless] }),
      /^dials:settings.workspaces\[1\].name: got nothing; a workspace needs a name, which is also its database's/,
    );
    refuses(
      { workspaces: [workspace("tracker"), workspace("My-Group")] },
      /workspaces\[1\].name: got "My-Group"; a workspace is also a database/,
    );
    refuses(
      { workspaces: [workspace("tracker"), workspace("tracker")] },
      /workspaces\[1\].name: "tracker" is listed twice/,
    );
    refuses(
      { workspaces: [workspace("tracker"), workspace("postgres")] },
      /"postgres" is a name that PostgreSQL or Django keeps/,
    );
    // Alembic's CREATE DATABASE has no quotes (cms-DQM/dials@v1.12.0 etl/alembic/env.py:69).
    refuses(
      { workspaces: [workspace("tracker"), workspace("all")] },
      /workspaces\[1\].name: "all" is a name that PostgreSQL or Django keeps/,
    );
  });

  it("an unknown default workspace is refused", () => {
    refuses(
      { defaultWorkspace: "pixel" },
      /^dials:settings.defaultWorkspace: "pixel" is not one of the workspaces \(tracker, muon_staging\)/,
    );
  });

  it("a prefix that would be read as a regular expression is refused", () => {
    refuses(
      { workspaces: [{ ...workspace("tracker"), prefixes: ["Si.*/"] }] },
      /prefixes\[0\]: got "Si\.\*\/"; .*regular expression/,
    );
  });

  it("a folder that the ETL would read as several, or as a comment, is refused", () => {
    for (const folder of ["/eos/it's", '/eos/"cms"', "/eos/cms#1", "/eos/c\\ms"])
      refuses({ etl: { ...given.etl, rawLayers: [folder] } }, /etl.rawLayers\[0\]: .*expected an absolute folder/);
  });

  it("a host that the router does not admit, or that the frontend does not call, is refused", () => {
    refuses(
      { frontendHost: "dials.example.org" },
      /frontendHost: "dials.example.org" is not allowed: the router admits names in web.cern.ch only/,
    );
    refuses(
      { apiHost: "other.web.cern.ch" },
      /frontendBuild.apiHost: the frontend image calls "cmsdials-api.web.cern.ch", not apiHost/,
    );
    refuses({ frontendHost: "cmsdials-api.web.cern.ch" }, /apiHost: must differ from frontendHost/);
  });

  it("malformed allow lists are refused", () => {
    const cern = (...ranges: string[]): Partial<Given> => ({ exposure: { to: "cern", ranges } });
    refuses(cern("188.184.0.0/33"), /exposure.ranges\[0\]: got "188.184.0.0\/33"; expected a range such as/);
    refuses(cern("188.184.0.0/15", "cern.ch"), /exposure.ranges\[1\]: got "cern.ch"; expected a range/);
    refuses(cern(), /exposure.ranges: .*an empty list would admit everybody/);
    refuses(cern("0.0.0.0/0"), /"0.0.0.0\/0" is everybody; say to: internet/);
    assert.deepEqual(problems(cern("188.184.0.0/15", "2001:1458::/32")), []);
  });

  it("applications that share an identifier, and an audience that the API would not accept, are refused (e)", () => {
    const sso = given.sso;
    refuses(
      { sso: { ...sso, apiClients: ["cms-dials-prod-public-app"] } },
      /sso.apiClients\[0\]: "cms-dials-prod-public-app" is the identifier of another application/,
    );
    refuses(
      { sso: { ...sso, confidentialClient: "cms-dials-confidential-app" } },
      /sso.confidentialClient: the frontend image asks for tokens for "cms-dials-prod-confidential-app"/,
    );
    refuses({ sso: { ...sso, server: "https://auth.cern.ch/auth" } }, /sso.server: .*ends with \//);
  });

  it("a project that is not one of DIALS' is refused", () => {
    refuses(
      { namespace: { name: "cms-other" } },
      /namespace.name: got "cms-other"; expected a project whose name contains cms-dials/,
    );
  });

  it("unpinned images, and streams without a digest, are refused", () => {
    refuses(
      { images: { etl: "registry.cern.ch/cms-dqmdc/dials-etl" } },
      /images.etl: .*expected an image pinned by tag or digest/,
    );
    refuses(
      { images: { etl: "registry.cern.ch/cms-dqmdc/dials-etl:latest" } },
      /images.etl: .*a tag other than latest/,
    );
    const found = problems({ imageStreams: true });
    assert.equal(found.length, 4);
    assert.match(found[0] ?? "", /images.etl: ".*dials-etl:1.12.0" has no digest; imageStreams needs one/);
  });

  it("a password that would break the database's URL is refused, and not shown", () => {
    const secret = "pa%ss/word";
    refuses({}, /^dials:databasePassword: .*it becomes part of a URL/, { "dials:databasePassword": secret });
    assert.ok(!problems({}, { "dials:databasePassword": secret }).join().includes(secret));
  });

  it("a password with a line break is refused, because base64 of an echo has one", () => {
    for (const key of ["dials:eosPassword", "dials:lxplusPassword"])
      refuses({}, new RegExp(`^${key}: .*expected one line`), { [key]: "old password\n" });
    assert.deepEqual(problems({}, { "dials:eosPassword": "with a blank" }), []);
  });

  it("two API clients with the same secret are refused", () => {
    assert.equal(apiClientsJson({}), "{}");
    assert.equal(apiClientsJson({ a: "s1", b: "s2" }), '{"s1":"a","s2":"b"}');
    assert.throws(() => apiClientsJson({ a: "s1", b: "s1" }), /apiClient-b and dials:apiClient-a hold the same secret/);
  });

  it("all problems are reported at once", () => {
    assert.equal(
      problems({ defaultWorkspace: "x", frontendHost: "a.example.org", exposure: { to: "cern", ranges: ["::/0"] } })
        .length,
      3,
    );
  });

  describe("the grid certificate", () => {
    it("an expired grid certificate is refused", () => {
      // Its key does not match either, which is reported as well.
      const found = problems({}, { "dials:gridCertificate": expired });
      assert.match(
        found[0] ?? "",
        /^dials:gridCertificate: .*the certificate expired on 2021-01-01; renew it at ca.cern.ch/,
      );
      const pem = sample("pem-certificate", "x");
      assert.equal(expiryProblem(pem, new Date("2049-12-31T23:00:00Z")), undefined);
      assert.match(expiryProblem(pem, new Date("2050-01-02T00:00:00Z")) ?? "", /expired on 2049-12-31/);
      assert.equal(validity(pem, new Date("2049-12-01T00:00:00Z")).daysLeft, 30);
    });

    it("a grid certificate with another certificate's key is refused", () => {
      const another = sample("pem-private-key", "another");
      refuses({}, /^dials:gridKey: .*it is not the key of gridCertificate/, { "dials:gridKey": another });
    });
  });
});
