/** The life of one machine: booted from its image, reached, given disks, filtered, rebooted, removed without a trace. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { eventually, lab, type Row } from "../../lab/harness/cloud.ts";
import { ensureNamespace, removeNamespace } from "../../lab/machines/namespace.ts";
import { startServices } from "../../lab/openstack/services.ts";
import { runningPid, stop } from "../../lab/process.ts";
import { showBalancing } from "./balancer.ts";
import { answers as answering, api, becomes, bootTimeout, idOf, Made, remove, withPolicy } from "./made.ts";
import { type Key, makeKey, probe, ssh } from "./ssh.ts";
import { markFrom } from "./wire.ts";

const made = new Made();
const name = `machine-${randomBytes(4).toString("hex")}`;

describe("a machine of the lab", function () {
  this.timeout((bootTimeout + 60) * 1000);
  let key: Key, group: Row, port: Row, server: Row, volume: Row, copy: Row, second: Row;
  let floating = "";
  let address6 = "";
  const inside = (command: string): Promise<string> => ssh(key, floating, command);
  const answers = (): Promise<string> => answering(key, floating);
  const rule = (more: object): Promise<Row> => made.rule(group, more);
  const byId = (): string => `/dev/disk/by-id/virtio-${volume.id.slice(0, 20)}`;
  const tap = (): string => `tap${port.id.slice(0, 11)}`;
  const inNamespace = (...args: string[]): string =>
    execFileSync("ip", ["-netns", lab.netns, ...args], { encoding: "utf8" });
  const folder = (): string => path.join(lab.dir, "data", "machines", server.id);
  /** Seconds that the machine's clock is ahead of this computer's. */
  const ahead = async (): Promise<number> => Number(await inside("date +%s.%N")) - Date.now() / 1000;
  let first: { readonly at: number; readonly ahead: number };

  before(async () => {
    key = makeKey();
    group = await made.make("network", "/security-groups", { security_group: { name } });
    await rule({ port_range_min: 22, port_range_max: 22 });
    await rule({ port_range_min: 22, port_range_max: 22, ethertype: "IPv6" });
    ({ port, floating } = await made.reachablePort(name, group));
    address6 =
      (port.fixed_ips as { ip_address: string }[]).map((each) => each.ip_address).find((each) => each.includes(":")) ??
      "";
    volume = await made.make("volume", "/volumes", { volume: { name, size: 1 } });
    await becomes("volume", `/volumes/${volume.id}`, "available");
  });

  after(async () => {
    await made.removeAll();
    key.remove();
  });

  it("a machine boots from its image and answers SSH at its floating IP and its IPv6 address", async () => {
    server = await made.boot(name, port, key);
    await becomes("network", `/ports/${port.id}`, "ACTIVE");
    await answers();
    assert.equal(await inside("hostname"), name);
    assert.equal(await ssh(key, address6, "hostname"), name);
    assert.match(await inside("df --output=size -BG / | tail -1"), /\b(19|20)G/, "the root disk is the flavour's");
    first = { at: Date.now(), ahead: await ahead() };
  });

  it("a namespace whose name outlived its mount, as in a container that was started again, is made again", async () => {
    const stale = `orrery-${name}`;
    writeFileSync(`/run/netns/${stale}`, "");
    for (let round = 1; round <= 2; round++) await ensureNamespace(lab, stale);
    try {
      assert.match(execFileSync("ip", ["netns", "exec", stale, "ip", "link"], { encoding: "utf8" }), /\blo\b/);
    } finally {
      await removeNamespace(lab, stale);
    }
    assert.ok(!existsSync(`/run/netns/${stale}`));
  });

  it("a machine finishes cloud-init and shows its console", async () => {
    assert.match(await inside("cloud-init status --wait"), /status: done/);
    const console = await api.post("compute", `/servers/${server.id}/action`, { "os-getConsoleOutput": {} });
    assert.match(String(console.output), /Cloud-init .* finished/);
  });

  it("a machine sees a volume by its id exactly while it is attached", async () => {
    const attachments = `/servers/${server.id}/os-volume_attachments`;
    const attach = async (): Promise<void> => {
      await api.post("compute", attachments, { volumeAttachment: { volumeId: volume.id } });
      await becomes("volume", `/volumes/${volume.id}`, "in-use");
      await inside(`timeout 60 sh -c 'until [ -b ${byId()} ]; do sleep 0.3; done'`);
    };
    await attach();
    await inside(`echo written by the machine | sudo dd of=${byId()} conv=fsync status=none`);
    await api.delete("compute", `${attachments}/${volume.id}`);
    await becomes("volume", `/volumes/${volume.id}`, "available");
    assert.equal(await inside(`[ -e ${byId()} ] || echo gone`), "gone");
    await attach();
  });

  it("a machine is reachable only where a security group rule allows it", async () => {
    assert.equal(await probe(floating, 8080), "filtered");
    const opened = await rule({ port_range_min: 8000, port_range_max: 8100, remote_ip_prefix: lab.publicCidr });
    const seen = (): Promise<string> => probe(floating, 8080);
    await eventually("opening of port 8080", seen, (state) => state === "closed", 5);
    assert.equal(await probe(address6, 8080), "filtered", "the rule is for IPv4 alone");
    await api.delete("network", `/security-group-rules/${opened.id}`);
    await eventually("closing of port 8080", seen, (state) => state === "filtered", 5);
  });

  it("a load balancer leads to its members in turn, from outside by a floating IP, and no longer to one that left", async () => {
    await showBalancing({ name, key, made, port, group, inside });
  });

  it("a machine asks the metadata service about itself, and cannot ask about another", async () => {
    const about = "http://169.254.169.254/openstack/latest/meta_data.json";
    const forged = "-H 'X-Instance-ID: 00000000-0000-0000-0000-000000000000'";
    for (const more of ["", forged]) {
      const { uuid, name: itsName } = JSON.parse(
        await inside(`wget -qO- ${more.replace("-H ", "--header=")} ${about}`),
      ) as Row;
      assert.deepEqual([uuid, itsName], [server.id, name]);
    }
  });

  it("a limit of bandwidth holds for what a machine sends, and ends with its policy", async () => {
    const kilobits = 800;
    const rule = { max_kbps: kilobits, max_burst_kbps: kilobits / 2, direction: "egress" };
    const chain = (): Promise<string> =>
      Promise.resolve(
        execFileSync("ip", ["netns", "exec", lab.netns, "nft", "list", "chain", "inet", "orrery", "policed"], {
          encoding: "utf8",
        }),
      );
    await withPolicy(port, "bandwidth_limit", rule, async () => {
      await eventually("the limit in force", chain, (text) => text.includes(tap()), 10);
      const bytes = 300_000;
      const before = Date.now();
      await inside(`head -c ${bytes} /dev/urandom | base64 -w0`);
      // At least what a limiter of this rate needs after its burst; base64 makes the data a third longer.
      const least = ((bytes * 8 * 4) / 3 / 1000 - kilobits / 2) / kilobits;
      assert.ok((Date.now() - before) / 1000 >= least, `300 kB passed in ${Date.now() - before} ms`);
    });
    await eventually("the limit's end", chain, (text) => !text.includes(tap()), 10);
  });

  it("a DSCP mark is in what a machine sends, and ends with its policy", async () => {
    const mark = (): Promise<number> => markFrom(floating, () => inside("true"));
    // Assured Forwarding 31, which no program asks for.
    const wanted = 26;
    assert.notEqual(await mark(), wanted);
    await withPolicy(port, "dscp_marking", { dscp_mark: wanted }, async () => {
      await eventually("the mark", mark, (found) => found === wanted, 30);
    });
    await eventually("the mark's end", mark, (found) => found !== wanted, 30);
  });

  it("an image of a machine has what was written to its disk, and the machine runs on", async () => {
    const mark = randomBytes(8).toString("hex");
    await inside(`echo ${mark} | sudo tee /etc/mark >/dev/null; sync`);
    const answer = await api.request("compute", `/servers/${server.id}/action`, {
      method: "POST",
      body: { createImage: { name } },
    });
    const { image_id } = (await answer.json()) as { image_id: string };
    made.alsoRemove("image", `/images/${image_id}`);
    const image = await becomes("image", `/images/${image_id}`, "active");
    assert.equal(image.disk_format, "qcow2");
    await becomes("compute", `/servers/${server.id}`, "ACTIVE");
    assert.equal(await inside("cat /etc/mark"), mark);
    copy = await made.make("network", "/ports", {
      port: { name: `${name}-copy`, network_id: port.network_id, security_groups: [group.id] },
    });
    const at = (copy.fixed_ips as { ip_address: string }[]).map((each) => each.ip_address);
    const request = {
      name: `${name}-copy`,
      flavorRef: await idOf("compute", "/flavors", "m1.small"),
      imageRef: image_id,
      networks: [{ port: copy.id }],
    };
    second = await made.make("compute", "/servers", { server: request });
    await becomes("compute", `/servers/${second.id}`, "ACTIVE");
    const read = (): Promise<string> =>
      ssh(key, at.find((each) => each.includes(":")) ?? "", "cat /etc/mark; hostname").catch(String);
    const seen = await eventually("SSH to the copy", read, (text) => text.startsWith(mark), bootTimeout);
    assert.equal(seen, `${mark}\n${name}-copy`);
  });

  it("a port of another floating IP leads to a port of the copy, which has none of its own", async () => {
    const floating_network_id = await idOf("network", "/networks", "public");
    const shared = await made.make("network", "/floatingips", { floatingip: { floating_network_id } });
    const internal = (copy.fixed_ips as { ip_address: string }[]).map((each) => each.ip_address);
    const port_forwarding = {
      protocol: "tcp",
      external_port: 2200,
      internal_port: 22,
      internal_port_id: copy.id,
      internal_ip_address: internal.find((each) => each.includes(".")),
    };
    const path = `/floatingips/${shared.id}/port_forwardings`;
    const { id } = await made.make("network", path, { port_forwarding });
    const outside = String(shared.floating_ip_address);
    const seen = (): Promise<string> => probe(outside, 2200);
    await eventually("forwarding of port 2200", seen, (state) => state === "open", 10);
    assert.equal(await ssh(key, outside, "hostname", 60, 2200), `${name}-copy`);
    assert.equal(await probe(outside, 22), "filtered");
    await api.delete("network", `${path}/${id}`);
    await eventually("end of the forwarding", seen, (state) => state !== "open", 10);
    await remove("compute", `/servers/${second.id}`);
  });

  it("a machine reaches the lab's name server and nothing outside the lab", async () => {
    assert.match(
      await inside("dig +time=3 callysto.test SOA | grep -o 'status: [A-Z]*'"),
      /status: (REFUSED|SERVFAIL|NOERROR|NXDOMAIN)/,
    );
    assert.equal(await inside("ping -c1 -W2 192.0.2.2 >/dev/null 2>&1 || echo nothing"), "nothing");
  });

  it("a machine's clock is as fast as this computer's", async () => {
    const passed = (Date.now() - first.at) / 1000;
    const gained = (await ahead()) - first.ahead;
    assert.ok(Math.abs(gained) < 3 + passed / 20, `it gained ${gained.toFixed(1)} s in ${passed.toFixed(1)} s`);
  });

  it("a machine has its address and its volume after a reboot", async () => {
    const before = (await answers()).split("\n").at(-1);
    await api.request("compute", `/servers/${server.id}/action`, {
      method: "POST",
      body: { reboot: { type: "SOFT" } },
    });
    await eventually(
      "another boot",
      () => inside("uptime -s").catch(() => before),
      (seen) => seen !== before,
      bootTimeout,
    );
    await becomes("compute", `/servers/${server.id}`, "ACTIVE");
    assert.equal(await inside(`sudo head -c 22 ${byId()}`), "written by the machine");
  });

  it("a machine that comes up with the lab leaves the processor to the rest, until its time is over or Nova starts again", async function () {
    if (!existsSync("/proc/self/autogroup")) this.skip();
    const pid = (): number | undefined => runningPid(lab.dir, `vm-${server.id}`);
    const part = (): string => {
      const found = pid();
      if (found === undefined) return "no machine";
      return readFileSync(`/proc/${found}/autogroup`, "utf8").trim().split(" nice ")[1] ?? "";
    };
    const becomesPart = (wanted: string, seconds: number): Promise<string> =>
      eventually(
        `its part is ${wanted}`,
        () => Promise.resolve(part()),
        (seen) => seen === wanted,
        seconds,
      );
    const novaAgain = async (ends: () => void): Promise<void> => {
      await stop(lab.dir, "nova");
      ends();
      startServices(lab);
    };
    const machineToo = (): void => {
      process.kill(pid() ?? assert.fail("no machine"), "SIGKILL");
    };
    assert.equal(part(), "0");
    await novaAgain(machineToo);
    await becomesPart("19", 120);
    await novaAgain(() => undefined);
    await becomesPart("0", 60);
    await novaAgain(machineToo);
    await becomesPart("19", 120);
    await becomesPart("0", 150);
    await answers();
    await becomes("compute", `/servers/${server.id}`, "ACTIVE");
  });

  it("a machine is removed without a trace, and its volume keeps the data", async () => {
    const pidFile = path.join(lab.dir, "run", `vm-${server.id}.pid`);
    const pid = readFileSync(pidFile, "utf8").split(" ")[0] ?? "";
    assert.ok(existsSync(folder()) && inNamespace("link").includes(tap()));
    await remove("compute", `/servers/${server.id}`);
    await eventually(
      "end of qemu",
      () => Promise.resolve(existsSync(`/proc/${pid}`)),
      (there) => !there,
      10,
    );
    assert.ok(!existsSync(folder()) && !existsSync(pidFile), "no file is left");
    assert.ok(!inNamespace("link").includes(tap()), "no tap is left");
    assert.ok(!readdirSync(path.join(lab.dir, "run")).some((file) => file.includes(server.id.slice(0, 12))));
    await becomes("volume", `/volumes/${volume.id}`, "available");
    const file = path.join(lab.dir, "data", "volumes", volume.id);
    assert.equal(readFileSync(file).subarray(0, 22).toString(), "written by the machine");
  });
});
