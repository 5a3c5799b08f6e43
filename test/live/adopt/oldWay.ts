/** Services as they ran before the program, and their adoption step by step. */
import assert from "node:assert/strict";
import { readFileSync, rmSync, statSync } from "node:fs";
import path from "node:path";
import { labKubeconfig } from "../../../lab/retarget.ts";
import { openSalt } from "../../../config/passphrase.ts";
import { projectDir, readStackFile } from "../../../config/stackFile.ts";
import { output, type Ran, run } from "../../../ops/lib/process.ts";
import { lab } from "../../../lab/harness/cloud.ts";
import { pulumi, type Step } from "../../../lab/harness/engine.ts";
import type { SystemOnLab } from "../../../lab/harness/system.ts";

/** What `adopt --json` prints. */
export interface AdoptReport {
  readonly file: string | null;
  readonly adopted: readonly { readonly urn: string; readonly type: string; readonly id: string }[];
  readonly changes: readonly { readonly urn: string; readonly operation: "update" | "replace" }[];
  readonly created: readonly string[];
  readonly problems: readonly string[];
  readonly notes: readonly string[];
  readonly left: readonly { readonly object: string; readonly instead?: string }[];
}

/** One step of a preview; `diff` is why. */
interface PreviewStep extends Step {
  readonly detailedDiff?: object | null;
}

/** Takes its fields over from kubectl. */
const force = { PULUMI_K8S_ENABLE_PATCH_FORCE: "true" };

/** A system that is adopted. */
export class Adoption {
  readonly system: SystemOnLab;
  private readonly out: string;

  constructor(system: SystemOnLab) {
    this.system = system;
    this.out = `${system.target.file}.adopt.json`;
    rmSync(this.out, { force: true });
  }

  /** Runs `ops adopt`. */
  async ops(...words: readonly string[]): Promise<Ran> {
    const { stack, file, env } = this.system.target;
    const own = ["cli/orrery.ts", "adopt", "--stack", stack, "--config-file", file, "--out", this.out, ...words];
    return run(process.execPath, own, { cwd: projectDir, env: env as Record<string, string> });
  }

  /** The same with --json, and the report. */
  async plan(...words: readonly string[]): Promise<Ran & { readonly report: AdoptReport }> {
    const ran = await this.ops("--json", ...words);
    assert.notEqual(ran.stdout, "", ran.stderr);
    return { ...ran, report: JSON.parse(ran.stdout) as AdoptReport };
  }

  /** Does something while nobody answers where the stack's cluster should be. */
  async withoutCluster<T>(cluster: string, work: () => Promise<T>): Promise<T> {
    const { file, env } = this.system.target;
    const nowhere = labKubeconfig(lab).replace(/127\.0\.0\.1:\d+/, "127.0.0.1:1");
    const passphrase = String(env?.PULUMI_CONFIG_PASSPHRASE);
    const crypter = openSalt(readStackFile(file).encryptionSalt ?? "", passphrase);
    return this.system.with([[[`clusters:${cluster}`], { secure: crypter.encrypt(nowhere) }]], work);
  }

  /** The import file's text; it is nobody else's to read. */
  written(): string {
    assert.equal(statSync(this.out).mode & 0o777, 0o600);
    return readFileSync(this.out, "utf8");
  }

  /** `pulumi import`, as the command says it; what is to be replaced is unprotected. */
  async import({ changes }: AdoptReport): Promise<void> {
    const args = ["import", "--yes", "--file", this.out, "--generate-code=false"];
    const { code, text } = await pulumi(args, this.system.target);
    assert.equal(code, 0, text);
    rmSync(this.out);
    for (const { urn } of changes.filter(({ operation }) => operation === "replace")) {
      const unprotected = await pulumi(["state", "unprotect", "--yes", urn], this.system.target);
      assert.equal(unprotected.code, 0, unprotected.text);
    }
  }

  /** What the engine would do next to custom resources. */
  async preview(): Promise<readonly PreviewStep[]> {
    const { target } = this.system;
    const { code, stdout, text } = await pulumi(["preview", "--json"], { ...target, env: { ...target.env, ...force } });
    assert.equal(code, 0, text);
    const steps = (JSON.parse(stdout) as { steps: readonly PreviewStep[] }).steps;
    return steps.filter(({ op, urn }) => !["same", "read"].includes(op) && !/(^|[$:])(orrery|pulumi):/.test(last(urn)));
  }

  /** `pulumi up` that takes fields over. */
  async up(): Promise<void> {
    const { target } = this.system;
    const args = ["up", "--yes", "--skip-preview"];
    const { code, text } = await pulumi(args, { ...target, env: { ...target.env, ...force } });
    assert.equal(code, 0, text);
  }

  /** Asserts that the engine is about to do what the command reported, and nothing else. */
  async isAsReported({ changes, created }: AdoptReport): Promise<void> {
    const steps = await this.preview();
    const ops = (...names: string[]): string[] => steps.filter(({ op }) => names.includes(op)).map(({ urn }) => urn);
    assert.deepEqual(ops("create").sort(), [...created].sort());
    const foretold = (operation: string): string[] =>
      changes.filter((one) => one.operation === operation).map(({ urn }) => urn);
    assert.deepEqual(ops("replace").sort(), foretold("replace").sort());
    assert.deepEqual(ops("update").sort(), foretold("update").sort());
    assert.deepEqual(ops("delete"), []);
  }
}

/** A URN's own type. */
const last = (urn: string): string => urn.split("::")[2]?.split("$").at(-1) ?? "";

const manifests = (name: string): string => path.join(import.meta.dirname, `${name}.yaml`);

/** Makes the objects of a file by kubectl, as people did. */
export async function apply(name: string): Promise<void> {
  await output("kubectl", ["apply", "-f", manifests(name)]);
}

/** `Kind namespace/name` -> uid of every object of a file, as the cluster has them now; claims of StatefulSets too. */
export async function uids(name: string): Promise<ReadonlyMap<string, string>> {
  interface Listed {
    readonly items: readonly { kind: string; metadata: { name: string; namespace?: string; uid: string } }[];
  }
  const get = async (...words: string[]): Promise<Listed["items"]> => {
    const text = await output("kubectl", ["get", "--ignore-not-found", "--output", "json", ...words]);
    return text === "" ? [] : (JSON.parse(text) as Listed).items;
  };
  const own = await get("-f", manifests(name));
  const namespaces = new Set(own.map(({ metadata }) => metadata.namespace ?? metadata.name));
  const claims = await Promise.all([...namespaces].map((one) => get("persistentvolumeclaims", "--namespace", one)));
  return new Map(
    [...own, ...claims.flat()].map(({ kind, metadata }) => [
      `${kind} ${metadata.namespace ?? ""}/${metadata.name}`,
      metadata.uid,
    ]),
  );
}
