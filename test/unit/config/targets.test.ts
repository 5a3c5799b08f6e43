import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { z } from "zod";
import { defineSystem } from "../../../config/define.ts";
import { propertyPath } from "../../../config/problems.ts";
import { connectClouds } from "../../../blocks/openstack/cloud.ts";
import { connectClusters } from "../../../blocks/kubernetes/cluster.ts";
import { cloudsSchema, clustersSchema } from "../../../config/targets.ts";
import { problems } from "./fixture.ts";

describe("clusters and clouds", () => {
  const user = defineSystem({
    namespace: "demo",
    settings: z.strictObject({ cluster: z.string() }),
    secrets: {},
    references: ({ cluster }) => [{ path: "cluster", kind: "cluster", name: cluster }],
  });
  const lab = { platform: "kubernetes", appsDomain: "x.test" };

  it("a cluster or cloud that a system names must exist; a broken one is reported once", () => {
    const used = { "demo:settings": { cluster: "psi" } };
    assert.deepEqual(problems([clustersSchema, user], { ...used, "clusters:settings": { a: lab, b: lab } }).said, [
      'demo:settings.cluster: got "psi"; expected the name of a cluster: clusters:settings has a, b',
    ]);
    assert.deepEqual(
      problems([clustersSchema, user], { ...used, "clusters:settings": { psi: { ...lab, platform: 1 } } }).said,
      ['clusters:settings.psi.platform: got 1; expected "openshift" or "kubernetes"'],
    );
  });

  it("names of clusters and clouds must be valid in a config key", () => {
    for (const name of ["PSI", "settings", "1a", "a.b"]) {
      const { said, fixes } = problems([clustersSchema], { "clusters:settings": { [name]: lab } });
      assert.deepEqual(said, [
        `${propertyPath("clusters:settings", [name])}: got the name "${name}"; ` +
          "expected a name of lower-case letters, digits and dashes",
      ]);
      assert.deepEqual(fixes, ["edit Pulumi.{stack}.yaml: rename it under clusters:settings"]);
    }
  });

  it("a cluster or cloud with two logins is refused", () => {
    const cloud = { authUrl: "https://k.test/v3", region: "R", externalNetwork: "p", network: "d" };
    const said = (login: object) =>
      problems([cloudsSchema], { "clouds:settings": { rac: { ...cloud, ...login } } }).said;
    const twice =
      "clouds:settings.rac.applicationCredentialId: got both an application credential and a user; expected one of the two";
    assert.deepEqual(said({ applicationCredentialId: "i", userName: "u" }), [twice]);
    assert.deepEqual(said({ applicationCredentialId: "i", tenantName: "t" }), [twice]);
    assert.deepEqual(said({ applicationCredentialId: "i" }), []);
    assert.deepEqual(said({ userName: "u", tenantName: "t" }), []);
  });

  it("using a cluster or cloud that no schema refers to is an error in the program", () => {
    const slip = "is used but not among the references of a system's schema";
    assert.throws(() => connectClusters(undefined)("a"), { message: `cluster "a" ${slip}` });
    assert.throws(() => connectClouds(undefined)("a"), { message: `cloud "a" ${slip}` });
  });
});
