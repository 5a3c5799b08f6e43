/** `orrery promote` as a real command line, on copies of the committed stacks. */
import assert from "node:assert/strict";
import { copyFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { put } from "../../config/stackEdit.ts";
import { projectDir, readStackFile } from "../../config/stackFile.ts";
import { thisProcess } from "../../ops/lib/decision/holder.ts";
import { type Ended, Project } from "./audit/decision/project.ts";

const digest = (sign: string): string => `sha256:${sign.repeat(64)}`;
const backend = `registry.cern.ch/cms-dqmdc/dials-backend:1.13.0@${digest("a")}`;

describe("orrery promote", () => {
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
    rmSync(`${prod}.journal`, { force: true });
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
    assert.match(again.stdout, /^nothing else to promote$/m);
  });

  it("refuses without a terminal and --yes, and while another command is at work on the target", async () => {
    start();
    const was = readFileSync(prod, "utf8");
    assert.match((await promote()).stderr, /there is no terminal to ask on/);
    const same = await project.node(["cli/orrery.ts", "promote", "--from", "prod", "--to", "prod"]);
    assert.equal(same.code, 2);
    assert.match(same.stderr, /--from and --to name the same stack/);
    const at = { id: "a", command: "dials pause", stack: "prod", file: prod, began: "2026-01-01T00:00:00Z" };
    writeFileSync(`${prod}.journal`, JSON.stringify({ ...at, holder: thisProcess(), engine: false, lifted: [] }));
    const busy = await promote("--yes");
    assert.equal(busy.code, 1);
    assert.match(busy.stderr, /dials pause of stack prod .* is at work; wait for its end: nothing was done/);
    assert.equal(readFileSync(prod, "utf8"), was);
  });

  it("changes nothing where the text of the pull request cannot be written, and leaves versions of data to a person", async () => {
    start();
    edit(project.file, ["thoth", ["dgraph", "version"], "v20.11.3"]);
    const was = readFileSync(prod, "utf8");
    const { code, stdout, stderr } = await promote(
      "--yes",
      "--pull-request",
      path.join(project.dir, "no", "request.md"),
    );
    assert.equal(code, 1);
    assert.doesNotMatch(stderr, /\n\s+at /);
    assert.match(stdout, /^thoth:settings\.dgraph\.version stays: its data may have to be exported and loaded/m);
    assert.equal(readFileSync(prod, "utf8"), was);
  });

  it("promotes pairs together: one question, one text, and nothing where the text cannot be written", async () => {
    start();
    const [stageA, stageB, prodA, prodB] = ["stage-a", "stage-b", "prod-a", "prod-b"].map((name) =>
      path.join(project.dir, `Pulumi.${name}.yaml`),
    ) as [string, string, string, string];
    for (const file of [stageA, stageB]) copyFileSync(project.file, file);
    for (const file of [prodA, prodB]) copyFileSync(prod, file);
    const was = readFileSync(prod, "utf8");
    const pairs = (...words: readonly string[]): Promise<Ended> =>
      project.node(["cli/orrery.ts", "promote", "--from", "stage-*", "--to", "prod-*", "--yes", ...words]);

    const refused = await pairs("--pull-request", path.join(project.dir, "no", "request.md"));
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /Pulumi\.prod-a\.yaml is as it was[\s\S]*Pulumi\.prod-b\.yaml is as it was/);
    for (const file of [prodA, prodB]) assert.equal(readFileSync(file, "utf8"), was);

    const text = path.join(project.dir, "request.md");
    const { code, stdout, stderr } = await pairs("--pull-request", text, "--json");
    assert.equal(code, 0, stderr);
    const answer = JSON.parse(stdout) as readonly { from: string; to: string; steps: readonly object[] }[];
    assert.deepEqual(
      answer.map(({ from, to }) => [from, to]),
      [
        ["stage-a", "prod-a"],
        ["stage-b", "prod-b"],
      ],
    );
    for (const file of [prodA, prodB]) assert.ok(readFileSync(file, "utf8").includes(backend));
    const request = readFileSync(text, "utf8");
    assert.match(request, /^# Promote stage-\* to prod-\*\n\n## stage-a to prod-a\n[\s\S]*\n## stage-b to prod-b\n/);
    assert.match(request, /run `npx pulumi up` for `prod-a`, `prod-b`/);
    for (const file of [stageA, stageB, prodA, prodB]) rmSync(file);
  });
});
