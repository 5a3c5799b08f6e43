import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { recordCloud } from "./fixture.ts";

const fiveMinutes = { create: "5m", update: "5m", delete: "5m" };

describe("OpenStack building blocks", () => {
  it("a server boots on its own port and is replaced by a rebuild token, not by a new image", async () => {
    const seen = await recordCloud(async (provider) => {
      const { Server } = await import("../../../blocks/openstack/server.ts");
      new Server(
        "hub",
        {
          hostname: "hub.callysto.ca",
          networkId: "n1",
          securityGroupId: "g1",
          flavorName: "m1.large",
          imageId: "i1",
          keypairName: "clavius",
          userData: "#cloud-config\n",
          rebuildToken: "2",
        },
        { provider },
      );
    });

    assert.deepEqual(seen.tree, ["hub-instance", "hub-port"]);
    const port = seen.resource("hub-port");
    assert.equal(port.type, "openstack:networking/port:Port");
    assert.deepEqual(port.inputs, {
      name: "hub.callysto.ca",
      networkId: "n1",
      securityGroupIds: ["g1"],
      adminStateUp: true,
    });
    assert.deepEqual(port.options, { protect: true });
    const instance = seen.resource("hub-instance");
    assert.equal(instance.type, "openstack:compute/instance:Instance");
    const networks = instance.inputs.networks as { port: string }[];
    assert.match(networks[0]?.port ?? "", /^[0-9a-f-]{36}$/);
    assert.deepEqual(instance.inputs, {
      name: "hub.callysto.ca",
      flavorName: "m1.large",
      imageId: "i1",
      keyPair: "clavius",
      networks,
      userData: "#cloud-config\n",
      configDrive: true,
    });
    assert.deepEqual(instance.options, {
      additionalSecretOutputs: ["adminPass"],
      customTimeouts: { create: "30m", update: "30m", delete: "15m" },
      deleteBeforeReplace: true,
      dependsOn: [port.urn],
      ignoreChanges: ["imageId", "keyPair", "userData"],
      protect: true,
      replacementTrigger: "2",
    });
  });

  it("new volumes are protected and attached one after the other", async () => {
    const seen = await recordCloud(async (provider) => {
      const { DataVolumes } = await import("../../../blocks/openstack/dataVolumes.ts");
      new DataVolumes(
        "disks",
        {
          serverId: "s1",
          volumes: {
            one: { mode: "new", volumeName: "hub-zfs-01", size: 50, type: "ssd" },
            two: { mode: "existing", volumeId: "v2" },
            three: { mode: "new", volumeName: "hub-zfs-03", size: 20 },
          },
          retention: { protect: true, retainOnDelete: true },
        },
        { provider },
      );
    });

    assert.deepEqual(seen.tree, [
      "disks-one",
      "disks-one-attachment",
      "disks-three",
      "disks-three-attachment",
      "disks-two-attachment",
    ]);
    const one = seen.resource("disks-one");
    assert.equal(one.type, "openstack:blockstorage/volume:Volume");
    assert.deepEqual(one.inputs, { name: "hub-zfs-01", size: 50, volumeType: "ssd", enableOnlineResize: true });
    assert.deepEqual(one.options, { protect: true, retainOnDelete: true });
    assert.deepEqual(seen.resource("disks-three").inputs, { name: "hub-zfs-03", size: 20, enableOnlineResize: true });
    const [first, second, third] = ["one", "two", "three"].map((role) => seen.resource(`disks-${role}-attachment`));
    assert.equal(first?.type, "openstack:compute/volumeAttach:VolumeAttach");
    assert.deepEqual(second?.inputs, { instanceId: "s1", volumeId: "v2" });
    assert.deepEqual(first.options, { deleteBeforeReplace: true, dependsOn: [one.urn] });
    assert.deepEqual(second.options, { deleteBeforeReplace: true, dependsOn: [first.urn] });
    assert.deepEqual(third?.options.dependsOn, [seen.resource("disks-three").urn, second.urn].sort());
  });

  it("a disposable environment does not protect its volumes", async () => {
    const seen = await recordCloud(async (provider) => {
      const { DataVolumes } = await import("../../../blocks/openstack/dataVolumes.ts");
      const volumes = { one: { mode: "new", volumeName: "v", size: 1 } } as const;
      new DataVolumes(
        "disks",
        { serverId: "s1", volumes, retention: { protect: false, retainOnDelete: false } },
        { provider },
      );
    });
    assert.deepEqual(seen.resource("disks-one").options, { protect: false, retainOnDelete: false });
  });

  it("a new floating IP is protected and bound to the port", async () => {
    const seen = await recordCloud(async (provider) => {
      const { FloatingAddress } = await import("../../../blocks/openstack/floatingIp.ts");
      new FloatingAddress(
        "address",
        { portId: "p1", source: { mode: "new", pool: "public", description: "hub.test" } },
        { provider },
      );
    });
    assert.deepEqual(seen.tree, ["address-association", "address-ip"]);
    const ip = seen.resource("address-ip");
    assert.equal(ip.type, "openstack:networking/floatingIp:FloatingIp");
    assert.deepEqual(ip.inputs, { pool: "public", description: "hub.test" });
    assert.deepEqual(ip.options, { protect: true, retainOnDelete: false });
    const association = seen.resource("address-association");
    assert.equal(association.type, "openstack:networking/floatingIpAssociate:FloatingIpAssociate");
    assert.match(String(association.inputs.floatingIp), /^203\.0\.113\./);
    assert.equal(association.inputs.portId, "p1");
    assert.deepEqual(association.options.dependsOn, [ip.urn]);
  });

  it("an existing floating IP is only associated", async () => {
    const seen = await recordCloud(async (provider) => {
      const { FloatingAddress } = await import("../../../blocks/openstack/floatingIp.ts");
      const ip = { id: "f1", address: "192.0.2.7", portId: "", allTags: [], dnsDomain: "", dnsName: "" };
      const source = { mode: "existing", ip, setting: "x" } as const;
      new FloatingAddress("address", { portId: "p1", source }, { provider });
    });
    assert.deepEqual(seen.tree, ["address-association"]);
    assert.deepEqual(seen.resource("address-association").inputs, { floatingIp: "192.0.2.7", portId: "p1" });
  });

  it("each rule of a security group is named by its meaning", async () => {
    const seen = await recordCloud(async (provider) => {
      const { SecurityGroup, ping, tcp } = await import("../../../blocks/openstack/securityGroup.ts");
      new SecurityGroup(
        "web",
        { groupName: "hub.callysto.ca", rules: { ...tcp("https", 443), ...ping } },
        { provider },
      );
    });
    assert.deepEqual(seen.tree, ["web-group", "web-https-v4", "web-https-v6", "web-icmp-v4", "web-icmp-v6"]);
    assert.deepEqual(seen.resource("web-group").inputs, { name: "hub.callysto.ca" });
    const rule = (name: string): object => {
      const { securityGroupId, ...rest } = seen.resource(name).inputs;
      assert.match(String(securityGroupId), /^[0-9a-f-]{36}$/);
      return rest;
    };
    const ingress = { direction: "ingress" };
    const https = { ...ingress, protocol: "tcp", portRangeMin: 443, portRangeMax: 443 };
    assert.deepEqual(rule("web-https-v4"), { ...https, ethertype: "IPv4" });
    assert.deepEqual(rule("web-https-v6"), { ...https, ethertype: "IPv6" });
    const icmp4 = { ...ingress, protocol: "icmp", ethertype: "IPv4" };
    assert.deepEqual(rule("web-icmp-v4"), icmp4);
    const icmp6 = { ...ingress, protocol: "ipv6-icmp", ethertype: "IPv6" };
    assert.deepEqual(rule("web-icmp-v6"), icmp6);
  });

  it("a zone is created once and protected, and hosts get records with a final dot and a TTL of 60 seconds", async () => {
    const seen = await recordCloud(async (provider) => {
      const { HostRecords } = await import("../../../blocks/openstack/dns.ts");
      const { Zone } = await import("../../../blocks/openstack/dns.ts");
      const zone = new Zone("farm", { domain: "callysto.farm", email: "sysadmin@callysto.ca" }, { provider });
      const hostname = "Hub-Dev.callysto.farm";
      const addresses = { ipv4: "192.0.2.7", ipv6: "2001:db8::7" };
      new HostRecords("both", { zoneId: zone.zoneId, hostname, ...addresses }, { provider });
      new HostRecords("six", { zoneId: "z2", hostname, ipv6: "2001:db8::7", ttl: 300 }, { provider });
    });
    const zone = seen.resource("farm-zone");
    assert.equal(zone.type, "openstack:dns/zone:Zone");
    assert.deepEqual(zone.inputs, { name: "callysto.farm.", email: "sysadmin@callysto.ca" });
    assert.deepEqual(zone.options, { customTimeouts: fiveMinutes, protect: true, retainOnDelete: false });
    const a = seen.resource("both-a");
    assert.equal(a.type, "openstack:dns/recordSet:RecordSet");
    const { zoneId, ...inputs } = a.inputs;
    assert.match(String(zoneId), /^[0-9a-f-]{36}$/);
    assert.deepEqual(inputs, { name: "hub-dev.callysto.farm.", type: "A", ttl: 60, records: ["192.0.2.7"] });
    assert.deepEqual(a.options, { customTimeouts: fiveMinutes, dependsOn: [zone.urn] });
    assert.deepEqual(seen.resource("six-aaaa").inputs, {
      zoneId: "z2",
      name: "hub-dev.callysto.farm.",
      type: "AAAA",
      ttl: 300,
      records: ["2001:db8::7"],
    });
    assert.equal(seen.resources.filter(({ type }) => type.endsWith(":RecordSet")).length, 3);
  });
});
