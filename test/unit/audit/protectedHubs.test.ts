/** Finding 16: what a hub cannot get back is protected, and a rebuild lifts the server's protection for one update only. */
import assert from "node:assert/strict";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { projectDir, stackPath } from "../../../config/stackFile.ts";
import { run } from "../../../ops/lib/process.ts";
import { render, type Rendered } from "../../../review/evaluate/render.ts";

/** The kinds that a deletion loses for good; volumes and addresses have their own tests. */
const kinds = ["compute/instance:Instance", "networking/port:Port", "index/privateKey:PrivateKey"];

/** Protection of each server, port and key of Callysto, by name. */
async function protections(stack: string): Promise<Readonly<Record<string, boolean | undefined>>> {
  const own = (await render(stack)).filter(
    ({ urn, type }: Rendered) => urn.includes("orrery:callysto:") && kinds.some((kind) => type.endsWith(`:${kind}`)),
  );
  return Object.fromEntries(own.map(({ name, options }) => [name, options.protect]));
}

describe("servers, ports and keys of hubs", () => {
  it("those of a hub or workstation that is not disposable are protected", async () => {
    assert.deepEqual(await protections("prod"), {
      // The key of a server's first login is worth nothing afterwards, and a rebuild draws another.
      "callysto-clavius-host-bootstrap-key": undefined,
      "callysto-hub-prod-host-bootstrap-key": undefined,
      "callysto-clavius-host-server-instance": true,
      "callysto-clavius-host-server-port": true,
      "callysto-clavius-inside-guest-host-key": true,
      "callysto-hub-prod-host-server-instance": true,
      "callysto-hub-prod-host-server-port": true,
      "callysto-hub-prod-inside-guest-host-key": true,
      "callysto-hub-prod-inside-sp-key": true,
    });
  });

  it("those of a disposable hub may be deleted", async () => {
    assert.deepEqual(await protections("test"), {
      "callysto-hub-ci-host-bootstrap-key": undefined,
      "callysto-hub-ci-host-server-instance": false,
      "callysto-hub-ci-host-server-port": false,
    });
  });
});

/** A pulumi that keeps a state of three resources, notes what it is called with, and whose `up` ends with a code. */
const fake = `#!${process.execPath}
const { appendFileSync, readFileSync, writeFileSync } = require("node:fs");
const [words, file] = [process.argv.slice(2), process.env.FAKE_STATE];
const state = JSON.parse(readFileSync(file, "utf8"));
const all = state.deployment.resources;
if (words[0] === "stack") console.log(words[1] === "history" ? "[]" : JSON.stringify(state));
if (words[0] === "state") for (const one of all) if (words.includes(one.urn)) one.protect = words[1] === "protect";
if (words[0] === "up") {
  const bare = all.filter(({ protect }) => !protect).map(({ urn }) => urn.split("::")[3]);
  appendFileSync(file + ".log", "up without protection: " + bare.join(", "));
  if (process.env.FAKE_LOSES) all.splice(0, 1);
}
if (words[0] !== "stack") writeFileSync(file, JSON.stringify(state));
process.exitCode = words[0] === "up" ? Number(process.env.FAKE_UP) : 0;
`;

describe("the rebuild of a protected hub", () => {
  const dir = mkdtempSync(path.join(tmpdir(), "rebuild-"));
  const [state, file] = [path.join(dir, "state.json"), path.join(dir, "Pulumi.stage.yaml")];
  const names = ["host-server-instance", "host-server-port", "inside-guest-host-key"];
  const types = [
    "openstack:compute/instance:Instance",
    "openstack:networking/port:Port",
    "tls:index/privateKey:PrivateKey",
  ];

  before(() => {
    const version = /"version": "(.*)"/.exec(
      readFileSync(path.join(projectDir, "node_modules/pulumi/package.json"), "utf8"),
    )?.[1];
    const bin = path.join(dir, "versions", version ?? "", "bin");
    mkdirSync(bin, { recursive: true });
    writeFileSync(path.join(bin, "pulumi"), fake);
    chmodSync(path.join(bin, "pulumi"), 0o755);
  });
  after(() => {
    rmSync(dir, { recursive: true });
  });

  /** Rebuilds stage's hub with an `up` that ends so; returns the names that are protected afterwards, and during the update were not. */
  async function rebuild(env: NodeJS.ProcessEnv) {
    copyFileSync(stackPath("stage"), file);
    const resources = ["hub-dev", "hub-dev-2"].flatMap((hub) =>
      names.map((name, at) => ({
        urn: `urn:pulumi:stage::orrery::${types[at] ?? ""}::callysto-${hub}-${name}`,
        ...{ type: types[at], protect: true },
      })),
    );
    writeFileSync(state, JSON.stringify({ deployment: { resources } }));
    writeFileSync(`${state}.log`, "");
    const words = ["callysto", "rebuild", "--stack", "stage", "--config-file", file, "--environment", "hub-dev"];
    const { status } = await run(process.execPath, ["cli/orrery.ts", ...words, "--yes"], {
      cwd: projectDir,
      env: { PULUMI_HOME: dir, FAKE_STATE: state, ...env },
    });
    const left = JSON.parse(readFileSync(state, "utf8")) as { deployment: { resources: typeof resources } };
    const bare = left.deployment.resources.filter(({ protect }) => !protect).map(({ urn }) => urn.split("::")[3]);
    return { status, during: readFileSync(`${state}.log`, "utf8"), bare };
  }

  const during = "up without protection: callysto-hub-dev-host-server-instance";

  it("the update finds the server's protection lifted, and no other", async () => {
    assert.deepEqual((await rebuild({ FAKE_UP: "0" })).during, during);
  });

  it("an update that is declined or fails leaves everything protected as before", async () => {
    assert.deepEqual(await rebuild({ FAKE_UP: "255" }), { status: 255, during, bare: [] });
  });

  it("an update that fails after the old server was deleted ends with the update's own failure", async () => {
    assert.deepEqual(await rebuild({ FAKE_UP: "255", FAKE_LOSES: "yes" }), { status: 255, during, bare: [] });
  });
});
