import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { callystoSchema, type CallystoSettings } from "../../../components/callysto/config.ts";
import { requiredQuota } from "../../../components/callysto/quota.ts";
import { publicKeyLine } from "../../../config/samples.ts";

const common = { domain: "callysto.farm", image: "callysto-hub" };
const clavius = {
  ...common,
  kind: "clavius",
  name: { mode: "fixed", label: "clavius" },
  flavor: "m1.small",
  floatingIp: { mode: "new" },
};
const hub = { ...common, kind: "hub", flavor: "m1.40g100g4c8g", volumes: { mode: "new", size: 25 } };
const sizes = { "m1.small": { cores: 1, ram: 2048 }, "m1.40g100g4c8g": { cores: 4, ram: 8192 } };

function settings(environments: object, more: object = {}): CallystoSettings {
  return callystoSchema.settings.parse({
    cloud: "lab",
    deployKey: publicKeyLine("deploy"),
    zones: {},
    environments,
    ...more,
  });
}

describe("Callysto's required quota", () => {
  it("the required quota is the fact sheet's table for the workstation and a custom hub, plus the hub's two extra rules", () => {
    const custom = { ...hub, name: { mode: "pet" } };
    assert.deepEqual(requiredQuota(settings({ clavius, custom }), sizes), {
      instances: 2,
      cores: 5,
      ram: 10_240,
      keypairs: 2,
      volumes: 4,
      gigabytes: 170,
      ports: 2,
      floatingIps: 1,
      securityGroups: 2,
      securityGroupRules: 18,
    });
  });

  it("existing resources count against the quota, except the size of existing volumes and keypairs of others", () => {
    const prod = {
      ...hub,
      name: { mode: "fixed", label: "hub" },
      volumes: { mode: "existing", volumes: ["a", "b"] },
      floatingIp: { mode: "existing", ip: "192.0.2.1" },
      keypair: { mode: "existing", name: "clavius" },
    };
    const { volumes, gigabytes, floatingIps, keypairs } = requiredQuota(settings({ prod }), sizes);
    assert.deepEqual([volumes, gigabytes, floatingIps, keypairs], [2, 0, 1, 0]);
  });

  it("the packer's security group and its rules count against the quota", () => {
    const { securityGroups, securityGroupRules } = requiredQuota(settings({}, { packerSecurityGroup: true }), sizes);
    assert.deepEqual([securityGroups, securityGroupRules], [1, 6]);
  });
});
