/** Workers come back to their queues, or the command says which ones did not; with Flower's API and kubectl played. */
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { after, afterEach, beforeEach, describe, it } from "mocha";
import { drained } from "../../../ops/lib/dials/drain.ts";
import { at, Flower, type Way } from "../../../ops/lib/dials/flower.ts";
import { FlowerTunnel } from "../../../ops/lib/dials/flowerTunnel.ts";
import { Kubectl } from "../../../ops/lib/kube/kubectl.ts";

const workers = ["a-bulk@pod-1", "b-bulk@pod-2"];

/** A Flower of two idle workers. */
class PlayedFlower {
  readonly queues = new Map(workers.map((name) => [name, [name.split("@")[0] ?? ""]]));
  /** Workers that cannot be put back. */
  readonly broken = new Set<string>();
  private seen = 0;
  private readonly server: Server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "", "http://flower");
    const [verb, named] = pathname.split("/").slice(4);
    const worker = searchParams.get("workername") ?? decodeURIComponent(named ?? "");
    const queue = searchParams.get("queue") ?? "";
    const had = this.queues.get(worker) ?? [];
    if (verb === "add-consumer" && this.broken.has(worker)) response.statusCode = 500;
    else if (verb === "add-consumer") this.queues.set(worker, [...had, queue]);
    else if (verb === "cancel-consumer")
      this.queues.set(
        worker,
        had.filter((one) => one !== queue),
      );
    const names = (this.queues.get(worker) ?? []).map((name) => ({ name }));
    response.end(JSON.stringify({ [worker]: { active_queues: names, timestamp: ++this.seen } }));
  });

  async open(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

describe("draining workers", () => {
  let flower: PlayedFlower;
  let address: string;
  beforeEach(async () => {
    flower = new PlayedFlower();
    address = await flower.open();
  });
  afterEach(() => {
    flower.close();
  });

  const drain = (way: Way, work: () => Promise<void>, signal = new AbortController().signal): Promise<void> =>
    drained(
      {
        ...{ flower: new Flower(way, "dials:secret"), workers, deadline: 10, poll: 0.01, signal },
        ...{ log: () => undefined, survivors: (all: readonly string[]) => Promise.resolve(all) },
      },
      work,
    );

  it("puts them back by another way where the first one broke off, as when Flower's pod was replaced", async () => {
    let now = address;
    const way = { address: () => Promise.resolve(now) };
    const used = now;
    await drain(way, () => {
      assert.deepEqual([...flower.queues.values()], [[], []]);
      now = "http://127.0.0.1:1"; // nothing listens there
      void sleep(500).then(() => (now = used));
      return Promise.resolve();
    });
    assert.deepEqual([...flower.queues.values()], [["a-bulk"], ["b-bulk"]]);
  });

  it("names those that take no tasks, whether the work was done, failed or was not begun", async () => {
    flower.broken.add("b-bulk@pod-2");
    const failing = (): Promise<void> => Promise.reject(new Error("no"));
    const stopped = AbortSignal.abort();
    for (const [work, signal, begins] of [
      [() => Promise.resolve(), undefined, ""],
      [failing, undefined, "the work failed, and "],
      [() => Promise.resolve(), stopped, "nothing was rolled out, and "],
    ] as const) {
      const message = `${begins}these workers take no tasks, restart them: b-bulk@pod-2`;
      await assert.rejects(drain(at(address), work, signal), { message });
      assert.deepEqual(flower.queues.get("a-bulk@pod-1"), ["a-bulk"]);
      flower.queues.set("b-bulk@pod-2", ["b-bulk"]);
    }
  });

  it("says that the workers take tasks again only where they do", async () => {
    const message = "interrupted; nothing was rolled out and the workers take tasks again";
    await assert.rejects(
      drain(at(address), () => Promise.resolve(), AbortSignal.abort()),
      { message },
    );
    assert.deepEqual([...flower.queues.values()], [["a-bulk"], ["b-bulk"]]);
  });
});

describe("the tunnel to Flower", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "orrery-tunnel-"));
  const found = process.env.PATH;
  after(() => {
    process.env.PATH = found;
    rmSync(folder, { recursive: true });
  });

  it("is out of reach of the terminal's Ctrl-C, is opened again when it has ended, and ends with the command", async () => {
    const says = 'echo "Forwarding from 127.0.0.1:$((5000 + $(wc -l < "$0.pids"))) -> 5555"; exec sleep 60';
    writeFileSync(path.join(folder, "kubectl"), `#!/bin/sh\necho $$ >> "$0.pids"\n${says}\n`);
    chmodSync(path.join(folder, "kubectl"), 0o755);
    process.env.PATH = `${folder}:${found ?? ""}`;
    const tunnel = new FlowerTunnel(new Kubectl("dials", {}));
    const started = (): number[] =>
      readFileSync(`${path.join(folder, "kubectl")}.pids`, "utf8")
        .trim()
        .split("\n")
        .map(Number);
    assert.equal(await tunnel.address(), "http://127.0.0.1:5001");
    assert.equal(await tunnel.address(), "http://127.0.0.1:5001");
    const [first = 0] = started();
    const group = readFileSync(`/proc/${first}/stat`, "utf8").split(") ")[1]?.split(" ")[2];
    assert.equal(group, String(first), "a process group of its own");
    process.kill(first);
    await ended(first);
    assert.equal(await tunnel.address(), "http://127.0.0.1:5002");
    tunnel.close();
    await ended(started()[1] ?? 0);
  });
});

/** Waits until a process is gone. */
async function ended(pid: number): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await sleep(10);
  }
  assert.fail(`process ${pid} goes on`);
}
