/** Every building block with the required and with all arguments; and a cloud's look-ups. */
import * as pulumi from "@pulumi/pulumi";
import { describe, it } from "mocha";
import { cloudConfigText } from "../../../blocks/openstack/cloud.ts";
import { firewall } from "../../../blocks/openstack/guest/firewall.ts";
import { isId } from "../../../blocks/openstack/names.ts";
import { quotaNames, type QuotaUsage } from "../../../blocks/openstack/quota.ts";
import { ping, tcp } from "../../../blocks/openstack/securityGroup.ts";
import { isInCatalogue } from "../catalogue.ts";
import { recordCloud } from "./fixture.ts";

const id = "10076751-ace0-49b2-ba10-cfa22a98567d";
const hostname = "hub.callysto.ca";
const server = {
  ...{ hostname, networkId: "n1", securityGroupId: "g1", flavorName: "m1.large", imageId: "i1", keypairName: "k1" },
  ...{ userData: "#cloud-config\n", rebuildToken: "1" },
};

describe("golden files of the OpenStack building blocks", () => {
  it("servers with their ports, volumes and addresses render as in the golden file", async () => {
    const seen = await recordCloud(async (provider) => {
      const opts = { provider };
      const { Server } = await import("../../../blocks/openstack/server.ts");
      const { SecurityGroup } = await import("../../../blocks/openstack/securityGroup.ts");
      const { DataVolumes } = await import("../../../blocks/openstack/dataVolumes.ts");
      const { FloatingAddress } = await import("../../../blocks/openstack/floatingIp.ts");
      const { HostRecords } = await import("../../../blocks/openstack/dns.ts");
      const { Zone } = await import("../../../blocks/openstack/dns.ts");
      new Server("server", server, opts);
      const rules = { ...tcp("ssh", 22), ...ping, dns: { ethertype: "IPv4", protocol: "udp", port: 53 } as const };
      new SecurityGroup("group", { groupName: hostname, rules }, opts);
      new SecurityGroup("group-least", { groupName: "closed", rules: {} }, opts);
      const small = { mode: "new", volumeName: "small", size: 1 } as const;
      new DataVolumes("volumes-least", { serverId: "s1", volumes: { small } }, opts);
      const volumes = {
        fast: { mode: "new", volumeName: "fast", size: 50, type: "ssd" },
        kept: { mode: "existing", volumeId: "v1" },
        small,
      } as const;
      new DataVolumes(
        "volumes-full",
        { serverId: "s1", volumes, retention: { protect: false, retainOnDelete: true } },
        opts,
      );
      const source = { mode: "new", pool: "public", description: hostname } as const;
      new FloatingAddress("address-least", { portId: "p1", source }, opts);
      new FloatingAddress(
        "address-full",
        { portId: "p1", source, retention: { protect: false, retainOnDelete: true } },
        opts,
      );
      const taken = { id: "f1", address: "192.0.2.7", portId: "p1" } as never;
      new FloatingAddress(
        "address-existing",
        { portId: "p1", source: { mode: "existing", ip: taken, setting: "x" } },
        opts,
      );
      new HostRecords("records-least", { zoneId: "z1", hostname }, opts);
      const both = { ipv4: "192.0.2.7", ipv6: "2001:db8::7", ttl: 300 };
      new HostRecords("records-full", { zoneId: "z1", hostname: `${hostname}.`, ...both }, opts);
      new HostRecords("records-ipv6", { zoneId: "z1", hostname, ipv6: both.ipv6 }, opts);
      new Zone("zone-least", { domain: "callysto.farm", email: "admin@example.org" }, opts);
      new Zone(
        "zone-full",
        { domain: "Callysto.ca.", email: "admin@example.org", retention: { retainOnDelete: true } },
        opts,
      );
    });
    const user = {
      user: "ptty2u",
      authorizedKeys: ["ssh-ed25519 AAAA andrew"],
      hostKey: { public: "ssh-ed25519 BOOT", private: "key\n" },
    };
    const ids = [id, ` ${id}`, `${id}0`, `x${id}`, "callysto-hub", id.toUpperCase()];
    isInCatalogue("servers", seen, { cloudConfig: cloudConfigText(user), ids: ids.map(isId) });
  });

  it("guests render as in the golden file", async () => {
    const seen = await recordCloud(async (provider) => {
      const opts = { provider };
      const { Guest } = await import("../../../blocks/openstack/guest/guest.ts");
      const { Zone } = await import("../../../blocks/openstack/dns.ts");
      const disk = new Zone("disk", { domain: "disk.test", email: "admin@example.org" }, opts);
      const login = {
        address: "192.0.2.7",
        user: "ptty2u",
        privateKey: pulumi.secret("key"),
        serverId: "s1",
        bootstrapKey: "ssh-ed25519 BOOT",
      };
      new Guest("guest-least", { ...login, after: [], secrets: {}, roles: {} }, opts);
      const secrets = {
        token: { path: "/etc/token", text: pulumi.secret("very secret") },
        key: {
          ...{ path: "/etc/my key", text: pulumi.secret("very secret"), mode: "0640", owner: "root:web" },
          unit: { name: "apache2", how: "reload" as const },
        },
      };
      const wall = firewall({ open: [22, 443], inside: { docker0: [8081], lo: [1, 2] } });
      const all = {
        ...{ packages: ["git", "c++"], absentPackages: ["nano"], absentFiles: ["/etc/old file"], checks: ["true"] },
        accounts: [
          { name: "web", home: "/srv" },
          { name: "zoe", uid: 1001, home: "/home/zoe", shell: "/bin/sh" },
        ],
        keys: [{ user: "zoe", state: "absent" as const, publicKey: "ssh-ed25519 AAAA zoe\n" }],
        files: [
          { path: "/etc/a", text: "a\n" },
          { path: "/etc/b c", text: "it's\n", mode: "0600", owner: "web:web" },
        ],
        steps: ["first", "second"],
        units: [{ name: "apache2", how: "restart" as const, files: ["/etc/a", "/etc/b c"] }],
      };
      const parts = { wall, all, nothing: {}, later: pulumi.output({ steps: ["late"] }), empty: { packages: [] } };
      const release = ["zpool export tank"];
      new Guest("guest-full", { ...login, after: disk.resources, secrets, roles: parts, release }, opts);
    });
    isInCatalogue("guests", seen, { wall: firewall({ open: [22] }) });
  });

  it("look-ups in a cloud render as in the golden file", async () => {
    const values: Record<string, unknown> = {};
    const known: Readonly<Record<string, Record<string, unknown>>> = {
      getFlavor: { vcpus: 4, ram: 8192 },
      getVolumeV3: { id: "v1", attachments: [{ instanceId: "s1" }] },
      getInstanceV2: { name: hostname },
      getFloatingIp: { address: "192.0.2.7" },
      getAuthScope: { projectId: "p1" },
    };
    const seen = await recordCloud(
      async (provider) => {
        const { Lookup } = await import("../../../blocks/openstack/lookup.ts");
        const { withinQuota } = await import("../../../blocks/openstack/quota.ts");
        const parent = new pulumi.ComponentResource("orrery:test:Parent", "parent", {}, { provider });
        const lookup = new Lookup(parent, "callysto:settings.environments.hub");
        const need = Object.fromEntries(quotaNames.map((one) => [one, 0])) as QuotaUsage;
        const asked: Readonly<Record<string, pulumi.Output<unknown>>> = {
          image: lookup.imageId("callysto-hub"),
          flavor: lookup.flavorSize("m1.large"),
          network: lookup.networkId("default"),
          keypair: lookup.keypairName("clavius"),
          zone: lookup.zoneId("callysto.farm"),
          dotted: lookup.zoneId("callysto.ca."),
          volume: lookup.volumeId("home-1", hostname),
          read: lookup.volumeId(id, hostname),
          address: lookup.floatingIp("192.0.2.7").apply(({ address }) => address),
          described: lookup.floatingIp("7 of hub").apply(({ address }) => address),
          room: withinQuota(parent, "callysto:settings", need),
        };
        for (const [name, answer] of Object.entries(asked)) answer.apply((value) => (values[name] = value));
      },
      {
        answer: ({ token }) => known[token.split(":").at(-1) ?? ""],
        live: ({ name }) =>
          name === `volume-${id}` ? { id, state: { attachments: [{ instanceId: "s1" }] } } : undefined,
      },
    );
    isInCatalogue("questions", seen, Object.fromEntries(Object.entries(values).toSorted()));
  });
});
