import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { record, type Recording, type MockEnvironment } from "../../review/evaluate/record.ts";
import { clearTexts, redact, Secret } from "../../review/evaluate/secret.ts";

const world: MockEnvironment = { stack: "test", config: new Map() };

class Box extends pulumi.ComponentResource {
  constructor(name: string, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:test:Box", name, {}, opts);
    this.registerOutputs({ size: 1, key: pulumi.secret("hidden") });
  }
}

/** Any resource type will do; the mocks have no schema. */
class Thing extends pulumi.CustomResource {
  declare readonly address: pulumi.Output<string>;

  constructor(name: string, args: pulumi.Inputs, opts?: pulumi.CustomResourceOptions) {
    super("orrery:test:Thing", name, args, opts);
  }
}

const run = (program: () => object): Promise<Recording> => record(world, () => Promise.resolve(program()));

/** Each test is a contract with the SDK: what it asserts is private there and may change with a release. */
describe("recording", () => {
  it("a recording has type, name, provider, the whole chain of parents, and inputs", async () => {
    const { resources } = await run(() => {
      const outer = new Box("outer");
      const inner = new Box("inner", { parent: outer });
      new Thing("thing", { size: 1, list: ["a"] }, { parent: inner });
      return {};
    });
    assert.deepEqual(
      resources.map(({ urn, parent }) => ({ urn, parent })),
      [
        { urn: "urn:pulumi:test::orrery::orrery:test:Box::outer", parent: "" },
        {
          urn: "urn:pulumi:test::orrery::orrery:test:Box$orrery:test:Box::inner",
          parent: "urn:pulumi:test::orrery::orrery:test:Box::outer",
        },
        {
          urn: "urn:pulumi:test::orrery::orrery:test:Box$orrery:test:Box$orrery:test:Thing::thing",
          parent: "urn:pulumi:test::orrery::orrery:test:Box$orrery:test:Box::inner",
        },
      ],
    );
    assert.deepEqual(resources[2]?.inputs, { size: 1, list: ["a"] });
  });

  it("a recording leaves out resources that are only read, and dependencies on them", async () => {
    const { resources } = await run(() => {
      const first = new Thing("first", {});
      const found = new Thing("found", {}, { id: "elsewhere" });
      new Thing("second", { from: [first.id, found.id] });
      new Thing("third", { from: found.id });
      return {};
    });
    assert.deepEqual(Object.fromEntries(resources.map(({ name, options }) => [name, options.dependsOn])), {
      first: undefined,
      second: ["urn:pulumi:test::orrery::orrery:test:Thing::first"],
      third: undefined,
    });
  });

  it("a recording has every option", async () => {
    const { resources } = await run(() => {
      const first = new Thing("first", {});
      new Thing(
        "second",
        { from: first.id },
        {
          protect: true,
          retainOnDelete: true,
          deleteBeforeReplace: false,
          ignoreChanges: ["userData"],
          replaceOnChanges: ["image"],
          additionalSecretOutputs: ["password"],
          customTimeouts: { create: "5m", delete: "1m" },
          aliases: [{ name: "old" }],
          deletedWith: first,
          replacementTrigger: "token",
        },
      );
      return {};
    });
    const urn = "urn:pulumi:test::orrery::orrery:test:Thing::first";
    const { aliases, ...options } = resources[1]?.options ?? {};
    assert.deepEqual(options, {
      additionalSecretOutputs: ["password"],
      customTimeouts: { create: "5m", delete: "1m" },
      deleteBeforeReplace: false,
      deletedWith: urn,
      dependsOn: [urn],
      ignoreChanges: ["userData"],
      protect: true,
      replaceOnChanges: ["image"],
      replacementTrigger: "token",
      retainOnDelete: true,
    });
    assert.match(JSON.stringify(aliases), /"old"/);
    assert.deepEqual(resources[0]?.options, {});
  });

  it("a recording marks a secret at its leaf, and wherever it is passed on", async () => {
    const { resources, outputs, exports } = await run(() => {
      const secret = pulumi.secret("hidden");
      const thing = new Thing("thing", { env: [{ name: "A", value: secret }], text: pulumi.interpolate`x-${secret}` });
      new Box("box");
      const generated = new random.RandomPassword("password", { length: 8 });
      return { id: thing.id, secret, generated: generated.result };
    });
    const env = [{ name: "A", value: new Secret("hidden") }];
    const thing = resources.find(({ name }) => name === "thing");
    assert.deepEqual(thing?.inputs, { env, text: new Secret("x-hidden") });
    assert.deepEqual(outputs.get("urn:pulumi:test::orrery::orrery:test:Box::box"), {
      size: 1,
      key: new Secret("hidden"),
    });
    assert.deepEqual(exports.secret, new Secret("hidden"));
    assert.ok(exports.generated instanceof Secret, "a provider's secret output");
    assert.equal(exports.id, "thing-id");
  });

  it("two resources with one URN are refused", async () => {
    const twins = (): Promise<Recording> =>
      run(() => {
        new Thing("twin", {});
        new Thing("twin", {});
        return {};
      });
    await assert.rejects(twins, /two resources have the URN urn:pulumi:test::orrery::orrery:test:Thing::twin/);
  });

  it("programs can be recorded repeatedly, with another config each time", async () => {
    for (const value of ["a", "b"]) {
      const config = new Map([["demo:key", { value, secret: value === "b" }]]);
      const { exports } = await record({ ...world, config }, () =>
        Promise.resolve({ key: new pulumi.Config("demo").require("key") }),
      );
      assert.deepEqual(exports, { key: value });
    }
  });
});

describe("redaction", () => {
  it("redaction keeps keys and shapes, sorts keys and hides every leaf of a secret", () => {
    const value = { b: new Secret({ y: ["k", 1], x: { z: true } }), a: [new Secret("t"), "clear"] };
    assert.equal(
      JSON.stringify(redact(value)),
      '{"a":["[secret]","clear"],"b":{"x":{"z":"[secret]"},"y":["[secret]","[secret]"]}}',
    );
  });

  it("redaction counts keys as clear text, even those of a secret", () => {
    const texts = [...clearTexts({ a: new Secret({ key: "v" }), b: ["w"] })].map(({ text }) => text);
    assert.deepEqual(texts, ["a", "key", "b", "0", "w"]);
  });
});
