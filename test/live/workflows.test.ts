/** The workflows of GitHub Actions: actionlint reads them, house rules hold, and each shell step is executed dry. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { parse } from "yaml";
import { projectDir } from "../../config/stackFile.ts";
import { cliFinding } from "../../ops/lib/doctor/toolchain.ts";
import { touchedStacks } from "../../ci/touchedStacks.ts";
import { type Checkout, checkOut } from "../../review/checkout.ts";
import { ensureTool } from "../../lab/tools/tools.ts";

type Variables = Readonly<Record<string, string>>;

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly env?: Variables;
}

interface Job {
  readonly if?: string;
  readonly permissions?: object;
  readonly environment?: string;
  readonly concurrency?: { readonly group: string };
  readonly strategy?: {
    readonly matrix: { readonly include?: readonly Variables[]; readonly stacks?: readonly string[] };
  };
  readonly env?: Variables;
  readonly steps: readonly Step[];
}

interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly env?: Variables;
  readonly jobs: Readonly<Record<string, Job>>;
}

const folder = path.join(projectDir, ".github", "workflows");
const files = readdirSync(folder).filter((file) => file.endsWith(".yml"));
const textOf = (file: string): string => readFileSync(path.join(folder, file), "utf8");
const workflows = new Map(files.map((file) => [file, parse(textOf(file)) as Workflow]));
const jobs = [...workflows].flatMap(([file, workflow]) =>
  Object.entries(workflow.jobs).map(([name, job]) => ({ file, name, job, workflow })),
);

describe("the workflows", () => {
  it("actionlint accepts all workflows", async function () {
    this.timeout(600_000);
    const tool = path.join(await ensureTool("actionlint", () => undefined), "actionlint");
    // shellcheck, where it is installed, reads the shell steps as well.
    const { status, stdout, stderr } = spawnSync(tool, ["-no-color", ...files.map((file) => path.join(folder, file))], {
      cwd: projectDir,
      encoding: "utf8",
    });
    assert.equal(status, 0, stdout + stderr);
  });

  it("workflows pin every action to one commit each, with a comment that names its version", () => {
    const pins = files.flatMap((file) => [...textOf(file).matchAll(/uses: (.*)$/gm)].map(([, use = ""]) => use));
    assert.ok(pins.length > 10, pins.join());
    for (const pin of pins) assert.match(pin, /^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    const actions = new Map(pins.map((pin) => [pin.split("@")[0], pin]));
    assert.deepEqual([...new Set(pins)].toSorted(), [...actions.values()].toSorted());
  });

  it("workflows have no more permissions than they need, and none where a fork's code runs", () => {
    for (const [file, { on, permissions }] of workflows) {
      assert.ok(permissions !== undefined, `${file} has the default rights`);
      for (const right of Object.values(permissions)) assert.equal(right, "read", file);
      assert.ok(!("pull_request_target" in on), file);
    }
    const text = ({ job }: { job: Job }): string => JSON.stringify(job);
    for (const one of jobs) {
      const forks = "pull_request" in one.workflow.on && one.job.if === undefined;
      if (forks) assert.doesNotMatch(text(one), /secrets\.|"write"/, `${one.file} ${one.name}`);
      if (text(one).includes("secrets.")) assert.ok(one.job.environment !== undefined, `${one.file} ${one.name}`);
      for (const { uses, with: inputs } of one.job.steps)
        if (uses?.startsWith("actions/checkout@") === true) assert.equal(inputs?.["persist-credentials"], false);
    }
  });

  it("the job that runs a pull request's code hands over renders, and main's code without permissions makes the report", () => {
    const artifact = (file: string, name: string, action: string): unknown =>
      workflows.get(file)?.jobs[name]?.steps.find(({ uses }) => uses?.includes(`/${action}-artifact@`))?.with?.name;
    const shell = (file: string, name: string): string =>
      (workflows.get(file)?.jobs[name]?.steps ?? []).flatMap(({ run }) => run ?? []).join("\n");
    assert.match(shell("review.yml", "review"), /review -- .* --renders out\/renders\.json$/m);
    assert.doesNotMatch(shell("review.yml", "review"), /\.md|\.html|GITHUB_STEP_SUMMARY/);
    assert.match(shell("review-comment.yml", "report"), /review -- --from renders\/renders\.json /);
    assert.equal(shell("review-comment.yml", "comment"), "node ci/run.mjs comment out");
    const { report, comment } = workflows.get("review-comment.yml")?.jobs ?? {};
    assert.deepEqual(report?.permissions, { actions: "read", contents: "read" });
    assert.deepEqual(comment?.permissions, { contents: "read", "pull-requests": "write" });
    const [from, made] = [
      artifact("review.yml", "review", "upload"),
      artifact("review-comment.yml", "report", "upload"),
    ];
    assert.deepEqual([from, made], ["renders", "report"]);
    assert.equal(artifact("review-comment.yml", "report", "download"), from);
    assert.equal(artifact("review-comment.yml", "comment", "download"), made);
    // By workflow_run main is checked out, unless a step asks for another commit; a cache would be shared with main's own jobs.
    for (const { with: inputs } of [...report.steps, ...comment.steps])
      assert.deepEqual([inputs?.ref, inputs?.cache], [undefined, undefined]);
  });

  it("prod waits for stage, and stage is checked first", () => {
    const { jobs: all } = parse(textOf("deploy.yml")) as {
      jobs: Record<string, Job & { needs?: string | readonly string[] }>;
    };
    assert.deepEqual(all.prod?.needs, ["touched", "stage"]);
    assert.equal(all.prod.environment, "prod");
    // A job that a later run overtakes is cancelled, and failure() is false then.
    assert.match(all.prod.if ?? "", /contains\(fromJSON\('\["success", "skipped"\]'\), needs\.stage\.result\)/);
    const steps = (all.stage?.steps ?? []).map(({ uses, run, with: inputs }) => {
      return `${run ?? uses ?? ""}${typeof inputs?.command === "string" ? ` ${inputs.command}` : ""}`;
    });
    const order = ["npm ci", " doctor ", / up$/, "ci/run.mjs drift", "ci/run.mjs answers", "state status"];
    const at = order.map((text) => steps.findIndex((step) => step.search(text) >= 0));
    assert.deepEqual(
      at,
      at.toSorted((a, b) => a - b),
      steps.join(),
    );
    assert.ok(
      at.every((index) => index >= 0),
      steps.join(),
    );
  });

  it("deploy main only, each stack in a group of its own, so that a waiting approval does not hold up stage", () => {
    const { jobs: all } = workflows.get("deploy.yml") ?? assert.fail();
    for (const [name, job] of Object.entries(all)) {
      assert.match(job.if ?? "", /^github\.ref == 'refs\/heads\/main'( && |$)/, name);
      if (name !== "touched") assert.equal(job.concurrency?.group, "deploy-${{ matrix.stack }}");
    }
    assert.equal(workflows.get("drift.yml")?.jobs.drift?.if, "github.ref == 'refs/heads/main'");
  });

  it("install one version of the engine, and enforce the policies wherever it runs", () => {
    const engines = jobs.flatMap(({ file, job }) =>
      job.steps.filter(({ uses }) => uses?.startsWith("pulumi/actions@") === true).map((step) => ({ file, step })),
    );
    assert.equal(engines.length, 9);
    for (const { file, step } of engines) {
      assert.equal(step.with?.["pulumi-version-file"], ".pulumi.version", file);
      if (step.with.command !== undefined) assert.equal(step.with.policyPacks, "policy", file);
    }
    const { dependencies, devDependencies } = JSON.parse(
      readFileSync(path.join(projectDir, "package.json"), "utf8"),
    ) as Record<"dependencies" | "devDependencies", Variables>;
    const version = readFileSync(path.join(projectDir, ".pulumi.version"), "utf8").trim();
    for (const cli of [version, devDependencies.pulumi ?? ""])
      assert.equal(cliFinding(cli, dependencies["@pulumi/pulumi"] ?? "").level, "ok", cli);
  });

  it("back up and drill both environments and all their parts, each with its own passphrase", () => {
    const { strategy, steps = [] } = workflows.get("backups.yml")?.jobs.backups ?? {};
    assert.deepEqual(strategy?.matrix.stacks, ["stage*", "prod*"]);
    const commands = steps.filter(({ env }) => env?.STACKS === "${{ matrix.stacks }}");
    assert.deepEqual(
      commands.map(({ run }) => run),
      ['node orrery.mjs backup --stack "$STACKS"', 'node orrery.mjs drill --stack "$STACKS"'],
    );
    const passphrases = Object.entries(commands[1]?.env ?? {}).filter(([name]) => name.startsWith("PASSPHRASE_"));
    assert.deepEqual(
      passphrases,
      ["PASSPHRASE_STAGE", "PASSPHRASE_PROD"].map((name) => [name, `\${{ secrets.${name} }}`]),
    );
    // The command itself, on a group: each stack is asked, and each lacks the repository here.
    const env = { ...process.env, STACKS: "stage*", RESTIC_REPOSITORY: undefined };
    const { stderr } = spawnSync("bash", ["-c", commands[0]?.run ?? ""], { cwd: projectDir, encoding: "utf8", env });
    assert.match(stderr, /^stage: orrery: RESTIC_REPOSITORY and RESTIC_PASSWORD are not set$/m);
  });

  it("install packages by npm ci without their scripts, and by nothing else", () => {
    const installs = jobs.flatMap(({ job }) =>
      job.steps.flatMap(({ run = "" }) =>
        run.split("\n").filter((line) => /\b(install|ci)\b.*/.test(line) && !line.includes("ci/")),
      ),
    );
    const restic = "sudo apt-get install --yes --no-install-recommends restic";
    const allowed = ["npm ci --ignore-scripts", "pulumi install --no-dependencies", ".ci/run", restic];
    assert.deepEqual(
      installs.filter((line) => !allowed.includes(line.trim())),
      [],
    );
    assert.ok(installs.length > 6);
  });

  it("give secrets to the steps that use them, and prod's only behind its approval or main's branch rule", () => {
    for (const { file, name, job, workflow } of jobs) {
      assert.doesNotMatch(JSON.stringify([job.env, workflow.env]), /secrets\./, `${file} ${name}`);
      for (const { uses, run, env } of job.steps) {
        const needs =
          uses?.startsWith("pulumi/actions@") === true ||
          /doctor|drift|alerts|state status|backup|drill/.test(run ?? "");
        assert.ok(needs || !JSON.stringify(env ?? {}).includes("secrets."), `${file} ${name}: ${run ?? uses ?? ""}`);
      }
      if (JSON.stringify(job).includes("PASSPHRASE_PROD")) assert.equal(job.environment, "drift", file);
    }
    const previews = workflows.get("preview.yml")?.jobs ?? {};
    assert.deepEqual(
      Object.entries(previews).map(([name, { environment }]) => [name, environment]),
      [
        ["touched", undefined],
        ["stage", "preview"],
        ["prod", "prod"],
      ],
    );
    assert.match(previews.touched?.if ?? "", /head\.repo\.full_name == github\.repository/);
  });
});

describe("shell steps of the workflows", () => {
  let dir: string;
  const head = execFileSync("git", ["rev-parse", "HEAD"], { cwd: projectDir, encoding: "utf8" }).trim();
  const scripts = (JSON.parse(readFileSync(path.join(projectDir, "package.json"), "utf8")) as { scripts: Variables })
    .scripts;

  /** What the expressions of the workflows are in a run of them. */
  const expressions: Variables = {
    "github.event.pull_request.base.sha": head,
    "github.event.pull_request.head.sha": head,
    "github.event.workflow_run.head_sha": head,
    "github.event.pull_request.number": "7",
    "matrix.stack": "stage-packit",
    "github.event.before": head,
  };

  before(() => {
    dir = mkdtempSync(path.join(tmpdir(), "orrery-steps-"));
    mkdirSync(path.join(dir, "bin"));
    mkdirSync(path.join(dir, ".ci"));
    mkdirSync(path.join(dir, "test"));
    mkdirSync(path.join(dir, "renders"));
    writeFileSync(path.join(dir, "renders", "number"), "7\n");
    copyFileSync(path.join(projectDir, "test", "live.mocharc.json"), path.join(dir, "test", "live.mocharc.json"));
    // Programs that would do something only note how they are called.
    const stub = `#!/bin/bash\nprintf '%s\\t' "$(basename "$0")" "$@" >> "${dir}/calls"; echo >> "${dir}/calls"\n`;
    for (const name of ["bin/npm", "bin/npx", "bin/node", "bin/pulumi", "bin/sudo", "bin/docker", ".ci/run"]) {
      writeFileSync(path.join(dir, name), stub);
      chmodSync(path.join(dir, name), 0o755);
    }
  });
  after(() => {
    rmSync(dir, { recursive: true });
  });

  for (const { file, name, job, workflow } of jobs)
    for (const step of job.steps.filter(({ run }) => run !== undefined)) {
      const { run = "" } = step;
      it(`runs dry: ${file}, ${name}: ${run.split("\n")[0] ?? ""}`, () => {
        assert.doesNotMatch(run, /\$\{\{/, "an expression in a script is somebody's text in it; take it from env");
        const own = { ...workflow.env, ...job.env, ...step.env };
        const env = Object.fromEntries(
          Object.entries(own).map(([key, value]) => [
            key,
            value.replaceAll(/\$\{\{\s*(.*?)\s*\}\}/g, (_, expression: string) => expressions[expression] ?? "sample"),
          ]),
        );
        rmSync(path.join(dir, "calls"), { force: true });
        // As GitHub runs it, and no variable that the job does not set.
        const { status, stderr } = spawnSync("bash", ["--noprofile", "--norc", "-euo", "pipefail", "-c", run], {
          cwd: dir,
          encoding: "utf8",
          env: {
            PATH: `${path.join(dir, "bin")}:/usr/bin:/bin`,
            HOME: dir,
            GIT_DIR: execFileSync("git", ["rev-parse", "--absolute-git-dir"], {
              cwd: projectDir,
              encoding: "utf8",
            }).trim(),
            GITHUB_WORKSPACE: dir,
            GITHUB_STEP_SUMMARY: path.join(dir, "summary"),
            GITHUB_OUTPUT: path.join(dir, "output"),
            ...env,
          },
        });
        assert.equal(status, 0, stderr);
        const calls = existsSync(path.join(dir, "calls"))
          ? readFileSync(path.join(dir, "calls"), "utf8")
              .trim()
              .split("\n")
              .map((call) => call.split("\t"))
          : [];
        for (const [program, ...words] of calls) {
          const [first = "", second = ""] = words.filter((word) => !word.startsWith("-"));
          // Nothing but what the lock file has, and no script of a package.
          if (program === "npm" && /^(ci|i|install)$/.test(first)) assert.deepEqual(words, ["ci", "--ignore-scripts"]);
          if (program === "npm" && first === "run") assert.ok(second in scripts, `no npm script ${second}`);
          if (program === "node") assert.ok(existsSync(path.join(projectDir, first)), `no file ${first}`);
          if (program === "npx")
            assert.match(words.join(" "), /^--yes --ignore-scripts --package [\w-]+@\d+\.\d+\.\d+ -- /);
          if (program === "run") assert.ok(existsSync(path.join(projectDir, ".ci", "run")));
        }
      });
    }

  it("the workflows run every test that is excluded from npm test", () => {
    const { ignore } = JSON.parse(readFileSync(path.join(dir, "test", "live.mocharc.json"), "utf8")) as {
      ignore: readonly string[];
    };
    const found = /^names=(.*)$/m.exec(readFileSync(path.join(dir, "output"), "utf8"))?.[1] ?? "";
    assert.deepEqual(
      JSON.parse(found),
      // Of adoptGenerated npm test runs a few cases only.
      [...ignore.map((file) => path.basename(file, ".test.ts")), "adoptGenerated"],
    );
  });
});

describe("stacks that a change touches", function () {
  this.timeout(300_000);
  let base: Checkout;
  let head: Checkout;

  before(async () => {
    base = await checkOut("HEAD");
    head = await checkOut("HEAD");
  });
  after(async () => {
    await base.close();
    await head.close();
  });

  it("are those of an environment and its parts whose settings differ or whose file is new, and no others", async () => {
    const file = (stack: string): string => path.join(head.folder, `Pulumi.${stack}.yaml`);
    const text = readFileSync(file("test"), "utf8");
    writeFileSync(file("test-dials"), text);
    const changed = text.replace(/(githubAppId: )\d+/, "$17");
    assert.notEqual(changed, text);
    writeFileSync(file("test"), changed);
    const touched = await touchedStacks(base, head, ["test", "stage"]);
    assert.deepEqual(Object.fromEntries(touched), { test: ["test", "test-dials"], stage: [] });
  });

  it("are all of them without a commit to compare with", async () => {
    const all = await touchedStacks(undefined, base, ["stage", "prod"]);
    assert.deepEqual(Object.fromEntries(all), { stage: ["stage"], prod: ["prod"] });
  });
});
