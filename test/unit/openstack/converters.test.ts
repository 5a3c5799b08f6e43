import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { parse } from "yaml";
import { freeAddress } from "../../../blocks/openstack/floatingIp.ts";
import { cloudConfigText } from "../../../blocks/openstack/cloud.ts";
import { addressesOf, isId, toFqdn } from "../../../blocks/openstack/names.ts";
import { ping, tcp } from "../../../blocks/openstack/securityGroup.ts";

describe("OpenStack converters", () => {
  it("DNS names are written as Designate requires", () => {
    assert.equal(toFqdn("Hub-Dev.callysto.farm"), "hub-dev.callysto.farm.");
    assert.equal(toFqdn("hub-dev.callysto.farm."), "hub-dev.callysto.farm.");
    for (const bad of ["hub..farm", "-hub.farm", "hub-.farm", "hub_1.farm", `${"a".repeat(64)}.farm`, ""]) {
      assert.throws(() => toFqdn(bad), /is not valid in DNS/, bad);
    }
  });

  it("a port's addresses are split by family, without brackets", () => {
    assert.deepEqual(addressesOf(["10.0.0.9", "[fd00::9]"]), { ipv4: "10.0.0.9", ipv6: "fd00::9" });
    assert.deepEqual(addressesOf(["fd00::9"]), { ipv4: undefined, ipv6: "fd00::9" });
    assert.deepEqual(addressesOf([]), { ipv4: undefined, ipv6: undefined });
  });

  it("an id is distinguished from a name", () => {
    assert.ok(isId("f537d65c-4a22-4cec-ad3f-4a8875fc8b7b"));
    assert.ok(!isId("hub.callysto.ca-home-1"));
  });

  it("a floating IP is accepted only when it is free or already on the port", () => {
    const ip = { id: "i", allTags: [], dnsDomain: "", dnsName: "", address: "192.0.2.7" };
    assert.equal(freeAddress({ ...ip, portId: "" }, "mine", "s"), "192.0.2.7");
    assert.equal(freeAddress({ ...ip, portId: "mine" }, "mine", "s"), "192.0.2.7");
    assert.throws(
      () => freeAddress({ ...ip, portId: "theirs", fixedIp: "10.0.0.5" }, "mine", "callysto:settings.x.floatingIp.ip"),
      /^Error: callysto:settings\.x\.floatingIp\.ip: floating IP 192\.0\.2\.7 is taken by port theirs \(10\.0\.0\.5\); free it/,
    );
  });

  it("a port and ping are opened over IPv4 and IPv6", () => {
    assert.deepEqual(tcp("ssh", 22), {
      "ssh-v4": { ethertype: "IPv4", protocol: "tcp", port: 22 },
      "ssh-v6": { ethertype: "IPv6", protocol: "tcp", port: 22 },
    });
    assert.equal(ping["icmp-v6"]?.protocol, "ipv6-icmp");
  });

  it("user data is what cloud-init reads, with the account, its keys, and the host key of the first login", () => {
    const hostKey = { public: "ssh-ed25519 BOOT", private: "-----BEGIN KEY-----\nx\n-----END KEY-----\n" };
    const text = cloudConfigText({
      user: "ptty2u",
      authorizedKeys: ["ssh-ed25519 AAAA a: b", "ssh-rsa BBBB c#d"],
      hostKey,
    });
    assert.ok(text.startsWith("#cloud-config\n"));
    assert.deepEqual(parse(text), {
      preserve_hostname: true,
      user: { name: "ptty2u" },
      ssh_authorized_keys: ["ssh-ed25519 AAAA a: b", "ssh-rsa BBBB c#d"],
      ssh_keys: { ed25519_private: hostKey.private, ed25519_public: hostKey.public },
    });
  });
});
