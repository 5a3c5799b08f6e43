/** What a cloud says no to: one message that names the setting or resource, no stack trace, and the next up finishes. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { parse, stringify } from "yaml";
import { labTarget } from "../../lab/pulumi.ts";
import { retarget } from "../../lab/retarget.ts";
import { samplePassphrase } from "../../config/samples.ts";
import { setAt } from "../../config/stackEdit.ts";
import { stackPath } from "../../config/stackFile.ts";
import { eventually, lab, openstackApi, type Row } from "../../lab/harness/cloud.ts";
import { initStack, type Outcome, pulumi, stateOf, type Target } from "../../lab/harness/engine.ts";

const cloud = openstackApi(lab);
const admin = openstackApi(lab, "admin");
const target: Target = { stack: "bad", file: path.join(lab.dir, "Pulumi.bad.yaml") };
const hub = ["config", "callysto:settings", "environments", "hub-ci"];
let good = "";

/** Runs the program with settings changed at some paths; without changes it is the good one. */
async function run(
  command: "preview" | "up",
  changes: readonly (readonly [string[], unknown])[] = [],
): Promise<Outcome> {
  writeFileSync(
    target.file,
    changes.reduce((text, [at, value]) => setAt(text, at, value), good),
  );
  return pulumi([command, ...(command === "up" ? ["--yes", "--skip-preview"] : [])], target);
}

function refusedWith({ code, text }: Outcome, message: RegExp): void {
  assert.notEqual(code, 0, text);
  assert.match(text, message);
  const trace = text.search(/\n\s+at .*:\d+:\d+|panic:|goroutine /);
  assert.equal(trace, -1, `a stack trace: ${text.slice(Math.max(trace - 1000, 0), trace + 500)}`);
}

describe("invalid input", () => {
  before(async () => {
    retarget(stackPath("test"), target.file, labTarget(lab), samplePassphrase("test"));
    const whole = parse(readFileSync(target.file, "utf8")) as { config: Record<string, unknown> };
    const config = Object.entries(whole.config).filter(([key]) => /^(callysto|clouds):/.test(key));
    const small = { ...whole, config: Object.fromEntries(config) };
    good = stringify(small, { lineWidth: 0 });
    // A zone, flavour and image of its own: these tests need no machine.
    good = good.replaceAll("callysto.farm", "bad-input.test");
    good = setAt(setAt(good, [...hub, "flavor"], "lab.none"), [...hub, "image"], "lab-empty");
    good = setAt(good, [...hub, "volumes", "size"], 1);
    await initStack(target);
  });

  after(async () => {
    await pulumi(["state", "unprotect", "--all", "--yes"], target);
    const gone = await pulumi(["destroy", "--yes", "--skip-preview"], target);
    assert.equal(gone.code, 0, gone.text);
    await pulumi(["stack", "rm", "--yes", "--preserve-config"], target);
  });

  it("a cloud that does not answer is reported in one message with its address", async () => {
    const wrong = [["config", "clouds:settings", "lab", "authUrl"], "http://127.0.0.1:9/v3"] as [string[], string];
    refusedWith(await run("preview", [wrong]), /does not answer; check its authUrl[^]*clouds:settings/);
  });

  it("samples for a cloud other than the lab's are refused in preview and up, and nothing is created", async () => {
    const real = [["config", "clouds:settings", "lab", "lab"], false] as [string[], boolean];
    for (const command of ["preview", "up"] as const) {
      refusedWith(
        await run(command, [real]),
        /is for clusters and clouds that are not the lab's, and everybody knows 4 of its texts; nothing was changed:[^]*callysto:deployPrivateKey is a published sample\n +npx pulumi config set --stack \S+ --secret callysto:deployPrivateKey < FILE[^]*the stack's passphrase is published[^]*--path clouds:settings\.lab\.allowSamples true/,
      );
    }
    assert.deepEqual(
      (await stateOf(target)).filter(({ type }) => type !== "pulumi:pulumi:Stack"),
      [],
    );
  });

  it("settings of a hub that contradict each other are refused together by their paths, and nothing is created", async () => {
    const hubCi = {
      ...{ kind: "hub", domain: "elsewhere.test", name: { mode: "fixed", label: "hub" }, flavor: "lab.none" },
      ...{ image: "lab-empty", volumes: { mode: "existing", volumes: ["home-1", "home-1"] } },
      guest: { jupyterhub: { authenticator: "google", image: "docker.io/callysto/callysto-swift:1" } },
    };
    const { code, text } = await run("up", [[hub, hubCi]]);
    refusedWith(
      { code, text, stdout: "" },
      /environments\.hub-ci\.domain: got "elsewhere\.test"; expected one of zones/,
    );
    for (const path of ["volumes", "guest.jupyterhub.google", "guest.jupyterhub.image"])
      assert.ok(text.includes(`environments.hub-ci.${path}`), `${path}: ${text}`);
    refusedWith(await run("up", [[[...hub, "kind"], "hubb"]]), /environments\.hub-ci\.kind/);
    assert.deepEqual(
      (await stateOf(target)).filter(({ type }) => type !== "pulumi:pulumi:Stack"),
      [],
    );
  });

  it("an image that does not exist is reported", async () => {
    const message = /environments\.hub-ci\.image: no image named "no-such-image"; upload one or name another/;
    refusedWith(await run("preview", [[[...hub, "image"], "no-such-image"]]), message);
  });

  it("a flavour that does not exist is reported", async () => {
    const message = /environments\.hub-ci\.flavor: no flavour named "no-such-flavour"/;
    refusedWith(await run("preview", [[[...hub, "flavor"], "no-such-flavour"]]), message);
  });

  it("a zone that already exists is reported with the zone's resource, and the next up creates it once it is free", async () => {
    const other = await admin.post("dns", "/zones", { name: "bad-input.test.", email: "other@bad-input.test" });
    refusedWith(await run("up"), /Zone \(callysto-bad-input-test-zone\)[^]*(409|[Dd]uplicate)/);
    const existing = [["config", "callysto:settings", "zones", "bad-input.test"], { mode: "existing" }] as const;
    refusedWith(
      await run("up", [[[...existing[0]], existing[1]]]),
      /callysto:settings\.zones\.bad-input\.test\.mode: this project has no zone "bad-input\.test"; another project owns it/,
    );
    assert.equal((await admin.get("dns", `/zones/${other.id}`)).email, "other@bad-input.test");
    await admin.delete("dns", `/zones/${other.id}`);
    await eventually(
      "end of the other's zone",
      () => admin.find("dns", `/zones/${other.id}`),
      (zone) => zone === undefined,
    );
    const next = await run("up");
    assert.equal(next.code, 0, next.text);
    const again = await pulumi(["preview", "--expect-no-changes"], target);
    assert.equal(again.code, 0, again.text);
  });

  it("a floating IP on another port is reported, and stays where it is", async () => {
    const [external] = await cloud.list("network", "/networks?router:external=true");
    const [network] = await cloud.list("network", "/networks?name=default");
    const port = await cloud.post("network", "/ports", { port: { network_id: network?.id, name: "somebody" } });
    const ip = await cloud.post("network", "/floatingips", {
      floatingip: { floating_network_id: external?.id, port_id: port.id },
    });
    const address = String(ip.floating_ip_address);
    const taken = await run("up", [[[...hub, "floatingIp"], { mode: "existing", ip: address }]]);
    refusedWith(taken, /floatingIp\.ip: floating IP \S+ is taken by port \S+ \(\S+\); free it there or name another/);
    assert.equal((await cloud.get("network", `/floatingips/${ip.id}`)).port_id, port.id);
    await cloud.delete("network", `/floatingips/${ip.id}`);
    await cloud.delete("network", `/ports/${port.id}`);
  });

  it("a volume of another server is reported and stays attached there, and nothing is created", async () => {
    const [network] = await cloud.list("network", "/networks?name=default");
    const [image] = await cloud.list("image", "/images?name=lab-empty");
    const flavor = (await cloud.list("compute", "/flavors")).find(({ name }) => name === "lab.none");
    const server = await cloud.post("compute", "/servers", {
      server: { name: "somebody", flavorRef: flavor?.id, imageRef: image?.id, networks: [{ uuid: network?.id }] },
    });
    const volumes = [await newVolume("home-1"), await newVolume("home-2")];
    const taken = volumes[1] ?? server;
    try {
      await becomes("compute", `/servers/${server.id}`, "ACTIVE");
      await cloud.post("compute", `/servers/${server.id}/os-volume_attachments`, {
        volumeAttachment: { volumeId: taken.id },
      });
      await becomes("volume", `/volumes/${taken.id}`, "in-use");
      const before = await sizes();
      for (const names of [volumes.map(({ id }) => id), ["home-1", "home-2"]]) {
        const refused = await run("up", [[[...hub, "volumes"], { mode: "existing", volumes: names }]]);
        refusedWith(
          refused,
          RegExp(
            `hub-ci\\.volumes: volume ${names[1]} is in use by server somebody \\(${server.id}\\), not by \\S+; detach it`,
          ),
        );
      }
      assert.deepEqual(await sizes(), before);
      assert.equal((await cloud.get("volume", `/volumes/${taken.id}`)).status, "in-use");
    } finally {
      await cloud.delete("compute", `/servers/${server.id}`);
      for (const { id } of volumes) {
        await becomes("volume", `/volumes/${id}`, "available");
        await cloud.delete("volume", `/volumes/${id}`);
        await eventually(
          `the end of volume ${id}`,
          () => cloud.find("volume", `/volumes/${id}`),
          (volume) => volume === undefined,
        );
      }
    }
  });

  it("a quota that could never hold the request is reported before anything is changed", async () => {
    const before = await sizes();
    await withQuota(2, async () => {
      const refused = await run("up", bigger);
      refusedWith(
        refused,
        /callysto:settings.environments: the project's quota is too small[^]*gigabytes: needs 4, the quota is 2/,
      );
    });
    assert.deepEqual(await sizes(), before);
  });

  it("a quota that others have used up is reported with the volume; with room, up --refresh makes it as big as requested", async () => {
    const before = await sizes();
    const other = await cloud.post("volume", "/volumes", { volume: { name: "somebody-else", size: 2 } });
    try {
      await withQuota(4, async () => {
        refusedWith(
          await run("up", bigger),
          /Volume \(callysto-hub-ci-host-volumes-zfs-0[12]\)[^]*exceeds allowed \w+ quota/,
        );
      });
    } finally {
      await cloud.delete("volume", `/volumes/${other.id}`);
    }
    assert.deepEqual(
      (await sizes()).filter(([id]) => id !== other.id),
      before,
      "nothing grew, nothing was lost",
    );
    // The provider notes the new size although the cloud refused it: the next up has to look (docs/configuration.md).
    const next = await pulumi(["up", "--yes", "--skip-preview", "--refresh"], target);
    assert.equal(next.code, 0, next.text);
    assert.deepEqual(
      (await sizes()).filter(([id]) => id !== other.id).map(([, size]) => size),
      [2, 2],
    );
  });

  const bigger: [string[], unknown][] = [[[...hub, "volumes", "size"], 2]];

  const newVolume = (name: string): Promise<Row> => cloud.post("volume", "/volumes", { volume: { name, size: 1 } });
  const becomes = (service: "compute" | "volume", at: string, status: string): Promise<Row> =>
    eventually(
      `${at} ${status}`,
      () => cloud.get(service, at),
      (row) => row.status === status,
    );

  async function sizes(): Promise<[unknown, unknown][]> {
    const all = await cloud.list("volume", "/volumes/detail");
    return all.map(({ id, size }): [unknown, unknown] => [id, size]).sort();
  }

  /** Does something while the project may have no more than so many gigabytes. */
  async function withQuota(gigabytes: number, work: () => Promise<void>): Promise<void> {
    const [network] = await cloud.list("network", "/networks?name=default");
    const quotas = `/os-quota-sets/${String(network?.project_id)}`;
    await admin.put("volume", quotas, { quota_set: { gigabytes } });
    try {
      await work();
    } finally {
      await admin.delete("volume", quotas);
    }
  }
});
