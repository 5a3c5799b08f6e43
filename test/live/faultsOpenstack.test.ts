/** An OpenStack that misbehaves while a hub is made or changed, and what an operator does then (docs/faults.md). By name: `npm run test:faults`. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "mocha";
import type { Row } from "../../lab/openstack/api.ts";
import { runningPid } from "../../lab/process.ts";
import { eventually, lab, openstackApi } from "../../lab/harness/cloud.ts";
import { creations, revoke } from "./faults/openstack.ts";
import { first, lost, on, says } from "./faults/rules.ts";
import { domainOf, drawn, type Drawn, flavors } from "./faults/settings.ts";
import { FaultStack, interrupted, makeFlavors } from "./faults/stack.ts";

const cloud = openstackApi(lab);
const admin = openstackApi(lab, "admin");
const plain = drawn(0, []);

describe("faults of OpenStack", function () {
  this.timeout(1_800_000);
  let stack: FaultStack;
  let own: Drawn;
  let opened = 0;
  const open = async (): Promise<void> => {
    own = plain;
    stack = await FaultStack.open({ kind: "hub", mark: `faults-os${process.env.ORRERY_MARK ?? ""}-${opened++}` });
  };
  before(async () => {
    await makeFlavors();
    await open();
  });
  afterEach(async function () {
    stack.front.calm();
    if (this.currentTest?.state !== "failed") return;
    await stack.close(); // what it left would fail all that follows
    await open();
  });
  after(() => stack.close());

  /** Declares something else of a hub that stands. */
  const changes = async (more: Partial<Drawn>): Promise<void> => {
    if ((await stack.system.resources()).length === 0) {
      const made = await stack.up();
      assert.equal(made.code, 0, made.text);
      await stack.isWhole();
    }
    own = { ...own, ...more };
    stack.write(own);
  };
  /** Asserts that all is as declared, and stays so. */
  const isDone = async (): Promise<void> => {
    await stack.isWhole();
    await stack.system.assertNoChanges();
  };
  /** Asserts that `state recover`, which takes in so many things, and one `up` are enough. */
  const heals = async (text: string, taken: number): Promise<void> => {
    const needed = await stack.heals({ text, killed: false });
    assert.equal(needed, `recover${taken === 0 ? "" : ` (${taken} taken in)`}, up`);
    await isDone();
  };
  const zone = async (start = ""): Promise<Row | undefined> =>
    (await cloud.list("dns", "/zones")).find(({ name }) => name === `${start}${domainOf(stack.place)}.`);
  const server = async (): Promise<Row | undefined> =>
    (await cloud.list("compute", "/servers/detail")).find(({ name }) => name.endsWith(domainOf(stack.place)));

  it("nothing is created twice even if the first answer to each creation is lost", async () => {
    stack.front.begin(first(...creations.map((kind) => on(kind, lost, 1))));
    let [rounds, taken] = [0, 0];
    for (; rounds < 8 && (await stack.up()).code !== 0; rounds++) {
      const { code, stdout, stderr } = await stack.recover();
      assert.equal(code, 0, stderr);
      taken += stdout.match(/^take in /gm)?.length ?? 0;
    }
    assert.equal(stack.front.injected.length, creations.length, stack.front.injected.join("\n"));
    assert.ok(taken >= creations.length, `${taken} were found in ${rounds} rounds`);
    await isDone();
  });

  it("a new zone that stays PENDING is recovered after the update was interrupted", async () => {
    await changes({ second: true });
    const named = runningPid(lab.dir, "named");
    assert.ok(named !== undefined);
    process.kill(named, "SIGSTOP");
    let text: string;
    try {
      const up = await interrupted(stack, /openstack:dns\S*:Zone \S+ creating/);
      assert.notEqual(up.code, 0, up.text);
      assert.equal((await zone("second-"))?.status, "PENDING");
      ({ text } = up);
    } finally {
      process.kill(named, "SIGCONT");
    }
    await heals(text, 1);
  });

  it("a volume's attachment to a replaced server is recovered when its answer was lost", async () => {
    await changes({ rebuildToken: "attached" });
    stack.front.begin(on(/^nova POST .*\/os-volume_attachments$/, lost, 1));
    const up = await stack.up();
    assert.match(up.text, /:VolumeAttach \S+ \*\*creating failed/);
    stack.front.calm();
    await heals(up.text, 1);
  });

  it("a volume that stays attaching is recovered after the update was interrupted", async () => {
    await changes({ rebuildToken: "attaching" });
    stack.front.begin(on(/^cinder GET .*\/volumes\/ID$/, says('"status": "in-use"', '"status": "attaching"')));
    const up = await interrupted(stack, /openstack:compute\S*:VolumeAttach \S+ creating/);
    assert.notEqual(up.code, 0, up.text);
    assert.doesNotMatch(up.text, /:VolumeAttach \S+ created/);
    assert.notEqual(stack.front.injected.length, 0);
    stack.front.calm();
    await heals(up.text, 1);
  });

  it("a server that ends in ERROR is reported, and replaced once it has another rebuildToken", async () => {
    await changes({ rebuildToken: "no host" });
    const hosts = (await admin.list("compute", "/os-services")).filter(({ binary }) => binary === "nova-compute");
    const set = async (status: string): Promise<void> => {
      for (const { id } of hosts)
        await admin.request("compute", `/os-services/${id}`, { method: "PUT", body: { status } });
    };
    await set("disabled");
    try {
      const up = await stack.up();
      assert.notEqual(up.code, 0);
      assert.match(up.text, /No valid host|unexpected state 'ERROR'/);
      assert.equal((await server())?.status, "ERROR");
    } finally {
      await set("enabled");
    }
    const { code, stdout, stderr } = await stack.recover();
    assert.equal(code, 0, stderr);
    assert.match(stdout, /ended in ERROR and will not start: give it another rebuildToken/);
    await changes({ rebuildToken: "a host" });
    const again = await stack.up();
    assert.equal(again.code, 0, again.text);
    await isDone();
  });

  it("a resize whose answer was lost is finished by recovery", async () => {
    await changes({ flavor: flavors[1] });
    stack.front.begin(on(/^nova POST .*\/servers\/ID\/action$/, lost, 1));
    const up = await stack.up();
    assert.match(up.text, /Error resizing OpenStack server/);
    await eventually("the end of a resize", server, (found) => found?.status === "VERIFY_RESIZE");
    const needed = await stack.heals({ text: up.text, killed: false });
    assert.equal(needed, "recover, resize confirm, recover, up");
    await isDone();
  });

  it("a quota that ends after half of a group's rules fails the update, and the next one finishes", async () => {
    const { project } = await cloud.identity();
    await changes({ packer: true });
    const rules = await cloud.list("network", `/security-group-rules?project_id=${project}`);
    // The group is born with two rules; that leaves room for two of its four.
    await admin.put("network", `/quotas/${project}`, { quota: { security_group_rule: rules.length + 4 } });
    let text: string;
    try {
      const up = await stack.up();
      assert.notEqual(up.code, 0);
      assert.match(up.text, /Quota exceeded/i);
      assert.match(up.text, /SecGroup \S+ created/);
      ({ text } = up);
    } finally {
      await admin.delete("network", `/quotas/${project}`);
    }
    await heals(text, 0);
  });

  it("an update logs in again when its token is revoked halfway", async () => {
    await changes({ rebuildToken: "token" });
    const revoked: string[] = [];
    const answers: Promise<number>[] = [];
    stack.front.begin(({ service, method }) => {
      const { token = "" } = stack.front;
      if (revoked.length === 0 && service === "nova" && method === "DELETE") {
        revoked.push(token);
        answers.push(revoke(token));
      }
      // The services would remember for a minute that it was good.
      return service !== "keystone" && revoked.includes(token)
        ? { kind: "status", status: 401, done: false }
        : undefined;
    });
    const up = await stack.up();
    assert.equal(up.code, 0, up.text);
    assert.deepEqual(await Promise.all(answers), [204]);
    assert.notEqual(stack.front.injected.length, 0);
    await isDone();
  });

  it("resources that somebody else changed and deleted are restored by a refresh", async () => {
    await changes({});
    const { project } = await cloud.identity();
    const group = (await cloud.list("network", `/security-groups?project_id=${project}`)).find(({ name }) =>
      name.endsWith(domainOf(stack.place)),
    );
    const ssh = `/security-group-rules?security_group_id=${group?.id ?? ""}&port_range_min=22`;
    const [rule] = await cloud.list("network", ssh);
    await cloud.delete("network", `/security-group-rules/${rule?.id ?? ""}`);
    const records = `/zones/${(await zone())?.id ?? ""}/recordsets`;
    const [record] = await cloud.list("dns", `${records}?type=A`);
    await cloud.put("dns", `${records}/${record?.id ?? ""}`, { records: ["192.0.2.1"] });
    await cloud.delete("compute", `/servers/${(await server())?.id ?? ""}`);
    await eventually("the end of the server", server, (found) => found === undefined);
    const up = await stack.up("--refresh");
    assert.equal(up.code, 0, up.text);
    await isDone();
  });
});
