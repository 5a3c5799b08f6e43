/** Celery, Flower and fedora-messaging with the variables, files and probes that Packit's pods have. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { asList, asObject, asText } from "../../policy/manifest.ts";
import { World } from "../../contracts/check/workloads.ts";
import { installPackages } from "../../lab/openstack/packages.ts";
import { buildPackit, type Given, production } from "../unit/packit/fixture.ts";
import { eventually } from "./dials/celery.ts";
import { freePort } from "./port.ts";
import { PackitWorld, python, type Variables } from "./packitPrograms/celery.ts";

const given: Given = { ...production, parts: { flower: true } };

describe("Packit's queues, by the real Celery", function () {
  this.timeout(300_000);
  let world: PackitWorld;
  let pods: ReturnType<World["pods"]>;

  before(async () => {
    await installPackages(["redis-server", "redis-tools"], () => undefined);
    await python.install();
    const built = await buildPackit(given);
    pods = new World(built.resources).pods(() => undefined);
    world = await PackitWorld.open(fileOf("Deployment packit-prod/redis", "/etc/redislike/redis.conf"));
  });
  after(() => world.close());

  function container(title: string) {
    const found = pods.find((one) => one.title === title)?.containers.at(-1);
    assert.ok(found, title);
    return found;
  }
  function fileOf(title: string, at: string): string {
    return container(title).files.get(at)?.text ?? "";
  }
  function variables(title: string): Variables {
    return Object.fromEntries([...container(title).variables].map(([name, one]) => [name, one.text ?? ""]));
  }
  const worker = (name: string): Variables => variables(`StatefulSet packit-prod/${name}`);
  const liveness = (name: string): readonly string[] => {
    const { command } = asObject(asObject(container(`StatefulSet packit-prod/${name}`).body.livenessProbe).exec);
    // It waits all of its time for answers; here they come at once.
    return (command as string[]).map((word) => word.replace("--timeout 60", "--timeout 3"));
  };
  const send = (queue: string, event: string): void => {
    const code = `from packit_service.worker.tasks import process_message
process_message.apply_async(("${event}",), queue="${queue}")`;
    const { status, output } = world.run(["python", "-c", code], worker("packit-worker"));
    assert.equal(status, 0, output);
  };
  const taken = (): readonly string[] => world.diary().map((line) => line.replace("celery@", ""));
  const alive = (pod: string, name: string): boolean => world.probe(pod, liveness(name), worker(name)) === 0;

  it("workers take the queues of their flavour, including those of tasks that wait for a forge", async () => {
    const [short, long] = ["packit-worker-short-running", "packit-worker-long-running"];
    world.startWorker(`${short}-0`, worker(short));
    send("rate-limited", "limited");
    send("long-running", "long");
    send("short-running", "short");
    await eventually("the short task is done", 60, () => taken().length > 0);
    assert.deepEqual(taken(), [`short ${short}-0`]);
    assert.match(world.log(`${short}-0`), /concurrency: 16 \(gevent\)/);
    await eventually("the worker answers", 60, () => alive(`${short}-0`, short));

    world.startWorker(`${long}-0`, worker(long));
    await eventually("the other tasks are done", 60, () => taken().length === 3);
    assert.deepEqual([...taken()].sort(), [`limited ${long}-0`, `long ${long}-0`, `short ${short}-0`]);
    assert.match(world.log(`${long}-0`), /concurrency: 1 \(prefork\)/);
    assert.doesNotMatch(world.log(`${long}-0`), /DEBUG/);
  });

  it("a worker's probe pings this worker, not any worker", async () => {
    const name = "packit-worker-long-running";
    await eventually("the worker answers", 60, () => alive(`${name}-0`, name));
    // Another pod's worker answers, this pod's does not.
    assert.notEqual(
      world.run(
        ["unshare", "--uts", "sh", "-c", 'hostname other-0 && exec "$@"', "sh", ...liveness(name)],
        worker(name),
      ).status,
      0,
    );
  });

  it("a single worker takes every queue", async () => {
    await world.stop("packit-worker-short-running-0");
    await world.stop("packit-worker-long-running-0");
    const before_ = taken().length;
    for (const queue of ["short-running", "long-running", "rate-limited"]) send(queue, `all-${queue}`);
    world.startWorker("packit-worker-0", worker("packit-worker"));
    await eventually("all three are done", 60, () => taken().length === before_ + 3);
    assert.deepEqual(
      taken().slice(before_).sort(),
      ["all-long-running", "all-rate-limited", "all-short-running"].map((event) => `${event} packit-worker-0`),
    );
  });

  it("Flower starts with its variables alone, is healthy without a login, and shows workers only with the login", async () => {
    const env = variables("Deployment packit-prod/flower");
    const port = await freePort();
    assert.equal(env.CELERY_BROKER_URL, "redis://redis:6379/0");
    const own = {
      ...env,
      CELERY_BROKER_URL: `redis://127.0.0.1:${world.redisPort}/0`,
      FLOWER_PORT: `${port}`,
      FLOWER_ADDRESS: "127.0.0.1",
    };
    // The image's command, mher/flower@v2.0.1 Dockerfile; nothing of Packit's is in it.
    world.start("flower", ["celery", "--workdir=/", "flower"], own);
    const ask = (at: string, login?: string): Promise<number> =>
      fetch(`http://127.0.0.1:${port}${at}`, {
        headers: login === undefined ? {} : { authorization: `Basic ${Buffer.from(login).toString("base64")}` },
      }).then(({ status }) => status);
    const probe = asObject(container("Deployment packit-prod/flower").body.readinessProbe);
    const at = asText(asObject(probe.httpGet).path);
    await eventually("Flower answers", 60, async () => (await ask(at)) === 200);
    assert.equal(await ask("/api/workers"), 401);
    assert.equal(await ask("/api/workers?refresh=1", "packit:wrong"), 401);
    assert.equal(await ask("/api/workers?refresh=1", env.FLOWER_BASIC_AUTH), 200);
  });

  it("fedora-messaging reads the listener's file as it is mounted", () => {
    const env = variables("Deployment packit-prod/packit-service-fedmsg");
    assert.equal(container("Deployment packit-prod/packit-service-fedmsg").command, undefined);
    const file = path.join(world.dir, "fedora.toml");
    writeFileSync(file, fileOf("Deployment packit-prod/packit-service-fedmsg", env.FEDORA_MESSAGING_CONF ?? ""));
    const code = `import json
from fedora_messaging import config
conf = config.conf.load_config()
print(json.dumps([conf["amqp_url"], list(conf["queues"].values()), [b["routing_keys"] for b in conf["bindings"]], sorted(conf["tls"])]))`;
    const { status, output } = world.run(["python", "-W", "ignore", "-c", code], { FEDORA_MESSAGING_CONF: file });
    assert.equal(status, 0, output);
    assert.deepEqual(JSON.parse(output.trim().split("\n").at(-1) ?? ""), [
      "amqps://fedora:@rabbitmq.fedoraproject.org/%2Fpublic_pubsub",
      [{ durable: true, auto_delete: true, exclusive: true, arguments: {} }],
      [["org.fedoraproject.prod.copr.build.#"]],
      ["ca_cert", "certfile", "keyfile"],
    ]);
    const ports = asList(container("Deployment packit-prod/packit-service-fedmsg").body.ports);
    assert.deepEqual(ports, []);
  });
});
