/** A program's OpenStack resources as OpenTofu's configuration. */
import assert from "node:assert/strict";
import { declared } from "../../../bench/declared.ts";
import { addressOf, toConfiguration } from "../../../bench/tofuJson.ts";
import { stackPath } from "../../../config/stackFile.ts";
import type { Call } from "../../../review/evaluate/outputs.ts";
import { callResult, resourceState } from "../../../review/evaluate/outputs.ts";
import type { Registration } from "../../../review/evaluate/record.ts";
import { Secret } from "../../../review/evaluate/secret.ts";

const [keypair, port, server] = [
  "openstack:compute/keypair:Keypair",
  "openstack:networking/port:Port",
  "openstack:compute/instance:Instance",
] as const;

function registered(type: string, name: string, inputs: object, dependsOn: readonly string[] = []): Registration {
  const urn = `urn:pulumi:test::orrery::${type}::${name}`;
  return {
    urn,
    type,
    name,
    parent: "",
    provider: "",
    inputs: inputs as Registration["inputs"],
    options: { dependsOn },
  };
}

/** Id and outputs that the mocks invent. */
const made = (one: Registration): ReturnType<typeof resourceState> => resourceState({ ...one, inputs: one.inputs }, []);

describe("bench: OpenTofu's configuration", () => {
  it("OpenTofu's configuration has the provider's names, references as expressions, and only dependencies that no reference implies", () => {
    const network: Call = {
      token: "openstack:networking/getNetwork:getNetwork",
      inputs: { name: "default" },
      provider: "",
    };
    const login = registered(keypair, "login", { name: "hub", publicKey: "ssh-ed25519 AAAA" });
    const door = registered(port, "door", { adminStateUp: true, networkId: callResult(network).id });
    const machine = registered(
      server,
      "a machine",
      {
        name: "hub.example",
        keyPair: made(login).id,
        networks: [{ port: made(door).id }],
        userData: new Secret("x: ${y} %{z}"),
      },
      [login.urn, door.urn, "urn:pulumi:test::orrery::orrery:callysto:Hub::hub"],
    );
    const [ipv4, ipv6] = made(door).state.allFixedIps as readonly string[];
    const record = registered("openstack:dns/recordSet:RecordSet", "name", { records: [ipv4, ipv6], ttl: 60 }, [
      machine.urn,
    ]);
    assert.deepEqual(toConfiguration({ resources: [login, door, machine, record], calls: [network] }), {
      terraform: { required_providers: { openstack: { source: "terraform-provider-openstack/openstack" } } },
      data: { openstack_networking_network_v2: { call_0: { name: "default" } } },
      resource: {
        openstack_compute_keypair_v2: { login: { name: "hub", public_key: "ssh-ed25519 AAAA" } },
        openstack_networking_port_v2: {
          door: { admin_state_up: true, network_id: "${data.openstack_networking_network_v2.call_0.id}" },
        },
        openstack_compute_instance_v2: {
          a_machine: {
            name: "hub.example",
            key_pair: "${openstack_compute_keypair_v2.login.id}",
            network: [{ port: "${openstack_networking_port_v2.door.id}" }],
            user_data: "x: $${y} %%{z}",
          },
        },
        openstack_dns_recordset_v2: {
          name: {
            records: [
              '${one([for a in openstack_networking_port_v2.door.all_fixed_ips : a if length(regexall(":", a)) == 0])}',
              '${one([for a in openstack_networking_port_v2.door.all_fixed_ips : a if length(regexall(":", a)) > 0])}',
            ],
            ttl: 60,
            depends_on: ["openstack_compute_instance_v2.a_machine"],
          },
        },
      },
    });
    assert.equal(addressOf(machine), "openstack_compute_instance_v2.a_machine");
  });

  it("OpenTofu's configuration has every OpenStack resource of stage with its data sources, and no id that the mocks made up", async () => {
    const stage = await declared("stage", stackPath("stage"));
    const { resource, data } = toConfiguration(stage);
    const count = (blocks: typeof resource): number =>
      Object.values(blocks).reduce((sum, block) => sum + Object.keys(block).length, 0);
    assert.equal(count(resource), stage.resources.filter(({ type }) => type.startsWith("openstack:")).length);
    assert.deepEqual(Object.keys(data).sort(), [
      "openstack_dns_zone_v2",
      "openstack_images_image_v2",
      "openstack_networking_network_v2",
    ]);
    assert.doesNotMatch(JSON.stringify([resource, data]), /[0-9a-f]{8}-[0-9a-f]{4}-4|2001:db8|203\.0\.113/);
  });

  it("a type that the provider does not have is refused", () => {
    const resources = [registered("openstack:compute/nothing:Nothing", "x", {})];
    assert.throws(
      () => toConfiguration({ resources, calls: [] }),
      /"openstack:compute\/nothing:Nothing" is no type of/,
    );
  });
});
