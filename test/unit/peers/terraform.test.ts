import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { laneOf, perUser } from "../../../peers/terraform.ts";
import type { Control, Result, Session } from "../../../peers/suite.ts";

const control: Control = { stop: new AbortController().signal, child: () => Promise.resolve(0) };

/** A session of a user whose tests end as `outcome` says; what it was asked for is in `asked`. */
function session(asked: string[], outcome: (test: string) => Omit<Result, "test" | "seconds">): Session {
  return {
    tests: () => Promise.resolve(["openstack TestUnitProvider", "openstack TestAccDNSV2Zone_basic"]),
    run: (tests, report) => {
      asked.push(...tests);
      for (const test of tests) report({ test, seconds: 1, ...outcome(test) });
      return Promise.resolve();
    },
  };
}

describe("the acceptance tests of Terraform's provider", () => {
  it("run as a member in their lane, and as the administrator where they ask for that; no unit test is one of them", async () => {
    const asked: string[][] = Array.from({ length: 6 }, () => []);
    const admin: string[] = [];
    const asMember = (test: string): Omit<Result, "test" | "seconds"> =>
      test.includes("Quota")
        ? { outcome: "skipped", says: "Skipping test because it requires the admin user" }
        : { outcome: "passed" };
    const members = asked.map((lane) => session(lane, asMember));
    const both = perUser(
      members,
      session(admin, () => ({ outcome: "passed" })),
    );
    assert.deepEqual(await both.tests(), ["openstack TestAccDNSV2Zone_basic"]);
    const all = ["NetworkingV2Port_basic", "NetworkingQuotaV2_basic", "ComputeV2Instance_basic", "DNSV2Zone_basic"].map(
      (name) => `openstack TestAcc${name}`,
    );
    const results: Result[] = [];
    await both.run(all, (result) => results.push(result), control);
    const [ports, quota, server, zone] = all;
    assert.deepEqual(asked, [[ports], [], [quota], [server], [], [zone]]);
    assert.deepEqual(admin, [all[1]]);
    assert.deepEqual(
      results.map(({ test, outcome }) => `${outcome} ${test}`).sort(),
      all.map((test) => `passed ${test}`).sort(),
    );
  });

  it("a stop begins no further batch, and leaves those for the administrator to the next run", async () => {
    const stop = new AbortController();
    const asked: string[] = [];
    const member = session(asked, () => {
      stop.abort();
      return { outcome: "skipped", says: "Skipping test because it requires the admin user" };
    });
    const tests = Array.from({ length: 60 }, (_, index) => `openstack TestAccNetworkingV2Port_${index}`);
    const asAdmin: string[] = [];
    const admin = session(asAdmin, () => ({ outcome: "passed" }));
    const results: Result[] = [];
    const report = (result: Result): number => results.push(result);
    await perUser([member], admin).run(tests, report, { ...control, stop: stop.signal });
    assert.deepEqual([asked.length, asAdmin, results], [25, [], []]);
  });

  it("tests of one kind share a lane", () => {
    assert.deepEqual(
      [
        "TestAccNetworkingV2PortIDsDataSource_basic",
        "TestAccOpenStackNetworkingNetworkV2DataSource_basic",
        "TestAccNetworkingV2SubnetPoolBasic",
        "TestAccNetworkingV2Router_basic",
        "TestAccComputeV2Instance_basic",
        "TestAccLBV2Pool_basic",
        "TestAccDNSV2Zone_basic",
      ].map(laneOf),
      [0, 1, 1, 2, 3, 4, 5],
    );
  });
});
