/** Resolving interrupted creations; live tests show that clouds then have no duplicates. */
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { PendingOperation, StateResource } from "../../ops/lib/state/deployment.ts";
import { creations } from "../../ops/lib/state/recovery/pending.ts";
import {
  componentsAbove,
  failingSince,
  dependsOnUnknown,
  possiblyCreated,
  previewComplaint,
  type Past,
  type PlannedStep,
} from "../../ops/lib/state/recovery/orphaned.ts";
import { brokenServers } from "../../ops/lib/state/recovery/search.ts";
import { sameRule } from "../../ops/lib/cloud/openstack.ts";
import { isSearchable } from "../../ops/lib/state/recovery/candidates.ts";
import {
  type Answers,
  resolved,
  type Resolution,
  resolutionOffline,
  resolutionOf,
} from "../../ops/lib/state/recovery/resolution.ts";

const pending = (more: Partial<StateResource>): PendingOperation => ({
  type: "creating",
  resource: { urn: "urn:u", custom: true, type: "openstack:blockstorage/volume:Volume", ...more },
});
const nobody: Answers = { take: new Map(), clear: new Set() };

describe("an interrupted creation", () => {
  const alone = (more: Partial<StateResource>, answers = nobody): string | undefined =>
    resolutionOffline(pending(more), answers)?.does;
  const autonamed = { metadata: { annotations: { "pulumi.com/autonamed": "true" } } };

  it("an interrupted creation is resolved without a cloud where none can have it, or where the user decides", () => {
    assert.equal(alone({}), undefined);
    assert.equal(alone({ id: "7" }), "take");
    const component = pending({ type: "orrery:callysto:Host", custom: false });
    assert.deepEqual(creations([component, { ...pending({}), type: "reading" }, pending({})]), [pending({})]);
    for (const type of ["random:index/randomPet:RandomPet", "pulumi:providers:openstack"])
      assert.equal(alone({ type }), "clear");
    assert.equal(alone({ type: "kubernetes:core/v1:Secret", inputs: { metadata: { name: "a" } } }), "clear");
    assert.equal(alone({ type: "kubernetes:core/v1:Secret", inputs: autonamed }), "ask");
    assert.equal(alone({}, { ...nobody, clear: new Set(["urn:u"]) }), "clear");
    const answered = resolutionOffline(pending({}), { ...nobody, take: new Map([["urn:u", "9"]]) });
    assert.deepEqual(answered, { urn: "urn:u", does: "take", id: "9", why: "as you said" });
  });

  it("an interrupted creation made the one resource of that name that no other resource has", () => {
    const since = new Date("2026-01-01T12:00:00Z");
    const candidate = (id: string, time?: string) => ({ id, row: time === undefined ? {} : { created_at: time } });
    const outcome = (...rows: [id: string, time?: string][]): Resolution =>
      resolutionOf(
        pending({}),
        rows.map(([id, time]) => candidate(id, time)),
        { known: new Set(["own"]), ownerOf: () => undefined, unreadable: [], since },
      );
    const [early, late] = ["2026-01-01T11:00:00.000000", "2026-01-01T12:00:30Z"];
    assert.deepEqual(outcome(["a", late], ["own", late]), {
      urn: "urn:u",
      does: "take",
      id: "a",
      why: "the cloud has it",
    });
    assert.equal(outcome(["own"]).does, "clear");
    assert.equal(outcome().does, "clear");
    assert.deepEqual(
      { ...outcome(["a", early], ["b", late]), why: "" },
      { urn: "urn:u", does: "take", id: "b", why: "" },
    );
    assert.deepEqual(outcome(["a", early]).why, "what the cloud has is older than the update: a");
    assert.equal(outcome(["a", late], ["b", late]).why, "the cloud has more than one: a, b");
    assert.equal(outcome(["a"]).why, "the cloud does not say when it was made: a");
  });

  it("an interrupted creation is searched for where the API offers a way to", () => {
    assert.equal(isSearchable("openstack:compute/instance:Instance", {}), true);
    assert.equal(isSearchable("openstack:networking/floatingIp:FloatingIp", { description: "hub" }), true);
    assert.equal(isSearchable("openstack:networking/floatingIp:FloatingIp", {}), false);
    assert.equal(isSearchable("aws:s3:Bucket", {}), false);
    const rule = { direction: "ingress", ethertype: "IPv4", protocol: "tcp", port_range_min: 22, port_range_max: 22 };
    const inputs = { direction: "ingress", ethertype: "IPv4", protocol: "tcp", portRangeMin: 22, portRangeMax: 22 };
    for (const range of [null, "0.0.0.0/0"])
      assert.equal(sameRule({ ...rule, remote_ip_prefix: range }, inputs), true, String(range));
    assert.equal(sameRule({ ...rule, remote_ip_prefix: null }, { ...inputs, remoteIpPrefix: "0.0.0.0/0" }), true);
    assert.equal(sameRule({ ...rule, remote_ip_prefix: "10.0.0.0/8" }, inputs), false);
    const says = (ethertype: string, protocol: string | null, declared: string): boolean =>
      sameRule({ direction: "ingress", ethertype, protocol }, { direction: "ingress", ethertype, protocol: declared });
    for (const word of ["ipv6-icmp", "icmpv6", "icmp", "58"]) assert.equal(says("IPv6", word, "ipv6-icmp"), true, word);
    for (const word of ["17", "tcp", null]) assert.equal(says("IPv4", word, "icmp"), false, String(word));
    assert.equal(says("IPv4", "6", "tcp"), true);
  });

  it("a recovered resource enters the state with its inputs, in the place of a deleted one or last; a replaced one is still deleted", () => {
    const row = (urn: string, more: Partial<StateResource> = {}): StateResource => ({ urn, type: "t", ...more });
    const made = row("b", { inputs: { name: "n" } });
    const known = row("c", { id: "3", outputs: { name: "full" } });
    const deployment = {
      resources: [row("a"), row("b", { id: "old" }), row("c", { id: "gone", pendingReplacement: true })],
      pending_operations: [made, known, row("d")].map((resource) => ({ type: "creating", resource })),
    };
    const resolutions: Resolution[] = [
      { urn: "b", does: "take", id: "2", why: "" },
      { urn: "c", does: "take", id: "3", why: "" },
      { urn: "d", does: "clear", why: "" },
    ];
    assert.deepEqual(resolved(deployment, resolutions), {
      resources: [
        row("a"),
        row("b", { id: "old", delete: true }),
        known,
        { ...made, id: "2", outputs: { name: "n", id: "2" } },
      ],
      pending_operations: [],
    });
  });
});

describe("orphaned creations of a failed update", () => {
  const past = (kind: string, hour: number, result: string): Past => {
    return { kind, startTime: `2026-01-01T${hour}:00:00.000Z`, result };
  };

  it("an orphaned creation began with the first failed update since the last success", () => {
    const since = (...history: Past[]): string | undefined => failingSince(history)?.toISOString().slice(11, 13);
    assert.equal(since(), undefined);
    assert.equal(since(past("update", 12, "succeeded"), past("update", 11, "failed")), undefined);
    assert.equal(since(past("update", 12, "failed")), "12");
    assert.equal(
      since(
        past("refresh", 15, "succeeded"),
        past("update", 14, "failed"),
        past("update", 13, "failed"),
        past("update", 12, "succeeded"),
        past("update", 11, "failed"),
      ),
      "13",
    );
  });

  it("an orphaned creation is an OpenStack resource that is still planned and whose inputs were known", () => {
    const step = (op: string, type: string, inputs: Record<string, unknown>): PlannedStep => {
      return { op, newState: { urn: `${op} ${type}`, type, custom: true, inputs } };
    };
    const volume = "openstack:blockstorage/volume:Volume";
    const found = possiblyCreated([
      step("create", volume, { name: "a" }),
      step("create-replacement", volume, { name: "b" }),
      step("create", volume, { name: "04da6b54-80e4-46f7-96ec-b56ff0331ba9" }),
      step("same", volume, { name: "c" }),
      step("create", "kubernetes:core/v1:Secret", {}),
      step("create", "orrery:openstack:Zone", {}),
      { op: "create" },
    ]);
    assert.deepEqual(
      found.map(({ type, resource }) => [type, resource.inputs?.name]),
      [
        ["creating", "a"],
        ["creating", "b"],
      ],
    );
  });

  it("a preview that cannot be is told by the first line of its complaint, without JSON's escapes", () => {
    const stdout = String.raw`  "message": "error: Pulumi.d.yaml: \"a\" is wrong; nothing was changed:\n  a:b\n      npx pulumi \u003c FILE\n",`;
    assert.equal(previewComplaint(stdout, ""), 'Pulumi.d.yaml: "a" is wrong; nothing was changed');
    assert.equal(previewComplaint("", "warning\nerror: incorrect passphrase\n"), "incorrect passphrase");
  });

  it("an orphaned creation that depends on an unknown id is searched for again once the id is known", () => {
    const rule = (securityGroupId: string): PlannedStep => {
      const type = "openstack:networking/secGroupRule:SecGroupRule";
      return { op: "create", newState: { urn: "rule", type, custom: true, inputs: { securityGroupId } } };
    };
    assert.equal(dependsOnUnknown([rule("04da6b54-80e4-46f7-96ec-b56ff0331ba9")]), true);
    assert.equal(dependsOnUnknown([rule("an id"), { op: "create" }]), false);
  });

  it("a server in ERROR is reported by name, because no update starts it", () => {
    const server = (name: string, powerState: string, more: Partial<StateResource> = {}): StateResource => {
      return {
        urn: name,
        type: "openstack:compute/instance:Instance",
        inputs: { name },
        outputs: { powerState },
        ...more,
      };
    };
    const resources = [server("hub", "error"), server("other", "active"), server("gone", "error", { delete: true })];
    assert.deepEqual(brokenServers({ resources }), ["hub"]);
    assert.deepEqual(brokenServers({ resources: null }), []);
  });

  it("a recovered resource comes with its parent components where the state lacks them", () => {
    const component = (urn: string, parent: string): PlannedStep => ({
      op: "create",
      newState: { urn, type: "orrery:a:B", custom: false, parent },
    });
    const steps = [component("top", "stack"), component("other", "stack"), component("mid", "top")];
    const below = [{ urn: "volume", type: "openstack:blockstorage/volume:Volume", parent: "mid" }];
    assert.deepEqual(
      componentsAbove(steps, below).map(({ urn }) => urn),
      ["top", "mid"],
    );
  });
});
