/** One system of a committed stack, alone, as a stack of its own on the lab. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseDocument } from "yaml";
import { retarget } from "../../lab/retarget.ts";
import { samplePassphrase } from "../../config/samples.ts";
import { keepSystems, put } from "../../config/stackEdit.ts";
import { projectDir, stackPath } from "../../config/stackFile.ts";
import { makePremises } from "../prerequisites.ts";
import { run } from "../../ops/lib/process.ts";
import { eventually, lab } from "./cloud.ts";
import { initStack, type Outcome, pulumi, stateOf, type Step, steps, type Target } from "./engine.ts";
import { inClear } from "./inClear.ts";
import { api } from "./kube.ts";
import { absentFrom, differencesOf, type StateResource } from "./really.ts";

/** A path under `config` of the stack's file, and what is to be there; undefined takes it away. */
export type Change = readonly [at: readonly (string | number)[], value: unknown];

/** What a stack has beside its system. */
export interface Beside {
  /** Further systems. */
  readonly also?: readonly string[];
  /** Variables of every run, e.g. of another backend. */
  readonly env?: NodeJS.ProcessEnv;
  /** Name of the stack. @default `<stack>-<system>` */
  readonly as?: string;
}

/** A system on the lab. Whoever opens it closes it. */
export class SystemOnLab {
  /** For the engine: the stack's name and a file of its own in the lab's folder. */
  readonly target: Target;
  /** Name in the stack's file and in `npm run ops`. */
  readonly system: string;

  private constructor(system: string, target: Target) {
    this.system = system;
    this.target = target;
  }

  /**
   * Writes a stack's file with its clusters and this system only, aimed at the lab, and makes the namespaces that the
   * settings take for granted. Nothing else of the file is changed, unless `changes` say so.
   */
  static async open(
    system: string,
    stack: string,
    changes: readonly Change[] = [],
    { also = [], env: more = {}, as = `${stack}-${system}` }: Beside = {},
  ): Promise<SystemOnLab> {
    mkdirSync(path.join(lab.dir, "state"), { recursive: true });
    const file = path.join(lab.dir, `Pulumi.${as}.yaml`);
    const source = `${file}.source`;
    const systems = [system, ...also];
    const targets = systems.map((one) => (one === "callysto" ? "clouds" : "clusters"));
    const kept = keepSystems(readFileSync(stackPath(stack), "utf8"), [...targets, ...systems]);
    writeFileSync(source, changed(kept, changes));
    await makePremises(retarget(source, file, lab, samplePassphrase(stack)), lab, () => undefined);
    rmSync(source);
    const env = { PULUMI_CONFIG_PASSPHRASE: samplePassphrase(stack), ...more };
    const opened = new SystemOnLab(system, { stack: as, file, env });
    await initStack(opened.target);
    return opened;
  }

  /** `pulumi up`, and what it did. */
  up(...more: readonly string[]): Promise<Outcome & { readonly changed: readonly Step[] }> {
    return steps(["up", "--yes", "--skip-preview", ...more], this.target);
  }

  /** `pulumi destroy`, after it was said that protected data may go. */
  async destroy(): Promise<Outcome> {
    await pulumi(["state", "unprotect", "--all", "--yes"], this.target);
    return pulumi(["destroy", "--yes", "--skip-preview"], this.target);
  }

  /** What the stack has, as its state tells. */
  resources(): Promise<readonly StateResource[]> {
    return stateOf(this.target);
  }

  /** The system's own output of the stack, with its secrets. */
  async outputs<T>(): Promise<T> {
    const { stdout } = await pulumi(["stack", "output", "--json", "--show-secrets", this.system], this.target);
    return JSON.parse(stdout) as T;
  }

  /** Does something while settings are changed in the stack's file, then puts the file back. */
  async with<T>(changes: readonly Change[], work: () => Promise<T>): Promise<T> {
    const saved = readFileSync(this.target.file, "utf8");
    writeFileSync(this.target.file, changed(saved, changes));
    try {
      return await work();
    } finally {
      writeFileSync(this.target.file, saved);
    }
  }

  /** Runs `npm run ops -- <system> ...` for this stack; words after a `--` stay after it. */
  ops(words: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<OpsOutcome> {
    return this.opsOf(this.system, words, env);
  }

  /** Runs `npm run ops -- <group> ...` for this stack. */
  async opsOf(group: string, words: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<OpsOutcome> {
    const end = words.includes("--") ? words.indexOf("--") : words.length;
    const stack = ["--stack", this.target.stack, "--config-file", this.target.file];
    const args = ["cli/orrery.ts", group, ...words.slice(0, end), ...stack, ...words.slice(end)];
    const options = { cwd: projectDir, env: { ...this.target.env, ...env } };
    const { status, stdout, stderr } = await run(process.execPath, args, options);
    return { code: status, stdout, stderr };
  }

  /** Asserts that `up` works and shows no secret, and that the clouds then have everything as it was declared. */
  async comesUp(): Promise<void> {
    const made = await this.up();
    assert.equal(made.code, 0, made.text);
    assert.deepEqual(await inClear(this.target, made.text), []);
    await this.isReallyThere();
  }

  /** Asserts that the clouds have everything that the state has, as it was declared. */
  async isReallyThere(): Promise<void> {
    const all = await this.resources();
    assert.deepEqual(await absentFrom(lab, all), []);
    assert.deepEqual(await differencesOf(lab, all), []);
  }

  /** Asserts that a further `up` does nothing. */
  async changesNothing(): Promise<void> {
    const again = await this.up("--expect-no-changes");
    assert.equal(again.code, 0, again.text);
    assert.deepEqual(again.changed, []);
  }

  /** Asserts that `destroy` refuses because of what is protected, and that it deletes nothing then. */
  async refusesDestroy(): Promise<void> {
    const before = await this.resources();
    // With its preview: without one, what is not protected goes before the refusal is found.
    const refused = await pulumi(["destroy", "--yes"], this.target);
    assert.notEqual(refused.code, 0, "nothing was protected");
    assert.match(refused.text, /protected/);
    assert.deepEqual(await absentFrom(lab, before), [], "something was deleted though destroy refused");
  }

  /** Asserts that `destroy` empties the state and, with what ends later, these collections of the cluster's API. */
  async isDestroyed(...collections: readonly string[]): Promise<void> {
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

  /** Forgets the stack, whatever is left of it, and these namespaces with all that was retained in them. */
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
        60,
      );
    }
  }
}

/** How a day-2 command ended. */
export interface OpsOutcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function changed(text: string, changes: readonly Change[]): string {
  return changes.reduce((so, [at, value]) => (value === undefined ? without : put)(so, ["config", ...at], value), text);
}

function without(text: string, at: readonly (string | number)[]): string {
  const document = parseDocument(text);
  document.deleteIn(at);
  return document.toString({ lineWidth: 0 });
}
