/** What an adoption's undoing forgets; test/live/adoptUndo.test.ts has the engine and the clouds. */
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { type Decisions, forgetting, remaining } from "../../ops/lib/adopt/forget.ts";
import { adoptedIn } from "../../ops/lib/adopt/imported.ts";
import { fieldManager } from "../../ops/lib/adopt/ownership.ts";
import type { StateResource } from "../../ops/lib/state/deployment.ts";
import type { Bucket } from "../../ops/lib/state/backend/bucket.ts";

const urn = (type: string, name: string): string => `urn:pulumi:prod::orrery::${type}::${name}`;
const stack = urn("pulumi:pulumi:Stack", "orrery-prod");
const provider = urn("pulumi:providers:kubernetes", "paas");
const component = urn("orrery:dials:Web", "web");

const frame: readonly StateResource[] = [
  { urn: stack, type: "pulumi:pulumi:Stack", custom: false },
  { urn: provider, type: "pulumi:providers:kubernetes", custom: true, id: "7", parent: stack },
  { urn: component, type: "orrery:dials:Web", custom: false, parent: stack },
];

function object(kind: string, name: string, manager: string, more: Partial<StateResource> = {}): StateResource {
  return {
    ...{ urn: urn(`kubernetes:core/v1:${kind}`, name), type: `kubernetes:core/v1:${kind}`, custom: true },
    ...{ id: `dials/${name}`, parent: component, provider: `${provider}::7` },
    ...{ inputs: { metadata: { namespace: "dials", name } }, outputs: { __fieldManager: manager } },
    ...more,
  };
}

const old = object("Secret", "broker", fieldManager);
const fresh = object("ConfigMap", "settings", "pulumi-kubernetes-1", {
  ...{ dependencies: [old.urn, component], deletedWith: old.urn },
  propertyDependencies: { data: [old.urn], metadata: null },
});
const volume = (id: string): StateResource => {
  const type = "openstack:blockstorage/volume:Volume";
  return { urn: urn(type, "homes"), type, custom: true, id };
};
const state = [...frame, old, fresh];

/** A backend that keeps what these updates left, the oldest first. */
function backend(...updates: readonly { readonly kind: string; readonly resources: readonly StateResource[] }[]) {
  const files = new Map<string, string>();
  for (const [at, { kind, resources }] of updates.entries()) {
    const key = `.pulumi/history/orrery/prod/prod-17953770574400${10 + at}`;
    files.set(`${key}.history.json`, JSON.stringify({ kind }));
    files.set(`${key}.history.json.attrs`, "{}");
    files.set(`${key}.checkpoint.json`, JSON.stringify({ version: 3, checkpoint: { latest: { resources } } }));
  }
  const bucket: Pick<Bucket, "list" | "read"> = {
    list: () => Promise.resolve([...files.keys()]),
    read: (key) => Promise.resolve(files.has(key) ? Buffer.from(files.get(key) ?? "") : undefined),
  };
  return { bucket: bucket as Bucket, project: "orrery", name: "prod" };
}

describe("undoing an adoption", () => {
  const decisions: Decisions = { keep: [], orphan: [] };

  it("an object of a cluster was adopted if its state has the adoption's field manager", async () => {
    const isAdopted = await adoptedIn(backend());
    assert.deepEqual([old, fresh].map(isAdopted), [true, false]);
  });

  it("another resource was adopted if an import brought it into the state, and it was not replaced since", async () => {
    const isAdopted = await adoptedIn(
      backend(
        { kind: "update", resources: [...frame, volume("created")] },
        {
          kind: "resource-import",
          resources: [...frame, volume("created"), { ...volume("imported"), urn: "urn:other" }],
        },
        { kind: "update", resources: [volume("later")] },
      ),
    );
    assert.deepEqual(
      ["created", "imported", "later"].map((id) => isAdopted(volume(id))),
      [false, false, false],
    );
    assert.equal(isAdopted({ ...volume("imported"), urn: "urn:other" }), true);
  });

  it("what Orrery created has to be named, by its title or its URN", () => {
    const isAdopted = (one: StateResource): boolean => one === old;
    const groups = (more: Partial<Decisions>): readonly string[] =>
      Object.entries(forgetting(state, isAdopted, { ...decisions, ...more })).flatMap(([group, all]) =>
        (all as readonly StateResource[]).map((one) => `${group} ${one.id ?? ""}`),
      );
    assert.deepEqual(groups({}), ["forgotten dials/broker", "undecided dials/settings"]);
    assert.deepEqual(groups({ keep: ["ConfigMap *"] }), ["forgotten dials/broker", "kept dials/settings"]);
    assert.deepEqual(groups({ orphan: ["*::settings"] }), ["forgotten dials/broker", "orphaned dials/settings"]);
    assert.deepEqual(groups({ orphan: ["ConfigMap"] }), ["forgotten dials/broker", "undecided dials/settings"]);
  });

  it("an adopted resource that is about to be deleted, as another has its place, has to be named too", () => {
    const replaced = { ...old, delete: true };
    const { undecided } = forgetting([...state, replaced], (one) => one.id === old.id, {
      ...decisions,
      keep: ["ConfigMap *"],
    });
    assert.deepEqual(undecided, [replaced]);
  });

  it("what stays keeps everything above it, and refers to nothing that is gone", () => {
    assert.deepEqual(remaining(state, [structuredClone(fresh)]), [
      ...frame,
      {
        ...object("ConfigMap", "settings", "pulumi-kubernetes-1"),
        dependencies: [component],
        propertyDependencies: { data: [], metadata: [] },
      },
    ]);
  });

  it("a state of which nothing stays is empty", () => {
    assert.deepEqual(remaining(state, []), []);
  });
});
