/** `secrets import cluster` on each service's usual Secrets; test/live/secrets.test.ts uses a cluster. */
import assert from "node:assert/strict";
import { before, describe, it } from "mocha";
import { openSalt } from "../../config/passphrase.ts";
import { sample, samplePassphrase } from "../../config/samples.ts";
import { readStackFile, stackPath } from "../../config/stackFile.ts";
import { liveKeys, sourceOf } from "../../ops/lib/secrets/clusterSource.ts";
import { type StackSecrets, openStackSecrets } from "../../ops/lib/secrets/stackSecrets.ts";
import { planImport, planLines } from "../../ops/lib/secrets/importPlan.ts";
import { secretTemplates, type Template } from "../../ops/lib/secrets/secretKeys.ts";
import { owned } from "./harness.ts";

type Secrets = Readonly<Record<string, Readonly<Record<string, string>>>>;

describe("importing secrets from a cluster", function () {
  this.timeout(300_000);
  const opened = openSalt(readStackFile(stackPath("prod")).encryptionSalt ?? "", samplePassphrase("prod"));
  let templates: readonly Template[];
  const stackSecrets = (system: string): StackSecrets => openStackSecrets({ stack: "prod", system }, opened);
  before(async () => {
    templates = await secretTemplates(stackSecrets("dials"));
  });

  /** The plan for importing these Secrets, by namespace and name: its lines, and what would be set. */
  async function plan(
    system: string,
    cluster: string,
    secrets: Secrets,
    mapped: Readonly<Record<string, string>> = {},
  ) {
    const own = stackSecrets(system);
    const live = Object.entries(secrets).flatMap(([title, texts]) => {
      const [namespace = "", name = ""] = title.split("/");
      const data = Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, btoa(text)]));
      return liveKeys(cluster, namespace, [{ type: "Opaque", metadata: { name }, data }]);
    });
    const made = await planImport(own, sourceOf(own.secrets, templates, live), new Map(Object.entries(mapped)));
    const set = Object.fromEntries(made.sets.map(({ secret, text }) => [secret.key.replace(`${system}:`, ""), text]));
    return { lines: planLines(made, "would set"), set };
  }

  it("DIALS' Secrets yield the password of both database URLs, the API clients' secrets and the grid certificate", async () => {
    const url = "postgresql://dials:of-old@dbod-old.cern.ch:6600/cms?sslmode=require";
    const own = {
      "cms-dials-prod/dials-etl-secrets": { DATABASE_URI: url, CERT_FPATH: "/x/usercert.pem" },
      "cms-dials-prod/dials-backend-secrets": {
        DJANGO_DATABASE_URI: url,
        DJANGO_KEYCLOAK_API_CLIENTS: '{ "of-old-client": "cms-dials-api-client-test" }',
      },
      "cms-dials-prod/dials-grid-certificate": {
        "usercert.pem": "certificate from before",
        "userkey.pem": "key from before",
      },
    };
    const { lines, set } = await plan("dials", "paas", own);
    assert.deepEqual(set, {
      databasePassword: "of-old",
      gridCertificate: "certificate from before",
      gridKey: "key from before",
      "apiClient-cms-dials-api-client-test": "of-old-client",
    });
    assert.deepEqual(
      lines.filter((line) => !line.startsWith("missing")),
      [
        "would set dials:databasePassword from paas: cms-dials-prod/dials-etl-secrets DATABASE_URI",
        "would set dials:gridCertificate from paas: cms-dials-prod/dials-grid-certificate usercert.pem",
        "would set dials:gridKey from paas: cms-dials-prod/dials-grid-certificate userkey.pem",
        "would set dials:apiClient-cms-dials-api-client-test from paas: cms-dials-prod/dials-backend-secrets DJANGO_KEYCLOAK_API_CLIENTS",
        "4 found, 4 missing, 0 left over",
      ],
    );
    const path = await plan("dials", "paas", { "cms-dials-prod/dials-etl-secrets": { CERT_FPATH: "/x/usercert.pem" } });
    assert.ok(
      path.lines.includes(
        "missing dials:gridCertificate: nothing in paas: cms-dials-prod/dials-grid-certificate usercert.pem (formerly: " +
          "~/.globus/usercert.pem of the service account, on EOS: the cluster had its path only, in CERT_FPATH); the stack has the sample",
      ),
      path.lines.join("\n"),
    );
  });

  it("DIALS' database password is not guessed when the two URLs differ or one has another form", async () => {
    const uri = (password: string): string => `postgresql://dials:${password}@db.test`;
    const two = (one: string, other: string): Secrets => ({
      "cms-dials-prod/dials-etl-secrets": { DATABASE_URI: one },
      "cms-dials-prod/dials-backend-secrets": { DJANGO_DATABASE_URI: other },
    });
    const [etl, backend] = [
      "paas: cms-dials-prod/dials-etl-secrets DATABASE_URI",
      "paas: cms-dials-prod/dials-backend-secrets DJANGO_DATABASE_URI",
    ];
    const differ = await plan("dials", "paas", two(uri("one"), uri("two")));
    assert.deepEqual(differ.lines.slice(0, 3), [
      `missing dials:databasePassword: ${etl} and ${backend} have different texts; the stack has the sample`,
      `    it may be this one: --map 'dials:databasePassword=${etl}'`,
      `    it may be this one: --map 'dials:databasePassword=${backend}'`,
    ]);
    assert.deepEqual(differ.set, {});
    const taken = await plan("dials", "paas", two(uri("one"), uri("two")), { "dials:databasePassword": backend });
    assert.deepEqual(taken.set, { databasePassword: "two" });
    const first = await plan("dials", "paas", two(uri("one"), uri("two")), { "dials:databasePassword": etl });
    assert.deepEqual(first.set, { databasePassword: "one" });
    const odd = await plan("dials", "paas", two("host=db.test password=x", "sqlite"));
    assert.equal(
      odd.lines[0],
      `missing dials:databasePassword: ${etl} has another form than the program's; the stack has the sample`,
    );
  });

  it("a live text that is a published sample is not taken, in a URL, by --map or alone, and the report says why", async () => {
    const published = sample("token", "somebody's");
    const etl = "paas: cms-dials-prod/dials-etl-secrets DATABASE_URI";
    const uri = { DATABASE_URI: `postgresql://dials:${published}@db.test` };
    const alone = await plan("dials", "paas", { "cms-dials-prod/dials-etl-secrets": uri });
    assert.deepEqual(alone.set, {});
    assert.equal(
      alone.lines[0],
      `missing dials:databasePassword: ${etl} has a published sample; the stack has the sample`,
    );
    const more = "paas: cms-dials-prod/more password";
    const named = await plan(
      "dials",
      "paas",
      { "cms-dials-prod/more": { password: published } },
      { "dials:databasePassword": more },
    );
    assert.deepEqual(named.set, {});
    assert.equal(
      named.lines[0],
      `missing dials:databasePassword: ${more} has a published sample; the stack has the sample`,
    );
  });

  it("Prow's Secrets yield the OAuth client's secret, and a job's Secret in another namespace is proposed for import", async () => {
    const config = "client_id: Iv1.real\nclient_secret: of-old\nredirect_url: https://prow.test/redirect\n";
    const own = {
      "kubevirt-prow/github-oauth-config": { secret: config },
      "kubevirt-prow/kubevirtci-coveralls-token": { token: "coveralls-from-before" },
      "kubevirt-prow/more": { over: "x" },
    };
    const { lines, set } = await plan("prow", "ibm", own);
    assert.deepEqual(set, { githubOauthClientSecret: "of-old" });
    const at = lines.findIndex((line) => line.includes("coveralls"));
    const [key, near] = [
      "prow:jobSecret-kubevirtci-coveralls-token-token",
      "ibm: kubevirt-prow/kubevirtci-coveralls-token token",
    ];
    assert.deepEqual(lines.slice(at, at + 2), [
      `missing ${key}: nothing in ibm: kubevirt-prow-jobs/kubevirtci-coveralls-token token; the stack has the sample`,
      `    it may be this one: --map '${key}=${near}'`,
    ]);
    assert.deepEqual(
      lines.filter((line) => line.startsWith("left over")),
      ["left over ibm: kubevirt-prow/more over"],
    );
    const taken = await plan("prow", "ibm", own, { [key]: near });
    assert.equal(taken.set["jobSecret-kubevirtci-coveralls-token-token"], "coveralls-from-before");
  });

  it("Stream's Secrets are all found, although its components are Packit's", async () => {
    const { secrets } = stackSecrets("stream");
    const own = Object.fromEntries(secrets.map(({ key, sample }) => [key, owned(sample("live"))]));
    const live: Record<string, Record<string, string>> = {};
    for (const { namespace, secret, key, text, probes } of templates.filter(
      ({ namespace }) => namespace === "stream-prod",
    )) {
      const [wanted] = [...probes.keys()];
      if (wanted !== undefined) (live[`${namespace}/${secret}`] ??= {})[key] = own[wanted] ?? text;
    }
    const { lines, set } = await plan("stream", "online", live);
    const needed = secrets.filter(({ required }) => required).map(({ name }) => name);
    assert.equal(needed.length, 10);
    assert.deepEqual(Object.keys(set).sort(), needed.sort());
    assert.equal(lines.at(-1), "10 found, 0 missing, 0 left over");
  });

  for (const system of ["dials", "packit", "prow", "stream", "thoth"]) {
    it(`every required secret of ${system} is in one of the cluster's Secrets`, () => {
      const placed = new Set(templates.flatMap(({ probes }) => [...probes.keys()]));
      const without = stackSecrets(system).secrets.filter(({ key, required }) => required && !placed.has(key));
      assert.deepEqual(
        without.map(({ key }) => key),
        [],
      );
    });
  }
});
