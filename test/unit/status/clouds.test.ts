import assert from "node:assert/strict";
import { createServer } from "node:http";
import { createSecureServer } from "node:http2";
import type { AddressInfo, Server, Socket } from "node:net";
import { createServer as tlsServer } from "node:tls";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, it } from "mocha";
import { volumeRows } from "../../../ops/lib/status/collectors/backups.ts";
import { driftRow, rememberDrift } from "../../../ops/lib/status/collectors/drift.ts";
import { addressesOf, hostRow } from "../../../ops/lib/status/collectors/hosts.ts";
import { type Broker, queueRows, queueScript } from "../../../ops/lib/status/collectors/queues.ts";
import { type CloudLists, serverRows } from "../../../ops/lib/status/collectors/servers.ts";
import { lookupBy } from "../../../ops/lib/status/hostsFile.ts";
import { NameMemory } from "../../../ops/lib/status/chosenNames.ts";
import { declare } from "../../../ops/lib/status/situation.ts";
import { visit } from "../../../ops/lib/status/collectors/visit.ts";
import { hubRows, hubUrls } from "../../../ops/lib/callysto/status.ts";
import { prowJobRows } from "../../../ops/lib/prow/status.ts";
import { sample } from "../../../config/samples.ts";
import { callystoSchema } from "../../../components/callysto/config.ts";
import { openStack } from "../../../ops/lib/stack.ts";
import { live, now } from "./objects.ts";

const resource = (type: string, inputs: object) => ({ system: "callysto", cloud: "rac", type, inputs: { ...inputs } });
const instance = resource("openstack:compute/instance:Instance", { name: "hub.callysto.ca", flavorName: "m1.small" });
const volume = resource("openstack:blockstorage/volume:Volume", { name: "hub-home-1", size: 100 });
const lists: CloudLists = {
  servers: [{ name: "hub.callysto.ca", status: "ACTIVE", flavor: { id: "1" } }],
  flavors: [{ id: "1", name: "m1.small" }],
  volumes: [{ name: "hub-home-1", status: "in-use", size: 100 }],
  floatingips: [],
  recordsets: [],
};

describe("status of clouds, hosts and hubs", () => {
  it("prod's hub is asked for by its public name, machines of other kinds are not", () => {
    assert.deepEqual(hubUrls(openStack(callystoSchema, { stack: "prod" }).settings), ["https://hub.callysto.ca/"]);
  });

  it("servers and volumes that are as declared are ok", () => {
    assert.deepEqual(
      serverRows([instance, volume], lists).map(({ part, state, text }) => [part, state, text]),
      [
        ["hub.callysto.ca", "ok", "server is ACTIVE, m1.small"],
        ["hub-home-1", "ok", "volume is in-use, 100 GB"],
      ],
    );
  });

  it("a server in error says why, and one of another size or none at all is named", () => {
    const servers = (one: object) => ({ ...lists, servers: [{ name: "hub.callysto.ca", status: "ACTIVE", ...one }] });
    const error = {
      status: "ERROR",
      fault: { message: "No valid host was found.\nmore" },
      updated: "2026-11-23T10:00:00Z",
    };
    assert.deepEqual(serverRows([instance], servers(error))[0], {
      ...{ system: "callysto", part: "hub.callysto.ca", state: "bad" },
      ...{ text: "server is ERROR: No valid host was found.", since: "2026-11-23T10:00:00Z" },
    });
    assert.match(
      serverRows([instance], servers({ flavor: { original_name: "m1.big" } }))[0]?.text ?? "",
      /has flavour m1.big, the stack declares m1.small/,
    );
    assert.equal(serverRows([instance], { ...lists, servers: [] })[0]?.text, "server is not there");
    const name = resource("openstack:dns/recordSet:RecordSet", { name: "hub.callysto.ca.", type: "A" });
    const recordsets = [{ name: "hub.callysto.ca.", type: "A", status: "ERROR" }];
    assert.deepEqual(serverRows([name], { ...lists, recordsets })[0]?.state, "bad");
  });

  it("the newest copy of a volume is found among backups and snapshots", () => {
    const copies = [
      { volume_id: "v", created_at: "2026-11-20T12:00:00.000000", status: "available" },
      { volume_id: "v", created_at: "2026-11-23T11:00:00.000000", status: "error" },
    ];
    const text = volumeRows([volume], { volumes: [{ id: "v", name: "hub-home-1" }], copies }, now)[0]?.text;
    assert.equal(text, "newest backup 3 days old, 1 in all");
  });

  it("addresses are those of Routes and Ingresses, with TLS where it is set", () => {
    assert.deepEqual(addressesOf({ kind: "Route", spec: { host: "a.test", path: "/x", tls: {} } }), [
      "https://a.test/x",
    ]);
    assert.deepEqual(addressesOf({ kind: "Ingress", spec: { rules: [{ host: "b.test" }, {}] } }), ["http://b.test/"]);
    const hook = { host: "hook.test", http: { paths: [{ path: "/hook", pathType: "Prefix" }] } };
    const tls = [{ hosts: ["hook.test"] }];
    assert.deepEqual(addressesOf({ kind: "Ingress", spec: { rules: [hook], tls } }), ["https://hook.test/hook"]);
    const web = { host: "web.test", http: { paths: [{ path: "/web(/|$)(.*)", pathType: "ImplementationSpecific" }] } };
    assert.deepEqual(addressesOf({ kind: "Ingress", spec: { rules: [web] } }), ["http://web.test/web"]);
  });

  it("a host that answers below 500 is up, whatever it says", async () => {
    const server = createServer((request, response) => {
      response.writeHead(request.url === "/login" ? 401 : 503).end();
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { signal } = new AbortController();
    try {
      assert.equal(hostRow("packit", base, await visit(`${base}/login`, signal), now).state, "ok");
      const down = hostRow("packit", base, await visit(`${base}/`, signal), now);
      assert.deepEqual([down.state, /^answers 503 in \d+ ms$/.test(down.text)], ["bad", true]);
    } finally {
      server.close();
    }
    await assert.rejects(visit(`${base}/`, signal), /ECONNREFUSED/);
  });

  it("a host is looked up in the hosts file first, and a line of another form is named", async () => {
    const server = createServer((request, response) => response.end(request.headers.host));
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const { port } = server.address() as AddressInfo;
    const folder = mkdtempSync(path.join(tmpdir(), "orrery-hosts-"));
    const file = path.join(folder, "hosts");
    const { signal } = new AbortController();
    try {
      writeFileSync(file, "# the new cluster\n127.0.0.1 deck.nowhere.invalid other.invalid # both\n\n");
      const lookup = lookupBy(file);
      for (const host of ["deck.nowhere.invalid", "other.invalid", "localhost"])
        assert.equal((await visit(`http://${host}:${port}/`, signal, lookup)).status, 200, host);
      await assert.rejects(visit(`http://third.invalid:${port}/`, signal, lookup), /third\.invalid/);
      writeFileSync(file, "127.0.0.1 a.test\ndeck.test 127.0.0.1\n");
      assert.throws(() => lookupBy(file), /hosts, line 2: an address and the names of its hosts, as in \/etc\/hosts/);
      assert.throws(() => lookupBy(`${file}.none`), /--hosts-file .*hosts\.none cannot be read: ENOENT/);
    } finally {
      server.close();
      rmSync(folder, { recursive: true });
    }
  });

  it("a server of gRPC answers by it, and one that shows its certificate and hangs up does not", async () => {
    const pair = { key: sample("pem-private-key", "host"), cert: sample("pem-certificate", "host") };
    const grpc = createSecureServer(pair, (request, response) => {
      response.writeHead(request.headers["content-type"] === "application/grpc" ? 200 : 415).end();
    });
    // As servers of gRPC do; Node's own answers by HTTP/1 that it is forbidden.
    grpc.on("unknownProtocol", (socket: Socket) => socket.destroy());
    const silent = tlsServer(pair, (socket) => {
      socket.on("error", () => undefined).once("data", () => socket.destroy());
    });
    const at = async (server: Server): Promise<string> => {
      await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
      return `https://localhost:${(server.address() as AddressInfo).port}/`;
    };
    const { signal } = new AbortController();
    try {
      const answer = await visit(await at(grpc), signal);
      assert.deepEqual([answer.status, answer.protocol], [200, "gRPC"]);
      assert.match(answer.distrust ?? "", /SELF_SIGNED/);
      assert.match(hostRow("thoth", "https://a.test/", answer, now).text, /^answers 200 by gRPC in \d+ ms; its cert/);
      await assert.rejects(visit(await at(silent), signal), /^Error: it shows its certificate and hangs up$/);
    } finally {
      grpc.close();
      silent.close();
    }
  });

  it("a hub whose name was chosen is looked for under the name that the state has", async () => {
    const { resources } = await declare({ stack: "test" });
    const hub = resources.filter(({ chosen }) => chosen !== undefined);
    const urn = hub[0]?.chosen?.urn ?? "";
    assert.match(urn, /random:index\/randomPet:RandomPet::callysto-hub-ci-host-name$/);
    const state = [{ urn, type: "random:index/randomPet:RandomPet", id: "smooth-marmoset" }];
    let reads = 0;
    const memory = new NameMemory(() => Promise.resolve(reads++ === 0 ? [] : state));
    const { known: none } = await memory.named(resources);
    const { known: named } = await memory.named(resources);
    assert.equal((await memory.named(hub)).known.length, hub.length);
    assert.equal(reads, 2, "read again for a name that it lacked, and not for those that it has");
    const names = (all: typeof named, type: string, key: string) =>
      all.filter((one) => one.type === type).map(({ inputs }) => inputs[key]);
    const host = "hub-ci-smooth-marmoset.callysto.farm";
    assert.deepEqual(names(named, "openstack:compute/instance:Instance", "name"), [host]);
    assert.deepEqual(names(named, "openstack:networking/floatingIp:FloatingIp", "description"), [host]);
    assert.deepEqual([...new Set(names(named, "openstack:dns/recordSet:RecordSet", "name"))], [`${host}.`]);
    assert.deepEqual(names(none, "openstack:compute/instance:Instance", "name"), [
      "hub-ci-(not chosen yet).callysto.farm",
    ]);
  });

  it("where all names are in the settings, no state is read; where it cannot be read, the others are known", async () => {
    const broken = new NameMemory(() => Promise.reject(new Error("no backend")));
    const { resources } = await declare({ stack: "prod" });
    assert.deepEqual(await broken.named(resources), { known: resources });
    const { resources: ofTest } = await declare({ stack: "test" });
    const { known, problem } = await broken.named(ofTest);
    assert.equal(problem, "no backend");
    assert.ok(known.length > 0 && known.every(({ chosen }) => chosen === undefined));
  });

  it("an untrusted certificate or one that ends is said with the answer", () => {
    const answer = { status: 200, milliseconds: 5 };
    const soon = hostRow("packit", "https://a.test/", { ...answer, until: new Date("2026-12-01T12:00:00Z") }, now);
    assert.deepEqual(
      [soon.state, soon.text],
      ["warn", "answers 200 in 5 ms; its certificate is valid until 2026-12-01, for 8 days"],
    );
    const distrusted = hostRow(
      "packit",
      "https://a.test/",
      { ...answer, distrust: "DEPTH_ZERO_SELF_SIGNED_CERT" },
      now,
    );
    assert.deepEqual([distrusted.state, distrusted.part], ["warn", "a.test"]);
  });

  it("the lengths of a queue's priorities are added up, and anything else is no answer", () => {
    const broker: Broker = {
      ...{ system: "packit", cluster: "online", namespace: "packit-prod", deployment: "redis", container: "redis" },
      ...{ client: "redis-cli", shell: "bash", queues: ["short", "long"] },
    };
    assert.equal(queueScript(broker).split("\n").length, 8);
    const printed = "short\t3\nshort\t0\nshort\t2\nshort\t0\nlong\t101\nlong\t0\nlong\t0\nlong\t0\n";
    assert.deepEqual(
      queueRows(broker, printed).map(({ part, state, text }) => [part, state, text]),
      [
        ["queue packit-prod/short", "ok", "5 tasks wait"],
        ["queue packit-prod/long", "warn", "101 tasks wait"],
      ],
    );
    assert.throws(() => queueRows(broker, "short\t\nlong\t1\n"), /does not tell the length of short/);
  });

  it("ProwJobs that wait too long or cannot be run are named", () => {
    const job = (name: string, status: object) => live("ProwJob", name, { spec: { job: name }, status });
    const rows = prowJobRows(
      [
        job("a", { state: "pending", startTime: "2026-11-23T11:59:00Z" }),
        job("b", { state: "triggered", startTime: "2026-11-23T09:00:00Z" }),
        job("c", { state: "error", completionTime: "2026-11-23T11:00:00Z" }),
        job("d", { state: "error", completionTime: "2026-11-20T11:00:00Z" }),
      ],
      now,
    );
    assert.deepEqual(
      rows.map(({ state, text }) => [state, text]),
      [
        ["ok", "1 jobs run, 1 wait, 4 are kept"],
        ["warn", "1 jobs wait, the longest for 3 h: b"],
        ["warn", "1 jobs could not be run today: c"],
      ],
    );
  });

  it("a hub's rows name what is wrong with its units, pool, disks and certificate", () => {
    const fine = {
      ...{
        "unit ssh": "active",
        pool: "ONLINE",
        "pool used": "3%",
        homes: "12",
        servers: "2",
        "root disk used": "40%",
      },
      ...{ "certificate until": "2027-03-01T00:00:00Z", jupyterhub: "5.2.1", "reboot due": "no", "failed units": "" },
    };
    const said = (facts: Readonly<Record<string, string>>) =>
      hubRows("hub.callysto.ca", facts, now)
        .filter(({ state }) => state !== "ok")
        .map(({ state, text }) => [state, text]);
    assert.deepEqual(said(fine), []);
    const bad = {
      ...fine,
      "unit ssh": "failed",
      pool: "DEGRADED",
      "pool used": "95%",
      "root disk used": "85%",
      "certificate until": "none",
    };
    assert.deepEqual(said({ ...bad, jupyterhub: "does not answer", "reboot due": "yes", "failed units": "a.timer" }), [
      ["bad", "unit ssh is failed"],
      ["warn", "failed units: a.timer"],
      ["bad", "pool tank is DEGRADED, with 12 homes"],
      ["bad", "pool tank is 95% full"],
      ["warn", "the root disk is 85% full"],
      ["bad", "there is no certificate"],
      ["bad", "JupyterHub does not answer"],
      ["warn", "a reboot is due"],
    ]);
    assert.deepEqual(said({ ...fine, "certificate until": "2026-11-28T12:00:00Z" }), [
      ["bad", "the certificate is valid for 5 days: it should have been renewed"],
    ]);
  });

  it("the last comparison with the clouds is remembered with its age, and a broken memory is none", () => {
    const dir = mkdtempSync(path.join(tmpdir(), "status-"));
    const file = path.join(dir, "Pulumi.x.yaml");
    assert.equal(driftRow(file, now).state, "unknown");
    rememberDrift(
      file,
      { level: "warning", about: "drift", text: "changed outside the program: 2 update", fix: "" },
      new Date("2026-11-22T12:00:00Z"),
    );
    assert.deepEqual(
      [driftRow(file, now).state, driftRow(file, now).text],
      ["warn", "changed outside the program: 2 update; looked for 24 h ago"],
    );
    rmSync(dir, { recursive: true });
  });
});
