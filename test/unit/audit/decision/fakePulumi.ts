/** Stands in for the CLI: it answers what the commands ask, and its updates go as the world says. */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseDocument } from "yaml";
import { newSalt, openSalt } from "../../../../config/passphrase.ts";
import { reencrypt } from "../../../../config/stackEdit.ts";
import { type FakeResource, readWorld, writeWorld } from "./fakeWorld.ts";

const words = process.argv.slice(2);
const world = readWorld();
const option = (name: string): string => words[words.indexOf(name) + 1] ?? "";

function kill(): never {
  process.kill(process.ppid, "SIGKILL");
  process.exit(137);
}

function fail(message: string, code = 255): never {
  console.error(`error: ${message}`);
  process.exit(code);
}

const called = words.slice(0, 2).join(" ");
world.calls.push(called.startsWith("state") || called.startsWith("stack") ? called : (words[0] ?? ""));
writeWorld(world);
if (world.launcher === true) {
  // What npm's package of the CLI says where it can neither find nor download the engine.
  console.error("pulumi: failed to download the Pulumi CLI");
  process.exit(1);
}
if (world.stackless === true) fail("no stack named 'stage' found", 6);
if (world.offline === true) fail("the backend does not answer");
if (world.offlineAfter === words[0]) {
  world.offline = true;
  writeWorld(world);
}
if (world.kill === `before ${words[1] ?? ""}`) kill();

if (words[0] === "whoami") console.log(JSON.stringify({ url: world.backend }));
else if (called === "stack ls") console.log(JSON.stringify([{ name: "stage" }]));
else if (called === "stack output") console.log(JSON.stringify(world.outputs));
else if (called === "stack history") console.log(JSON.stringify(world.history));
else if (called === "stack export") {
  const { resources, providers } = world;
  console.log(JSON.stringify({ version: 3, deployment: { resources, secrets_providers: providers } }));
} else if (words[0] === "state") protect(words[1] === "protect");
else if (called === "stack change-secrets-provider") await changeProvider();
else await update();

if (world.kill === `after ${words[1] ?? ""}`) kill();

function protect(on: boolean): void {
  for (const urn of words.filter((word) => word.startsWith("urn:"))) {
    const found = world.resources.find((one) => one.urn === urn);
    if (found === undefined) fail(`No such resource "${urn}" exists in the current state`);
    found.protect = on;
  }
  writeWorld(world);
}

/** As the CLI does it: first the file, then the state. */
async function changeProvider(): Promise<void> {
  const file = path.join(option("--cwd"), `Pulumi.${option("--stack")}.yaml`);
  const text = readFileSync(file, "utf8");
  const salt = String(parseDocument(text).get("encryptionsalt"));
  const input = await new Response(process.stdin).text();
  const next = input.trim();
  const old = openSalt(salt, process.env.PULUMI_CONFIG_PASSPHRASE ?? "");
  const nextSalt = newSalt(next);
  const fresh = openSalt(nextSalt, next);
  if (world.course === "fails") fail("the backend has no room");
  writeFileSync(
    file,
    reencrypt(
      text,
      (one) => old.decrypt(one),
      nextSalt,
      (one) => fresh.encrypt(one),
    ),
  );
  if (world.course === "killed") kill();
  world.providers = { type: "passphrase", state: { salt: nextSalt } };
  writeWorld(world);
  if (world.course === "killed late") kill();
  if (world.course === "breaks off") fail("the connection broke off");
}

async function update(): Promise<void> {
  const message = option("--message");
  const ended = (result: string): void => {
    world.history.unshift({ message, result });
    writeWorld(world);
  };
  switch (world.course) {
    case "no":
      return fail("confirmation declined", 8);
    case "wrong passphrase":
      return fail("getting stack configuration: get stack secrets manager: incorrect passphrase", 1);
    case "killed":
      return kill();
    case "fails":
      ended("failed");
      return fail("update failed", 4);
    case "breaks off":
      apply();
      ended("failed");
      return fail("update failed", 4);
    case "breaks off unrecorded":
      apply();
      return fail("the disk is full", 4);
    case "waits":
      process.on("SIGINT", () => {
        ended("failed");
        process.exit(1);
      });
      console.log("updating");
      return sleep(60_000);
    case "orphaned":
      process.kill(process.ppid, "SIGKILL");
      await sleep(3000);
  }
  apply();
  ended("succeeded");
  if (world.course === "killed late") kill();
}

/** What a whole update does to the state. */
function apply(): void {
  const targets = words.filter((_, at) => words[at - 1] === "--target");
  if (words[0] === "destroy") world.resources = world.resources.filter(({ urn }) => !targets.includes(urn));
  const again = new RegExp(world.replaces);
  world.resources = world.resources.map((one): FakeResource =>
    world.replaces !== "" && again.test(one.urn) ? { ...one, id: `${one.id ?? ""}-new` } : one,
  );
  world.selector = world.selectorAfter;
  writeWorld(world);
}
