import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { publicKeyLine } from "../../../config/samples.ts";
import { Secret } from "../../../review/evaluate/secret.ts";
import type { Seen } from "../openstack/fixture.ts";
import { deployCallysto as deploy, hub } from "./fixture.ts";

const andrew = publicKeyLine("andrew");
const james = publicKeyLine("james");
const deployKey = publicKeyLine("deploy");
const fixed = (label: string): object => ({ mode: "fixed", label });

const clavius = {
  kind: "clavius",
  domain: "callysto.farm",
  name: fixed("clavius"),
  flavor: "m1.small",
  image: "debian-12",
  floatingIp: { mode: "new" },
};

const types = (seen: Seen): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const { type } of seen.resources.filter((one) => one.type.startsWith("openstack:"))) {
    const kind = type.split(":").at(-1) ?? "";
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
};

const base = "callysto-hub-dev-host";

describe("Callysto's environments", () => {
  it("a development hub has IPv6 only, its own keypair and two new volumes", async () => {
    const seen = await deploy({ "hub-dev": hub });

    assert.deepEqual(types(seen), {
      Instance: 1,
      Keypair: 1,
      Port: 1,
      RecordSet: 1,
      SecGroup: 1,
      SecGroupRule: 10,
      Volume: 2,
      VolumeAttach: 2,
      Zone: 1,
    });
    const fqdn = "hub-dev.callysto.farm";
    assert.equal(seen.resource(`${base}-security-group`).inputs.name, fqdn);
    assert.equal(seen.resource(`${base}-server-port`).inputs.name, fqdn);
    const { networks, imageId, userData, ...server } = seen.resource(`${base}-server-instance`).inputs;
    assert.ok(Array.isArray(networks));
    assert.match(String(imageId), /^[0-9a-f-]{36}$/);
    assert.deepEqual(server, {
      name: fqdn,
      flavorName: "m1.large",
      keyPair: "hub-dev",
      configDrive: true,
    });
    assert.ok(userData instanceof Secret);
    assert.match(
      String(userData.value),
      new RegExp(
        `^#cloud-config\\npreserve_hostname: true\\nuser:\\n  name: ptty2u\\nssh_authorized_keys:\\n  - ${andrew.replaceAll("+", "\\+")}\\nssh_keys:\\n`,
      ),
    );
    assert.deepEqual(seen.resource(`${base}-keypair`).inputs, { name: "hub-dev", publicKey: deployKey });
    for (const half of ["zfs-01", "zfs-02"]) {
      const { inputs, options } = seen.resource(`${base}-volumes-${half}`);
      assert.deepEqual(inputs, { name: `${fqdn}-${half}`, size: 50, enableOnlineResize: true });
      assert.equal(options.protect, true);
    }
    const { zoneId, records, ...record } = seen.resource(`${base}-dns-aaaa`).inputs;
    assert.ok(zoneId !== undefined);
    assert.match(String(records), /^2001:db8::/);
    assert.deepEqual(record, { name: `${fqdn}.`, type: "AAAA", ttl: 60 });
    const asked = seen.calls.map(({ token, inputs }) => [token.split(":").at(-1), inputs.name ?? inputs.projectId]);
    const project = asked.find(([call]) => call === "getQuotaV2")?.[1];
    assert.match(String(project), /^[0-9a-f-]{36}$/);
    assert.deepEqual(asked.sort(), [
      ["getAuthScope", "quota"],
      ["getFlavor", "m1.large"],
      ["getImage", "callysto-hub"],
      ["getNetwork", "default"],
      ["getQuotaSetV2", project],
      ["getQuotaV2", project],
      ["getQuotasetV3", project],
    ]);
  });

  it("a hub has its ten security group rules and the workstation its four", async () => {
    const seen = await deploy({ "hub-dev": hub, clavius });
    const rules = (host: string): string[] =>
      seen.resources
        .filter(({ type, name }) => type.endsWith(":SecGroupRule") && name.startsWith(`callysto-${host}-host`))
        .map(({ inputs }) => [inputs.ethertype, inputs.protocol, inputs.portRangeMin].filter(Boolean).join(" "))
        .sort();
    const ping = ["IPv4 icmp", "IPv6 ipv6-icmp"];
    const open = (...ports: readonly number[]): string[] =>
      ports.flatMap((port) => ["IPv4", "IPv6"].map((family) => `${family} tcp ${port}`));
    assert.deepEqual(rules("hub-dev"), [...ping, ...open(22, 80, 443, 9999)].sort());
    assert.deepEqual(rules("clavius"), [...ping, ...open(22)].sort());
  });

  it("resources that production owns elsewhere are attached and associated, never created or deleted", async () => {
    const volumes = ["f537d65c-4a22-4cec-ad3f-4a8875fc8b7b", "hub.callysto.ca-home-2"];
    const seen = await deploy({
      "hub-prod": {
        ...hub,
        domain: "callysto.ca",
        name: fixed("hub"),
        volumes: { mode: "existing", volumes },
        floatingIp: { mode: "existing", ip: "162.246.156.219" },
        keypair: { mode: "shared", with: "clavius" },
      },
      clavius: { ...clavius, floatingIp: { mode: "none" } },
    });
    const prod = seen.resources.filter(({ name }) => name.startsWith("callysto-hub-prod-"));
    for (const absent of [":Volume", ":FloatingIp", ":RecordSet", ":Keypair"]) {
      assert.deepEqual(
        prod.filter(({ type }) => type.endsWith(absent)),
        [],
        absent,
      );
    }
    const attached = ["zfs-01", "zfs-02"].map(
      (half) => seen.resource(`callysto-hub-prod-host-volumes-${half}-attachment`).inputs.volumeId,
    );
    const byName = seen.calls.find(({ token }) => token.endsWith(":getVolumeV3"));
    assert.deepEqual(byName?.inputs, { name: "hub.callysto.ca-home-2" });
    assert.equal(attached[0], volumes[0]);
    assert.match(String(attached[1]), /^[0-9a-f-]{36}$/);
    const association = seen.resource("callysto-hub-prod-host-address-association");
    assert.equal(association.inputs.floatingIp, "162.246.156.219");
    assert.equal(seen.resource("callysto-hub-prod-host-server-instance").inputs.keyPair, "clavius");
  });

  it("the workstation has its volumes, its address and both DNS records", async () => {
    const seen = await deploy({ clavius }, { retainOnDelete: true, packerSecurityGroup: true });
    const volume = (role: string): object => seen.resource(`callysto-clavius-host-volumes-${role}`).inputs;
    const online = { enableOnlineResize: true };
    assert.deepEqual(volume("homedir"), { name: "clavius.callysto.farm-homedir", size: 20, ...online });
    assert.deepEqual(volume("docker"), { name: "clavius.callysto.farm-docker", size: 100, ...online });
    const second = seen.resource("callysto-clavius-host-volumes-docker-attachment");
    const first = seen.resource("callysto-clavius-host-volumes-homedir-attachment");
    assert.ok(second.options.dependsOn?.includes(first.urn));
    const ip = seen.resource("callysto-clavius-host-address-ip");
    assert.deepEqual(ip.inputs, { pool: "public", description: "clavius.callysto.farm" });
    assert.deepEqual(ip.options, { protect: true, retainOnDelete: true });
    assert.deepEqual([types(seen).RecordSet, types(seen).FloatingIp], [2, 1]);
    assert.equal(seen.resource("callysto-packer-group").inputs.name, "packer");
    assert.equal(seen.resource("callysto-callysto-farm-zone").options.retainOnDelete, true);
  });

  it("a disposable hub gets a generated name and does not retain its volumes, but the zone is always kept", async () => {
    const disposable = { ...hub, disposable: true, floatingIp: { mode: "new" } };
    const seen = await deploy({
      "hub-ci": { ...disposable, name: { mode: "pet", prefix: "hub-ci-" } },
      custom: { ...disposable, name: { mode: "pet" } },
    });
    const label = (environment: string): string =>
      String(seen.resource(`callysto-${environment}-host-keypair`).inputs.name);
    assert.match(label("hub-ci"), /^hub-ci-[a-z]+-[a-z]+$/);
    assert.match(label("custom"), /^[a-z]+-[a-z]+$/);
    assert.equal(seen.resource("callysto-custom-host-name").inputs.length, 2);
    const server = seen.resource("callysto-hub-ci-host-server-instance").inputs.name;
    assert.equal(server, `${label("hub-ci")}.callysto.farm`);
    assert.equal(seen.resource("callysto-hub-ci-host-dns-a").inputs.name, `${server}.`);
    assert.equal(seen.resource("callysto-hub-ci-host-volumes-zfs-01").options.protect, false);
    assert.equal(seen.resource("callysto-hub-ci-host-address-ip").options.protect, false);
    assert.equal(seen.resource("callysto-callysto-farm-zone").options.protect, true);
  });

  it("an existing zone is looked up and an existing keypair is used", async () => {
    const seen = await deploy(
      { "hub-dev": { ...hub, keypair: { mode: "existing", name: "clavius" } } },
      { zones: { "callysto.farm": { mode: "existing" } } },
    );
    assert.deepEqual([types(seen).Zone, types(seen).Keypair], [undefined, undefined]);
    const asked = seen.calls.map(({ token, inputs }) => [token.split(":").at(-1), inputs.name]);
    assert.ok(asked.some(([call, name]) => call === "getDnsZone" && name === "callysto.farm."));
    assert.ok(asked.some(([call, name]) => call === "getKeypair" && name === "clavius"));
    assert.equal(seen.resource(`${base}-server-instance`).inputs.keyPair, "clavius");
  });

  it("only SSH keys that are present after the merge give access", async () => {
    const keys = { james: { publicKey: james }, andrew: { state: "absent" } };
    const seen = await deploy({ "hub-dev": { ...hub, sshKeys: keys } });
    const userData = String((seen.resource(`${base}-server-instance`).inputs.userData as Secret).value);
    assert.ok(userData.includes(james));
    assert.ok(!userData.includes(andrew));
  });

  it("a guest is configured once its disks are attached, with secrets kept separate", async () => {
    const guest = { jupyterhub: { image: "docker.io/callysto/pims-r:1", authenticator: "pam" } };
    const seen = await deploy({ "hub-dev": { ...hub, guest }, clavius: { ...clavius, guest: {} } });
    const steps = (environment: string): string[] =>
      seen.resources
        .filter(({ type, name }) => type.startsWith("command:") && name.startsWith(`callysto-${environment}-`))
        .map(({ name }) => name.replace(`callysto-${environment}-inside-guest-`, ""));
    const own = ["base", "mail", "access", "firewall"];
    const jupyterhub = ["homes", "docker", "notebook-image", "proxy", "jupyterhub", "web"];
    assert.deepEqual(steps("hub-dev"), ["identity", "toolkit", "release", "proxy-environment", ...own, ...jupyterhub]);
    assert.deepEqual(steps("clavius"), [
      "identity",
      "toolkit",
      "release",
      ...own,
      "work-volume",
      "docker-volume",
      "docker",
    ]);
    const last = seen.resource(`${base}-volumes-zfs-02-attachment`);
    assert.ok(seen.resource("callysto-hub-dev-inside-guest-identity").options.dependsOn?.includes(last.urn));
    const [one, two] = ["zfs-01", "zfs-02"].map((half) => seen.resource(`${base}-volumes-${half}-attachment`).inputs);
    const homes = String(seen.resource("callysto-hub-dev-inside-guest-homes").inputs.stdin);
    assert.ok(homes.includes(`\nmirror tank ${String(one?.volumeId)} ${String(two?.volumeId)}\n`));
    const token = seen.resource("callysto-hub-dev-inside-guest-proxy-environment").inputs.stdin;
    assert.match(String((token as { value: unknown }).value), /^CONFIGPROXY_AUTH_TOKEN='\w+'\n$/);
  });

  it("every resource of an environment has a parent, the cloud's provider and a name that starts with the environment's", async () => {
    const seen = await deploy({ "hub-dev": hub, clavius });
    for (const one of seen.resources.filter(({ type }) => type.startsWith("openstack:"))) {
      assert.match(one.parent, /orrery:/, one.name);
      assert.match(one.provider, /pulumi:providers:openstack::lab$/, one.name);
      assert.ok(one.name.startsWith("callysto-"), one.name);
    }
    for (const call of seen.calls) assert.match(call.provider, /pulumi:providers:openstack::lab$/, call.token);
  });
});
