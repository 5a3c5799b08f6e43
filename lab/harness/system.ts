/** One system of a committed stack, deployed to the lab as a separate stack. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseDocument } from "yaml";
import { labTarget } from "../../lab/pulumi.ts";
import { retarget } from "../../lab/retarget.ts";
import { samplePassphrase } from "../../config/samples.ts";
import { keepSystems, put } from "../../config/stackEdit.ts";
import { projectDir, stackPath } from "../../config/stackFile.ts";
import { createPrerequisites } from "../prerequisites.ts";
import { run } from "../../ops/lib/process.ts";
import { eventually, lab } from "./cloud.ts";
import { initStack, type Outcome, pulumi, stateOf, type Step, steps, type Target } from "./engine.ts";
import { leakedSecrets } from "./leaks.ts";
import { api } from "./kube.ts";
import { missingFrom, differencesOf, type StateResource } from "./deployed.ts";

/** A path under `config` of the stack's file and its new value; undefined removes it. */
export type Change = readonly [at: readonly (string | number)[], value: unknown];

/** Options of {@link SystemOnLab.open}. */
export interface SystemOptions {
  /** Further systems. */
  readonly also?: readonly string[];
  /** Environment of every run, e.g. for another backend. */
  readonly env?: NodeJS.ProcessEnv;
  /** Name of the stack. @default `<stack>-<system>` */
  readonly as?: string;
}

/** A system on the lab; the caller of `open` calls `close`. */
export class SystemOnLab {
  /** The stack's name and its file in the lab's folder. */
  readonly target: Target;
  /** Name in the stack's file and in `npm run ops`. */
  readonly system: string;

  private constructor(system: string, target: Target) {
    this.system = system;
    this.target = target;
  }

  /** A system that something else has deployed, maybe to another cluster: what asks this lab's API (`assertDeploy...`, `close`) is not for it. */
  static deployed(system: string, target: Target): SystemOnLab {
    return new SystemOnLab(system, target);
  }

  /**
   * Writes a stack file with only this system and its clusters or clouds, retargeted to the lab, applies `changes`, and
   * creates the stack's prerequisites.
   */
  static async open(
    system: string,
    stack: string,
    changes: readonly Change[] = [],
    { also = [], env: more = {}, as = `${stack}-${system}` }: SystemOptions = {},
  ): Promise<SystemOnLab> {
    mkdirSync(path.join(lab.dir, "state"), { recursive: true });
    const file = path.join(lab.dir, `Pulumi.${as}.yaml`);
    const source = `${file}.source`;
    writeFileSync(source, withOnly([system, ...also], readFileSync(stackPath(stack), "utf8"), changes));
    const { prerequisites } = retarget(source, file, labTarget(lab), samplePassphrase(stack), true);
    await createPrerequisites(prerequisites, lab, () => undefined);
    rmSync(source);
    const env = { PULUMI_CONFIG_PASSPHRASE: samplePassphrase(stack), ...more };
    const opened = new SystemOnLab(system, { stack: as, file, env });
    await initStack(opened.target);
    return opened;
  }

  /** Runs `pulumi up` and returns its output and changed resources. */
  up(...more: readonly string[]): Promise<Outcome & { readonly changed: readonly Step[] }> {
    return steps(["up", "--yes", "--skip-preview", ...more], this.target);
  }

  /** Runs `pulumi destroy` after unprotecting all resources. */
  async destroy(): Promise<Outcome> {
    await pulumi(["state", "unprotect", "--all", "--yes"], this.target);
    return pulumi(["destroy", "--yes", "--skip-preview"], this.target);
  }

  /** The resources of the stack's state. */
  resources(): Promise<readonly StateResource[]> {
    return stateOf(this.target);
  }

  /** The system's output of the stack, with its secrets. */
  async outputs<T>(): Promise<T> {
    const { stdout } = await pulumi(["stack", "output", "--json", "--show-secrets", this.system], this.target);
    return JSON.parse(stdout) as T;
  }

  /** Runs `work` with changed settings in the stack's file, then restores the file. */
  async with<T>(changes: readonly Change[], work: () => Promise<T>): Promise<T> {
    const saved = readFileSync(this.target.file, "utf8");
    writeFileSync(this.target.file, changed(saved, changes));
    try {
      return await work();
    } finally {
      writeFileSync(this.target.file, saved);
    }
  }

  /** Runs `npm run ops -- <system> ...` for this stack; arguments after `--` stay after it. */
  ops(words: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<OpsOutcome> {
    return this.opsOf(this.system, words, env);
  }

  /** Runs `npm run ops -- <group> ...` for this stack. */
  async opsOf(group: string, words: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<OpsOutcome> {
    const end = words.includes("--") ? words.indexOf("--") : words.length;
    const stack = ["--stack", this.target.stack, "--config-file", this.target.file];
    const args = ["cli/orrery.ts", group, ...words.slice(0, end), ...stack, ...words.slice(end)];
    const options = { cwd: projectDir, env: { ...process.env, ...this.target.env, ...env } };
    const { status, stdout, stderr } = await run(process.execPath, args, options);
    return { code: status, stdout, stderr };
  }

  /** Asserts that `up` succeeds and prints no secret, and that the clouds have all resources as declared. */
  async assertDeploys(): Promise<void> {
    const made = await this.up();
    assert.equal(made.code, 0, made.text);
    assert.deepEqual(await leakedSecrets(this.target, made.text), []);
    await this.assertDeployed();
  }

  /** Asserts that the clouds have all resources of the state, as declared. */
  async assertDeployed(): Promise<void> {
    const all = await this.resources();
    assert.deepEqual(await missingFrom(lab, all), []);
    assert.deepEqual(await differencesOf(lab, all), []);
  }

  /** Asserts that another `up` changes nothing. */
  async assertNoChanges(): Promise<void> {
    const again = await this.up("--expect-no-changes");
    assert.equal(again.code, 0, again.text);
    assert.deepEqual(again.changed, []);
  }

  /** Asserts that `destroy` fails because of protected resources, and that it deletes nothing. */
  async assertDestroyRefused(): Promise<void> {
    const before = await this.resources();
    // With a preview: without it, unprotected resources are deleted before the failure.
    const refused = await pulumi(["destroy", "--yes"], this.target);
    assert.notEqual(refused.code, 0, "nothing was protected");
    assert.match(refused.text, /protected/);
    assert.deepEqual(await missingFrom(lab, before), [], "something was deleted though destroy refused");
  }

  /** Asserts that `destroy` empties the state and, eventually, these collections of the cluster's API. */
  async assertDestroyed(...collections: readonly string[]): Promise<void> {
    const gone = await this.destroy();
    assert.equal(gone.code, 0, gone.text);
    const left = (await this.resources()).filter(({ type }) => /^(kubernetes|openstack):/.test(type));
    assert.deepEqual(left, []);
    for (const at of collections) {
      await eventually(
        `the end of ${at}`,
        () => api.list(at),
        (found) => found.length === 0,
        60,
      );
    }
  }

  /** Destroys and removes the stack, and deletes these namespaces with all retained objects. */
  async close(...namespaces: readonly string[]): Promise<void> {
    await this.destroy();
    await pulumi(["stack", "rm", "--yes", "--force", "--preserve-config"], this.target);
    const paths = namespaces.map((name) => `/api/v1/namespaces/${name}`);
    for (const at of paths) if ((await api.find(at)) !== undefined) await api.delete(at);
    for (const at of paths) {
      await eventually(
        `the end of ${at}`,
        () => api.find(at),
        (found) => found === undefined,
        180, // programs of Prow have that long to end
      );
    }
  }
}

/** Exit code and output of an `ops` command. */
export interface OpsOutcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Text of a stack's file with only these systems and what they run on, and with changes. */
export function withOnly(systems: readonly string[], text: string, changes: readonly Change[]): string {
  const targets = systems.map((one) => (one === "callysto" ? "clouds" : "clusters"));
  return changed(keepSystems(text, [...targets, ...systems]), changes);
}

/** Text of a stack's file with changes. */
export function changed(text: string, changes: readonly Change[]): string {
  return changes.reduce((so, [at, value]) => (value === undefined ? without : put)(so, ["config", ...at], value), text);
}

function without(text: string, at: readonly (string | number)[]): string {
  const document = parseDocument(text);
  document.deleteIn(at);
  return document.toString({ lineWidth: 0 });
}
