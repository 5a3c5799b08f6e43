/** `orrery promote` as a real command line, on copies of the committed stacks. */
import assert from "node:assert/strict";
import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { put } from "../../config/stackEdit.ts";
import { projectDir, readStackFile } from "../../config/stackFile.ts";
import { type Ended, Project } from "./audit/decision/project.ts";

const digest = (sign: string): string => `sha256:${sign.repeat(64)}`;
const backend = `registry.cern.ch/cms-dqmdc/dials-backend:1.13.0@${digest("a")}`;

describe("orrery promote", function () {
  this.timeout(60_000);
  let project: Project;
  let prod = "";
  before(() => {
    project = new Project();
    prod = path.join(project.dir, "Pulumi.prod.yaml");
  });
  after(() => {
    project.remove();
  });

  const edit = (
    file: string,
    ...changes: readonly (readonly [key: string, at: readonly string[], value: unknown])[]
  ): void => {
    const text = changes.reduce(
      (content, [key, at, value]) => put(content, ["config", `${key}:settings`, ...at], value),
      readFileSync(file, "utf8"),
    );
    writeFileSync(file, text);
  };

  /** Stage has a newer backend, worker and Dgraph. */
  function start(): void {
    project.reset();
    copyFileSync(path.join(projectDir, "Pulumi.prod.yaml"), prod);
    edit(
      project.file,
      ["dials", ["images", "backend"], backend],
      ["packit", ["images"], { worker: { digest: digest("b") } }],
      ["packit", ["postgres"], { version: "13", beside: ["12"] }],
    );
  }

  const promote = (...words: readonly string[]): Promise<Ended> =>
    project.node(["cli/orrery.ts", "promote", "--from", "stage", "--to", "prod", ...words]);

  const setting = (key: string, ...at: readonly string[]): unknown =>
    at.reduce<unknown>(
      (value, one) => (value as Record<string, unknown> | undefined)?.[one],
      JSON.parse(readStackFile(prod).entries.get(`${key}:settings`)?.value ?? "{}"),
    );

  it("shows what would move and what stays, and writes nothing", async () => {
    start();
    const was = readFileSync(prod, "utf8");
    const { code, stdout, stderr } = await promote("--dry-run");
    assert.equal(code, 0, stderr);
    assert.match(
      stdout,
      /^dials:settings\.images\.backend: dials-backend@sha256:\w{12} -> dials-backend:1\.13\.0@sha256:a{12}$/m,
    );
    assert.match(stdout, /^packit:settings\.images\.worker\.digest: the program's -> sha256:b{12}$/m);
    assert.match(
      stdout,
      /^packit:settings\.postgres\.version stays: npx orrery packit upgrade-database --to 13 --stack prod$/m,
    );
    assert.match(stdout, /^dials:settings\.images\.frontend stays: it is built with its stack's API host/m);
    assert.match(stdout, /^dials:settings\.images\.etl stays: only prod names it, stage leaves it to the program$/m);
    assert.equal(readFileSync(prod, "utf8"), was);
  });

  it("writes exactly that, and the text of a pull request; again there is nothing to do", async () => {
    start();
    const text = path.join(project.dir, "request.md");
    const frontend = setting("dials", "images", "frontend");
    const { code, stdout, stderr } = await promote("--yes", "--json", "--pull-request", text);
    assert.equal(code, 0, stderr);
    const { steps } = JSON.parse(stdout) as { steps: readonly { setting: string; value: string }[] };
    const moved = new Map(steps.map((one) => [one.setting, one.value]));
    assert.equal(moved.get("dials:settings.images.backend"), backend);
    assert.equal(setting("dials", "images", "backend"), backend);
    assert.equal(setting("packit", "images", "worker", "digest"), digest("b"));
    assert.equal(setting("packit", "postgres", "version"), undefined);
    assert.equal(setting("dials", "images", "frontend"), frontend);
    assert.match(readFileSync(text, "utf8"), /^# Promote stage to prod\n\n\| setting \| prod now \| from stage \|/);
    const again = await promote("--yes");
    assert.equal(again.code, 0, again.stderr);
    assert.match(again.stdout, /prod names what stage names; nothing to promote/);
  });

  it("refuses without a terminal and --yes, and while another command is at work on the target", async () => {
    start();
    const was = readFileSync(prod, "utf8");
    assert.match((await promote()).stderr, /there is no terminal to ask on/);
    const same = await project.node(["cli/orrery.ts", "promote", "--from", "prod", "--to", "prod"]);
    assert.equal(same.code, 2);
    assert.match(same.stderr, /--from and --to name the same stack/);
    assert.equal(readFileSync(prod, "utf8"), was);
    assert.ok(!existsSync(`${prod}.journal`));
  });
});
