import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { describe, it } from "mocha";
import { type QuotaUsage, quotaNames, shortages } from "../../../blocks/openstack/quota.ts";

const amounts = (each: number, more: Partial<QuotaUsage> = {}): QuotaUsage =>
  ({ ...Object.fromEntries(quotaNames.map((name) => [name, each])), ...more }) as QuotaUsage;

/** Checks a request against a cloud with these limits. */
async function ask(need: QuotaUsage, answer: (token: string) => Record<string, unknown>): Promise<true> {
  await pulumi.runtime.setMocks(
    {
      newResource: ({ name, inputs }) => ({ id: name, state: inputs as object }),
      call: ({ token }) => answer(token.split(":").at(-1) ?? ""),
    },
    "orrery",
    "test",
    false,
  );
  const { withinQuota } = await import("../../../blocks/openstack/quota.ts");
  const parent = new pulumi.ComponentResource("orrery:test:Parent", "parent");
  const room = withinQuota(parent, "callysto:settings.environments", need);
  return (room as unknown as { promise(): Promise<true> }).promise();
}

describe("A project's quota", () => {
  it("a quota is exceeded where more is required than its limit; -1 is unlimited, and an unknown limit passes", () => {
    assert.deepEqual(shortages(amounts(3), { cores: 2, ram: 3, ports: -1 }), ["cores: needs 3, the quota is 2"]);
    assert.deepEqual(shortages(amounts(3), {}), []);
  });

  it("quotas come from Nova, Cinder and Neutron for the login's own project", async () => {
    const limits: Record<string, Record<string, unknown>> = {
      getAuthScope: { projectId: "p1" },
      getQuotaSetV2: { instances: 9, cores: 9, ram: 9, keyPairs: 9 },
      getQuotasetV3: { volumes: 1, gigabytes: 9 },
      getQuotaV2: { port: 9, floatingip: 0, securityGroup: -1, securityGroupRule: 9 },
    };
    assert.equal(await ask(amounts(0), (name) => limits[name] ?? {}), true);
    await assert.rejects(
      ask(amounts(2), (name) => limits[name] ?? {}),
      /^Error: callysto:settings\.environments: the project's quota is too small; .*\n {2}volumes: needs 2, the quota is 1\n {2}floatingIps: needs 2, the quota is 0$/,
    );
  });

  it("a quota that the cloud does not report blocks nothing", async () => {
    const forbidden = (): never => {
      throw Object.assign(new Error(), { details: "Policy does not allow it" });
    };
    assert.equal(await ask(amounts(100), forbidden), true);
  });
});
