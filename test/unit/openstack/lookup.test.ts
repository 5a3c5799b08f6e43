import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { describe, it } from "mocha";
import type { Lookup } from "../../../blocks/openstack/lookup.ts";

/** Looks up in a cloud with this answer to every call, and this state of read resources. */
async function inCloud<T>(
  answer: () => Record<string, unknown>,
  ask: (lookup: Lookup) => pulumi.Output<T>,
  state: object = {},
): Promise<T> {
  const newResource = ({ name, inputs }: pulumi.runtime.MockResourceArgs): { id: string; state: object } => ({
    id: name,
    state: { ...(inputs as object), ...state },
  });
  await pulumi.runtime.setMocks({ newResource, call: answer }, "orrery", "test", false);
  const lookups = await import("../../../blocks/openstack/lookup.ts");
  const parent = new pulumi.ComponentResource("orrery:test:Parent", "parent");
  const found = ask(new lookups.Lookup(parent, "callysto:settings.environments.hub"));
  return new Promise((resolve, reject) => {
    // The promise of an output is not declared; an apply would hide the error.
    (found as unknown as { promise(): Promise<T> }).promise().then(resolve, reject);
  });
}

/** A provider that found nothing; the SDK reads an error's details, as gRPC has them. */
const nothing = (): never => {
  throw Object.assign(new Error(), {
    details: "invocation of x:getX returned an error: Your query\n returned no results.",
  });
};

describe("look-ups in a cloud", () => {
  it("the newest image is found by its name, and an id is used as it is", async () => {
    assert.equal(
      await inCloud(
        () => ({ id: "i9" }),
        (lookup) => lookup.imageId("callysto-hub"),
      ),
      "i9",
    );
    const id = "10076751-ace0-49b2-ba10-cfa22a98567d";
    assert.equal(await inCloud(nothing, (lookup) => lookup.imageId(id)), id);
  });

  it("a flavour's size and an existing keypair's name are returned", async () => {
    assert.deepEqual(
      await inCloud(
        () => ({ id: "f", vcpus: 4, ram: 8192 }),
        (lookup) => lookup.flavorSize("m1.large"),
      ),
      { cores: 4, ram: 8192 },
    );
    assert.equal(
      await inCloud(
        () => ({ id: "k" }),
        (lookup) => lookup.keypairName("clavius"),
      ),
      "clavius",
    );
  });

  it("a volume is accepted when it is free or the server's own, and refused when another server has it", async () => {
    const server = "hub.callysto.ca";
    const attached = (name: string) => (): Record<string, unknown> => ({
      ...{ id: "v1", name, attachments: name === "" ? [] : [{ instanceId: "s1", device: "/dev/vdb" }] },
    });
    for (const free of ["", server])
      assert.equal(await inCloud(attached(free), (lookup) => lookup.volumeId("home-1", server)), "v1");
    const id = "10076751-ace0-49b2-ba10-cfa22a98567d";
    const read = (name: string): Promise<string> =>
      inCloud(attached(name), (lookup) => lookup.volumeId(id, server), { attachments: [{ instanceId: "s1" }] });
    assert.equal(await read(server), id);
    const says = (volume: string): RegExp =>
      RegExp(
        `^callysto.*\\.hub\\.volumes: volume ${volume} is in use by server other \\(s1\\), not by hub\\.cal.*; detach it`,
      );
    await assert.rejects(read("other"), { message: says(id) });
    await assert.rejects(
      inCloud(attached("other"), (lookup) => lookup.volumeId("home-1", server)),
      { message: says("home-1") },
    );
  });

  const cases: Readonly<Record<string, [(lookup: Lookup) => pulumi.Output<unknown>, RegExp]>> = {
    image: [(lookup) => lookup.imageId("callysto-hub"), /\.hub\.image: no image named "callysto-hub"; upload one/],
    flavour: [(lookup) => lookup.flavorSize("m9"), /\.hub\.flavor: no flavour named "m9"; `openstack flavor list`/],
    network: [(lookup) => lookup.networkId("default"), /no network named "default" is visible to this project/],
    keypair: [
      (lookup) => lookup.keypairName("clavius"),
      /\.hub\.keypair\.name: this user has no keypair named "clavius"/,
    ],
    zone: [
      (lookup) => lookup.zoneId("callysto.farm"),
      /this project has no zone "callysto\.farm"; another project owns/,
    ],
    volume: [
      (lookup) => lookup.volumeId("home-1", "hub.callysto.ca"),
      /\.hub\.volumes: there is no volume named "home-1", or more than one/,
    ],
    address: [
      (lookup) => lookup.floatingIp("192.0.2.7"),
      /\.hub\.floatingIp\.ip: this project has no floating IP "192/,
    ],
  };
  for (const [thing, [ask, message]] of Object.entries(cases)) {
    it(`a ${thing} that does not exist is reported with its setting, in one message without a stack trace`, async () => {
      await assert.rejects(inCloud(nothing, ask), (error: Error) => {
        assert.ok(pulumi.RunError.isInstance(error));
        assert.equal(error.stack, error.message, "a user would see a stack trace");
        assert.match(error.message, message);
        assert.match(error.message, /\n {2}the cloud said: Your query returned no results\.$/);
        return true;
      });
    });
  }

  const silent = ["dial tcp 192.0.2.1:5000: connect: connection refused", "lookup x: no such host", "Post: EOF"];
  const refused = ["Expected HTTP response code [200] but got 401 instead", "Authentication failed"];
  for (const [problem, all] of Object.entries({
    "does not answer; check its authUrl": silent,
    "refuses the login": refused,
  }))
    it(`a cloud that ${problem.split(";")[0] ?? ""} is reported, and not what was looked up`, async () => {
      for (const words of all) {
        const fails = (): never => {
          throw Object.assign(new Error(), { details: `invocation of x:getX returned an error: ${words}` });
        };
        await assert.rejects(
          inCloud(fails, (lookup) => lookup.networkId("default")),
          ({ message }: Error) => {
            assert.ok(message.startsWith(`the OpenStack cloud ${problem}`), message);
            assert.match(message, /`clouds:settings` and the secret `clouds:<name>` say where the cloud is/);
            assert.ok(message.endsWith(`\n  ${words}`), message);
            return true;
          },
        );
      }
    });
});
