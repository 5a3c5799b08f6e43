import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, it } from "mocha";
import { answerOf, Logs } from "../../../peers/together/answers.ts";
import { countsOf, since } from "../../../peers/together/database.ts";
import type { Verdict } from "../../../peers/expected.ts";
import { growth, isFlat } from "../../../lab/memory.ts";
import { faults, reportText, type Seen } from "../../../peers/together/report.ts";

const req = "[None req-d2ec090d f8a7860b f3d5b7f5 - - default default] 127.0.0.1";
/** A line of each service, as it wrote it. */
const lines = {
  nova: `2026-11-24 21:20:55.211 12341 INFO nova.osapi_compute.wsgi.server ${req} "POST /v2.1/servers HTTP/1.1" status: 202 len: 443 time: 0.2843456`,
  neutron: `2026-11-24 21:23:14.606 14081 INFO neutron.wsgi ${req} "GET /v2.0/ports?name=a HTTP/1.1" status: 200  len: 508 time: 33.6271901`,
  glance: `2026-11-24 21:25:07.501 12346 INFO eventlet.wsgi.server ${req} - - [24/Nov/2026 21:25:07] "PUT /v2/images/1/file HTTP/1.1" 204 213 44.670743`,
  keystone: `"GET /v3/auth/tokens" status: 200 time: 0.2675`,
};

const samples = (memory: (minute: number) => number) =>
  Array.from({ length: 60 }, (_, minute) => ({ minute, memory: memory(minute) }));

const good: Seen = {
  minutes: 60,
  operations: [{ stack: "together-1", what: "up", seconds: 60 }],
  suites: {},
  answers: 100,
  slowest: [{ service: "neutron", request: "POST /v2.0/ports", status: 201, seconds: 16 }],
  broken: [],
  stuck: [],
  queue: 3,
  database: { deadlocks: 2, waits: 5, longest: 1, opened: 0, connections: 90 },
  memory: samples(() => 2),
  daemons: {
    before: { keystone: { memory: 0.12, processor: 100 }, neutron: { memory: 0.7, processor: 50 } },
    after: { keystone: { memory: 0.37, processor: 1900 }, neutron: { memory: 0.71, processor: 2750 } },
  },
};

const verdict = (passed: number): Verdict => ({
  ...{ passed, skipped: 0, failed: {}, unexpected: [], surprises: [], unknown: [], left: 10 - passed },
});

describe("stacks and suites side by side", () => {
  it("the time of an answer is read from each service's own line, without the query; other lines have none", () => {
    assert.deepEqual(
      Object.entries(lines).map(([service, line]) => answerOf(service, line)),
      [
        { service: "nova", request: "POST /v2.1/servers", status: 202, seconds: 0.2843456 },
        { service: "neutron", request: "GET /v2.0/ports", status: 200, seconds: 33.6271901 },
        { service: "glance", request: "PUT /v2/images/1/file", status: 204, seconds: 44.670743 },
        { service: "keystone", request: "GET /v3/auth/tokens", status: 200, seconds: 0.2675 },
      ],
    );
    assert.equal(answerOf("nova", "2026-11-24 21:20:55.211 INFO nova.compute Took 93.33 seconds to spawn"), undefined);
  });

  it("logs are read from where they ended when it began, each line once and only when it is whole", () => {
    const folder = mkdtempSync(path.join(tmpdir(), "orrery-together-"));
    try {
      mkdirSync(path.join(folder, "log"));
      const file = path.join(folder, "log", "nova.log");
      writeFileSync(file, "before\n");
      const logs = new Logs(folder);
      const seen: string[] = [];
      const take = (service: string, line: string): void => void seen.push(`${service} ${line}`);
      appendFileSync(file, "one\ntw");
      logs.follow(take);
      appendFileSync(file, "o\n");
      writeFileSync(path.join(folder, "log", "swift.log"), "new\n");
      logs.follow(take);
      assert.deepEqual(seen, ["nova one", "nova two", "swift new"]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("memory that fills its caches is flat, memory that goes on growing is not, and a short run cannot tell", () => {
    assert.equal(isFlat(samples((minute) => Math.min(2, 1 + minute / 15))), true);
    assert.equal(isFlat(samples((minute) => 1 + minute / 60)), false);
    assert.equal(growth(samples((minute) => minute).slice(0, 39)), undefined);
  });

  it("MariaDB's counters are read, and one that is missing is an error", () => {
    const said = [
      "Innodb_deadlocks\t3",
      "Innodb_row_lock_time_max\t1500",
      "Innodb_row_lock_waits\t7",
      "Max_used_connections\t80",
      "Opened_table_definitions\t900",
      "",
    ];
    const before = countsOf(said.join("\n"));
    assert.deepEqual(before, { deadlocks: 3, waits: 7, longest: 1.5, opened: 900, connections: 80 });
    assert.throws(() => countsOf(said.slice(1).join("\n")), /does not count/);
    const after = { deadlocks: 4, waits: 9, longest: 2, opened: 950, connections: 95 };
    assert.deepEqual(since(before, after), { deadlocks: 1, waits: 2, longest: 2, opened: 50, connections: 95 });
  });

  it("a run is bad by each thing that must not be, and by none of what the services got over", () => {
    assert.deepEqual(faults({ ...good, suites: { tempest: verdict(1) } }), []);
    assert.match(
      reportText(good),
      /thread: 3 at most\ndatabase: 2 deadlocks, which services began again.*\n {2}90 connections at most, 0 tables opened meanwhile\nmemory: 2\.00 GB.*growth 0 %\n {2}grown most: keystone 0.25, neutron 0.01 GB\nprocessors: neutron 0.75, keystone 0.50 cores\nnothing wrong$/s,
    );
    const slow = { service: "neutron", request: "POST /v2.0/routers", status: 201, seconds: 30.1 };
    const bad: [Partial<Seen>, RegExp][] = [
      [{ operations: [] }, /^no stack went up$/],
      [{ suites: { tempest: verdict(0) } }, /^tempest: no test ended$/],
      [{ operations: [{ stack: "together-2", what: "down", seconds: 1, failed: "no" }] }, /^together-2, down: no$/],
      [{ slowest: [slow] }, /^took longer than 30 s: 30\.1 s neutron POST \/v2\.0\/routers 201$/],
      [{ stuck: ["neutron: DBDeadlock"] }, /^deadlock: neutron: DBDeadlock$/],
      [{ memory: samples((minute) => 1 + minute / 60) }, /^memory grew by \d+ %$/],
    ];
    for (const [change, says] of bad) assert.match(faults({ ...good, ...change }).join("\n"), says);
  });
});
