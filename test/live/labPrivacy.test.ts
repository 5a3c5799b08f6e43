/** Finding 3 again, with other eyes: what a user of this machine without rights, and a guest, get from the lab. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { networkInterfaces, tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { eventually, lab, openstackApi, type Row } from "../../lab/harness/cloud.ts";
import { addresses } from "../../lab/machines/namespace.ts";
import { enabledServices } from "../../lab/openstack/hostServices.ts";
import { servers } from "../../lab/openstack/packages.ts";
import { runningPid } from "../../lab/process.ts";
import { root } from "../../lab/settings.ts";
import { asNobody, commandLines, listeners, statusFor } from "./privacy/stranger.ts";
import { openTenant, type Tenant } from "./privacy/tenant.ts";

const { ports } = lab;
const admin = openstackApi(lab, "admin");
const folder = (): string => mkdtempSync(path.join(tmpdir(), "lab-privacy-"));

/** Pids of the lab's daemons that run. */
const leaders = (): readonly (number | undefined)[] =>
  readdirSync(path.join(lab.dir, "run"))
    .filter((file) => file.endsWith(".pid"))
    .map((file) => runningPid(lab.dir, path.basename(file, ".pid")));

/** The same with everything that they started. */
function daemons(): readonly string[] {
  const sessions = execFileSync("ps", ["-o", "pid=", "-s", leaders().join(",")], { encoding: "utf8" });
  return sessions.trim().split(/\s+/);
}

/** Listening ports of the lab: how each asks who calls, as the HTTP status that nobody gets. Others speak no HTTP. */
const requests: Readonly<Record<string, number>> = {
  [`GET http://127.0.0.1:${ports.keystone}/v3/projects`]: 401,
  [`GET http://127.0.0.1:${ports.glance}/v2/images`]: 401,
  [`GET http://127.0.0.1:${ports.placement}/resource_providers`]: 401,
  [`GET http://127.0.0.1:${ports.nova}/v2.1/servers`]: 401,
  [`GET http://127.0.0.1:${ports.neutron}/v2.0/networks`]: 401,
  [`GET http://127.0.0.1:${ports.cinder}/v3/x/volumes`]: 401,
  [`GET http://127.0.0.1:${ports.designate}/v2/zones`]: 401,
  [`GET http://127.0.0.1:${ports.octavia}/v2.0/lbaas/loadbalancers`]: 401,
  // It believes who asks only by a signature, which lab/machines/metadata.py makes.
  [`GET http://127.0.0.1:${ports.metadata}/openstack/latest/meta_data.json`]: 400,
  [`GET http://127.0.0.1:${ports.swift}/v1/AUTH_x`]: 401,
  [`GET http://127.0.0.1:${ports.swift + 1}/d1/0/AUTH_x`]: 403,
  [`GET http://127.0.0.1:${ports.swift + 2}/d1/0/AUTH_x/c`]: 403,
  [`PUT http://127.0.0.1:${ports.swift + 3}/d1/0/AUTH_x/c/o`]: 403,
  [`GET https://127.0.0.1:${ports.kubernetes}/api/v1/secrets`]: 403,
  [`GET https://127.0.0.1:${ports.scheduler}/metrics`]: 403,
  [`GET https://127.0.0.1:${ports.controllers}/metrics`]: 403,
  // Images are no secret, as those of the world's registries are none; nobody writes one.
  [`PUT http://127.0.0.1:${ports.registry}/v2/library/busybox/manifests/1`]: 405,
  [`POST https://127.0.0.1:${ports.imports}/`]: 401,
  [`GET https://127.0.0.1:${ports.metrics}/apis/metrics.k8s.io/v1beta1/pods`]: 401,
};
const withoutHttp = [
  `tcp ${ports.dns}`,
  `udp ${ports.dns}`,
  `tcp ${ports.mdns}`,
  `udp ${ports.mdns}`,
  `tcp ${ports.rndc}`,
  `tcp ${ports.names}`,
  `udp ${ports.names}`,
];

describe("what a user of this machine without rights gets from the lab", function () {
  this.timeout(60_000);

  it("no file of the lab, not even its name", () => {
    assert.notEqual(asNobody("ls", lab.dir).code, 0);
    for (const file of ["password", "kubeconfig", "etc/openstack/nova.conf", "log/nova.log", "state"]) {
      assert.ok(existsSync(path.join(lab.dir, file)), file);
      assert.match(asNobody("cat", path.join(lab.dir, file)).text, /Permission denied/);
    }
    assert.match(asNobody("find", lab.dir).text, /Permission denied/);
  });

  it("no password on a command line, and no environment or memory of a daemon", () => {
    assert.deepEqual(
      commandLines().filter((line) => line.includes(lab.password)),
      [],
    );
    const pids = daemons();
    assert.ok(pids.length > 20, String(pids.length));
    const files = pids.flatMap((pid) => ["environ", "maps", "mem"].map((name) => `/proc/${pid}/${name}`));
    assert.equal(asNobody("head", "-qc1", ...files).text.match(/Permission denied/g)?.length, files.length);
  });

  it("no password in a log, in an environment of the lab, or in the repository", () => {
    const isNowhere = (command: string, ...args: string[]): void => {
      const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8", cwd: root });
      assert.deepEqual([status, stdout], [1, ""], stderr); // 1: it has read everything, and found nothing
    };
    isNowhere("grep", "-rlF", lab.password, path.join(lab.dir, "log"));
    if (existsSync(path.join(root, ".git"))) isNowhere("git", "grep", "-lF", lab.password);
    for (const pid of daemons()) {
      assert.ok(!readFileSync(`/proc/${pid}/environ`, "utf8").includes(lab.password), `environment of ${pid}`);
    }
  });

  it("no socket: those of the lab are below its folder, and none has an abstract name", () => {
    const pids = new Set(daemons());
    const rows = execFileSync("ss", ["-lxpH"], { encoding: "utf8" })
      .trim()
      .split("\n")
      .filter((row) => [...row.matchAll(/pid=(\d+)/g)].some(([, pid = ""]) => pids.has(pid)));
    const names = rows.map((row) => row.trim().split(/\s+/)[4] ?? "");
    assert.ok(names.length >= 7, names.join(" "));
    const outside = names.filter((name) => !name.startsWith(`${lab.dir}/`) && !existsSync(`${lab.dir}/run/${name}`));
    assert.deepEqual(outside, []);
    const connect = "import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])";
    for (const name of names) {
      const { text } = asNobody("/usr/bin/python3", "-c", connect, path.resolve(lab.dir, "run", name));
      assert.match(text, /^PermissionError/m, name);
    }
  });

  it("every port of the lab is known, listens on loopback, and asks who calls", () => {
    const inRange = ({ name }: { readonly name: string }): boolean => {
      const port = Number(name.split(" ")[1]);
      return port >= lab.firstPort && port < lab.firstPort + 100;
    };
    const open = listeners().filter(inRange);
    assert.deepEqual([...new Set(open.map(({ address }) => address))], ["127.0.0.1"]);
    const known = Object.keys(requests).map((request) => `tcp ${/:(\d+)\//.exec(request)?.[1] ?? ""}`);
    assert.deepEqual(open.map(({ name }) => name).sort(), [...known, ...withoutHttp].sort());
    const got = Object.keys(requests).map((request) => [request, statusFor(request)]);
    assert.deepEqual(Object.fromEntries(got), requests);
  });

  it("no service ends over what it is asked", () => {
    const before = leaders();
    for (const request of Object.keys(requests)) {
      const [, origin = ""] = /^\w+ (https?:\/\/[^/]+)/.exec(request) ?? [];
      for (const path of ["//", "/%", "/v2/x/manifests/%00", "/v2/x/blobs/sha256:..", "/?".padEnd(5000, "a")]) {
        for (const method of ["GET", "POST"])
          asNobody("curl", "-sk", "-m", "5", "--path-as-is", "-X", method, `${origin}${path}`);
      }
    }
    assert.deepEqual(leaders(), before);
  });

  it("no login with the password that the repository has", () => {
    const secrets = `https://127.0.0.1:${ports.kubernetes}/api/v1/secrets`;
    assert.equal(statusFor(`GET ${secrets}`, "Authorization: Bearer orrery-lab"), 401);
    const domain = { name: "Default" };
    for (const name of ["admin", "callysto", "nova"]) {
      const user = { name, domain, password: "orrery-lab" };
      const body = { auth: { identity: { methods: ["password"], password: { user } } } };
      const login = ["-H", "content-type: application/json", "-d", JSON.stringify(body)];
      const url = `http://127.0.0.1:${ports.keystone}/v3/auth/tokens`;
      assert.match(asNobody("curl", "-s", ...login, url).text, /"code":401/);
    }
  });

  it("no transfer of a zone from the name server, and no control of it", () => {
    const server = ["@127.0.0.1", "-p", String(ports.dns)];
    assert.match(asNobody("dig", ...server, "callysto.test", "AXFR").text, /Transfer failed/);
    const guess = Buffer.from("orrery-lab").toString("base64");
    const scratch = folder();
    const conf = path.join(scratch, "rndc.conf");
    writeFileSync(
      conf,
      `key orrery { algorithm hmac-sha256; secret "${guess}"; };\noptions { default-key orrery; };\n`,
    );
    chmodSync(scratch, 0o755);
    const control = asNobody("rndc", "-c", conf, "-s", "127.0.0.1", "-p", String(ports.rndc), "status");
    rmSync(scratch, { recursive: true });
    assert.notEqual(control.code, 0);
    assert.match(control.text, /connection to remote host closed|bad auth/);
  });

  it("no service of the lab's packages starts with the machine", () => {
    assert.deepEqual(enabledServices(servers), { units: [], scripts: [] });
  });
});

describe("what a guest reaches", function () {
  this.timeout(60_000);
  let tenant: Tenant | undefined;
  before(async () => {
    tenant = await openTenant();
  });
  after(() => tenant?.remove());

  it("a guest reaches DNS, identity, object storage and the ACME server's port, and nothing else of this machine", () => {
    const { services, host } = addresses(lab);
    const own = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
    const v4 = own.filter(({ family }) => family === "IPv4").map(({ address }) => address);
    const tcp = (all: readonly { readonly name: string }[]): string[] =>
      all.flatMap(({ name }) => (name.startsWith("tcp ") ? [name.slice(4)] : []));
    const all = new Set(["22", "53", ...tcp(listeners()), ...tcp(listeners("ip", "netns", "exec", lab.netns))]);
    const hosts = new Set([services, host, `10.${lab.slot}.0.1`, ...v4.filter((address) => address !== "127.0.0.1")]);
    const targets = [...hosts].flatMap((address) => [...all].map((port) => `${address} ${port}`));
    const offered = [53, ports.keystone, ports.designate, ports.swift, ports.acme];
    assert.deepEqual([...(tenant?.reach(targets) ?? [])].sort(), offered.map((port) => `${services} ${port}`).sort());
  });
});

describe("what breaks out of a machine gets", function () {
  this.timeout(120_000);
  const api = openstackApi(lab);
  const made: [service: "compute" | "volume", path: string][] = [];
  let server: Row;
  let pid = "";

  before(async () => {
    // A disk without a system: qemu runs, and costs nothing.
    const idOf = async (service: "compute" | "image" | "network", at: string, wanted: string): Promise<string> =>
      (await api.list(service, at)).find(({ name }) => name === wanted)?.id ?? "";
    const asked = {
      name: "idle",
      imageRef: await idOf("image", "/images", "lab-empty"),
      flavorRef: await idOf("compute", "/flavors", "m1.small"),
      networks: [{ uuid: await idOf("network", "/networks", "default") }],
    };
    const { id } = await api.post("compute", "/servers", { server: asked });
    made.unshift(["compute", `/servers/${id}`]);
    const get = (): Promise<Row> => api.get("compute", `/servers/${id}`);
    server = await eventually("the machine", get, ({ status }) => status !== "BUILD");
    assert.equal(server.status, "ACTIVE", JSON.stringify(server.fault));
    [pid = ""] = readFileSync(path.join(lab.dir, "run", `vm-${id}.pid`), "utf8").split(" ");
  });
  after(async () => {
    for (const [service, at] of made) {
      await api.delete(service, at);
      await eventually(
        `the end of ${at}`,
        () => api.exists(service, at),
        (there) => !there,
      );
    }
  });

  it("no right of root, and no secret of the lab", () => {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const user = String(60706 + lab.slot);
    assert.deepEqual(/^Uid:\s+(.*)$/m.exec(status)?.[1]?.split("\t"), [user, user, user, user]);
    assert.match(status, /^CapEff:\s+0+$/m);
    assert.match(status, /^NoNewPrivs:\s+1$/m);
    assert.match(status, /^Seccomp:\s+2$/m);
    assert.ok(!readFileSync(`/proc/${pid}/environ`, "utf8").includes(lab.password));
  });

  it("only the volumes and ports that Nova hands over to it", async () => {
    const { id } = await api.post("volume", "/volumes", { volume: { name: "handed over", size: 1 } });
    made.push(["volume", `/volumes/${id}`]);
    const get = (): Promise<Row> => api.get("volume", `/volumes/${id}`);
    await eventually("the volume", get, ({ status }) => status === "available");
    const attachment = { volumeAttachment: { volumeId: id } };
    await api.post("compute", `/servers/${server.id}/os-volume_attachments`, attachment);
    await eventually("the attachment", get, ({ status }) => status === "in-use");
    const [network] = (await api.list("network", "/networks")).filter(({ name }) => name === "default");
    const card = { interfaceAttachment: { net_id: network?.id } };
    const { port_id: port } = await api.post("compute", `/servers/${server.id}/os-interface`, card);
    const open = readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
      } catch {
        return []; // closed meanwhile
      }
    });
    assert.ok(open.includes(path.join(lab.dir, "data", "volumes", id)));
    assert.equal(open.filter((file) => file === "/dev/net/tun").length, 2);
    const taps = execFileSync("ip", ["-netns", lab.netns, "-o", "link"], { encoding: "utf8" });
    assert.ok(taps.includes(`tap${String(port).slice(0, 11)}`), taps);
  });
});

describe("what somebody with a login of the lab's cloud gets from this machine", function () {
  this.timeout(120_000);

  for (const [what, make] of [
    ["a backing file", ["-b", "/etc/hostname", "-F", "raw"]],
    ["a data file", ["-o", "data_file=/etc/hostname,data_file_raw=on"]],
  ] as const) {
    it(`no file by an image with ${what}`, async () => {
      const scratch = folder();
      const file = path.join(scratch, "image.qcow2");
      const data = path.join(scratch, "data");
      const args = make.map((arg) => arg.replace("data_file=/etc/hostname", `data_file=${data}`));
      execFileSync("qemu-img", ["create", "-q", "-u", "-f", "qcow2", ...args, file, "1M"]);
      const format = { disk_format: "qcow2", container_format: "bare" };
      const { id } = await admin.post("image", "/images", { name: "stolen", ...format });
      try {
        const upload = { method: "PUT", headers: { "content-type": "application/octet-stream" } };
        const taken = await admin
          .request("image", `/images/${id}/file`, { ...upload, body: readFileSync(file) })
          .then(() => true)
          .catch(() => false); // Glance itself may refuse it
        if (taken) await assertNoMachine(id);
      } finally {
        await admin.delete("image", `/images/${id}`);
        rmSync(scratch, { recursive: true });
      }
    });
  }

  async function assertNoMachine(imageRef: string): Promise<void> {
    const [flavor] = (await admin.list("compute", "/flavors")).filter(({ name }) => name === "m1.small");
    const server = { name: "stolen", imageRef, flavorRef: flavor?.id, networks: "none" };
    const { id } = await admin.post("compute", "/servers", { server });
    try {
      const failed = await eventually(
        "refusal of the image",
        () => admin.get("compute", `/servers/${id}`),
        ({ status }) => status !== "BUILD",
      );
      assert.equal(failed.status, "ERROR", JSON.stringify(failed));
      assert.match(JSON.stringify(failed.fault), /backing file or a data file|Exceeded maximum|No valid host/);
      assert.ok(!existsSync(path.join(lab.dir, "data", "machines", id)));
    } finally {
      await admin.delete("compute", `/servers/${id}`);
    }
  }

  it("no file of this machine as a volume", async () => {
    const outside = folder();
    const file = path.join(outside, "secret");
    writeFileSync(file, "secret");
    try {
      for (const name of [file, `../../../../../../../..${file}`, "../openstack/glance"]) {
        const volume = { host: "orrery@lab#lab", ref: { "source-name": name }, name: "stolen" };
        const made = await admin.post("volume", "/os-volume-manage", { volume }).catch(() => undefined);
        if (made !== undefined) {
          const seen = await eventually(
            "refusal of the file",
            () => admin.get("volume", `/volumes/${made.id}`),
            ({ status }) => status !== "managing" && status !== "creating",
          );
          assert.match(seen.status, /^error/);
          await admin.delete("volume", `/volumes/${made.id}`);
        }
        assert.ok(existsSync(file), name);
      }
    } finally {
      rmSync(outside, { recursive: true });
    }
  });
});
