import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "mocha";
import { etlConfig } from "../../components/dials/etlConfig.ts";
import { drained, DrainTimeout } from "../../ops/lib/dials/drain.ts";
import { at, Flower } from "../../ops/lib/dials/flower.ts";
import { settings } from "../unit/dials/fixture.ts";
import { CeleryWorld, eventually } from "./dials/celery.ts";
import { installPrograms } from "./dials/programs.ts";

const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, index) => from + index);

describe("draining real Celery workers", function () {
  this.timeout(300_000);
  let world: CeleryWorld;
  let next = 0;
  const pods: string[] = [];

  before(async () => {
    await installPrograms();
    const { etl, workspaces } = settings();
    world = await CeleryWorld.open(etlConfig(etl, workspaces));
  });
  afterEach(async () => {
    await Promise.all(pods.splice(0).map((pod) => world.stop(pod, "SIGKILL")));
  });
  after(() => world.close());

  /** A worker in a new pod. */
  async function worker(queue: string): Promise<string> {
    const pod = `${queue}-${next++}`;
    pods.push(pod);
    return world.startWorker(queue, pod);
  }

  /** Drains workers and does the work; a pod that runs afterwards goes on. */
  function drain(
    workers: readonly string[],
    deadline: number,
    work: () => Promise<void>,
    signal = new AbortController().signal,
  ): Promise<void> {
    const survivors = (all: readonly string[]): Promise<readonly string[]> =>
      Promise.resolve(all.filter((one) => world.runs(one.split("@")[1] ?? "")));
    return drained(
      { flower: world.flower, workers, deadline, poll: 0.2, log: () => undefined, signal, survivors },
      work,
    );
  }

  /** Every task has been done, and done once. */
  async function onceEach(numbers: readonly number[]): Promise<void> {
    await eventually("all tasks have ended", 60, () =>
      numbers.every((number) => world.diary().get(number)?.ended === 1),
    );
    for (const number of numbers) assert.deepEqual(world.diary().get(number), { begun: 1, ended: 1 }, `task ${number}`);
  }

  it("rolling out a busy worker loses no task and runs none twice", async () => {
    const old = await worker("csc-bulk");
    const tasks = range(100, 12);
    await world.send("csc-bulk", tasks, 0.7);
    await eventually("a task runs", 20, () => world.diary().size > 0);
    await drain([old], 60, async () => {
      const done = [...world.diary().values()];
      assert.ok(
        done.every(({ begun, ended }) => begun === ended),
        "a task ran when the worker was said to be idle",
      );
      assert.ok(done.length < tasks.length, "the worker should have left tasks to its successor");
      await world.stop(old.split("@")[1] ?? "");
      await worker("csc-bulk");
    });
    await onceEach(tasks);
  });

  it("several workers are drained at once, with only their queues", async () => {
    const both = [await worker("ecal-bulk"), await worker("ecal-priority")];
    const bystander = await worker("hcal-bulk");
    const tasks = range(200, 9);
    for (const [index, queue] of ["ecal-bulk", "ecal-priority", "hcal-bulk"].entries()) {
      await world.send(queue, tasks.slice(index * 3, index * 3 + 3), 0.5);
    }
    await drain(both, 60, async () => {
      assert.deepEqual((await world.flower.state(bystander))?.queues, ["hcal-bulk"]);
      for (const one of both) assert.deepEqual((await world.flower.state(one))?.queues, []);
    });
    // Nothing was replaced, so both go on.
    for (const one of both) assert.equal((await world.flower.state(one))?.queues.length, 1);
    await world.send("ecal-bulk", [299], 0);
    await onceEach([...tasks, 299]);
  });

  it("draining stops at the deadline with an error, consumers resume, and nothing is lost", async () => {
    const busy = await worker("jetmet-bulk");
    const tasks = range(300, 3);
    await world.send("jetmet-bulk", tasks, 4);
    await eventually("a task runs", 20, () => world.diary().has(300));
    let worked = false;
    const attempt = drain([busy], 1, () => Promise.resolve(void (worked = true)));
    await assert.rejects(attempt, (error: Error) => {
      assert.ok(error instanceof DrainTimeout);
      assert.match(
        error.message,
        /^jetmet-bulk@jetmet-bulk-\d+ still has \d running, \d waiting .* after 1 s; nothing was rolled out and it takes tasks again/,
      );
      return true;
    });
    assert.equal(worked, false);
    await eventually(
      "the consumer is back",
      10,
      async () => (await world.flower.state(busy))?.queues.includes("jetmet-bulk") === true,
    );
    await world.send("jetmet-bulk", [399], 0);
    await onceEach([...tasks, 399]);
  });

  it("workers resume when draining is interrupted or the rollout fails", async () => {
    const busy = await worker("egamma-bulk");
    await world.send("egamma-bulk", [400], 3);
    await eventually("the task runs", 20, () => world.diary().has(400));
    const stop = new AbortController();
    setTimeout(() => {
      stop.abort();
    }, 500);
    await assert.rejects(
      drain([busy], 60, () => Promise.resolve(), stop.signal),
      /^Error: interrupted; nothing was rolled out/,
    );
    await assert.rejects(
      drain([busy], 60, () => Promise.reject(new Error("the new pod does not start"))),
      /the new pod does not start/,
    );
    await world.send("egamma-bulk", [401], 0);
    await onceEach([400, 401]);
  });

  it("draining waits for scheduled tasks, which a worker holds until their time", async () => {
    const holder = await worker("tracker-bulk");
    await world.send("tracker-bulk", [500], 0, 3);
    await eventually("the worker holds it", 20, async () => (await world.flower.state(holder))?.scheduled.length === 1);
    await drain([holder], 60, () => {
      assert.deepEqual(world.diary().get(500), { begun: 1, ended: 1 });
      return Promise.resolve();
    });
  });

  it("draining reports what is wrong with Flower, the login or the worker, and changes nothing", async () => {
    const untouched = await worker("private-bulk");
    await assert.rejects(
      drain([untouched, "private-bulk@gone"], 5, () => Promise.resolve()),
      /Flower does not know the worker private-bulk@gone; nothing was changed/,
    );
    assert.deepEqual((await world.flower.state(untouched))?.queues, ["private-bulk"]);
    await assert.rejects(
      new Flower(at(`http://127.0.0.1:${world.flowerPort}`), "dials:wrong").online(),
      /Flower refuses the login/,
    );
    await assert.rejects(
      new Flower(at("http://127.0.0.1:1"), "dials:secret").online(),
      /Flower at http:\/\/127.0.0.1:1 does not answer/,
    );
  });
});
