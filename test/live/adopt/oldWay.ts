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
  readonly effects: readonly { readonly object: string; readonly field: string; readonly weight: string }[];
  readonly undecided: readonly string[];
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
  ops(...words: readonly string[]): Promise<Ran> {
    return this.run("--out", this.out, ...words);
  }

  /** Runs `ops adopt --undo`. */
  back(...words: readonly string[]): Promise<Ran> {
    return this.run("--undo", ...words);
  }

  private run(...words: readonly string[]): Promise<Ran> {
    const { stack, file, env } = this.system.target;
    const own = ["cli/orrery.ts", "adopt", "--stack", stack, "--config-file", file, ...words];
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

/** How owners deployed: what the cluster then notes about who wrote the fields. */
export type Tool = "kubectl" | "argocd" | "console" | "nobody" | "two tools";

/** Makes the objects of a file, as people did. */
export async function apply(name: string, tool: Tool = "kubectl"): Promise<void> {
  const file = ["-f", manifests(name)];
  if (tool === "kubectl") await output("kubectl", ["apply", ...file]);
  else if (tool === "argocd") {
    await output("kubectl", ["apply", "--server-side", "--field-manager", "argocd-controller", ...file]);
  } else {
    await output("kubectl", ["create", "--field-manager", tool === "two tools" ? "helm" : "Mozilla", ...file]);
  }
  if (tool === "two tools")
    await output("kubectl", [
      "apply",
      "--server-side",
      "--force-conflicts",
      "--field-manager",
      "OpenAPI-Generator",
      ...file,
    ]);
  if (tool !== "nobody") return;
  // As of objects that are older than such notes.
  const patch = JSON.stringify([{ op: "replace", path: "/metadata/managedFields", value: [{}] }]);
  await output("kubectl", ["patch", ...file, "--type", "json", "--patch", patch]);
}

/** What owners added by hand over the years, in places of which the manifests say nothing. */
export async function decorate(name: string, manager: string): Promise<void> {
  const own = await objectsOf(name);
  const extra = { labels: { "owner.example/team": "a" }, annotations: { "owner.example/note": "by hand" } };
  for (const { kind, metadata } of own) {
    const more: Readonly<Record<string, object>> = {
      ConfigMap: { data: { "by-hand": "1" } },
      Secret: { stringData: { "by-hand": "of-old" } },
      Deployment: {
        spec: {
          revisionHistoryLimit: 3,
          template: { spec: { initContainers: [{ name: "by-hand", image: "example.org/init:1" }] } },
        },
      },
      CronJob: { spec: { failedJobsHistoryLimit: 7, startingDeadlineSeconds: 60 } },
    };
    const patch = JSON.stringify({ metadata: extra, ...more[kind] });
    const custom = ["Route", "ImageStream", "DeploymentConfig", "BuildConfig"].includes(kind);
    const place = metadata.namespace === undefined ? [] : ["--namespace", metadata.namespace];
    const type = ["--type", custom ? "merge" : "strategic", "--field-manager", manager];
    await output("kubectl", ["patch", kind.toLowerCase(), metadata.name, ...place, ...type, "--patch", patch]);
  }
}

/** An object as the API lists it. */
export interface Live {
  readonly kind: string;
  readonly metadata: Readonly<Record<string, unknown>> & { readonly name: string; readonly namespace?: string };
}

/** Every object of a file, as the cluster has it now. */
export async function objectsOf(name: string): Promise<readonly Live[]> {
  const text = await output("kubectl", ["get", "--ignore-not-found", "--output", "json", "-f", manifests(name)]);
  return text === "" ? [] : (JSON.parse(text) as { items: readonly Live[] }).items;
}

/** Every leaf of an object by its path; items of lists by their name. Without what only the server and controllers write. */
function leaves(object: Live): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const walk = (value: unknown, path: string): void => {
    if (/^(status|metadata\.(managedFields|resourceVersion|generation|uid|creationTimestamp))\b/.test(path)) return;
    if (/deployment\.kubernetes\.io\/revision|last-applied-configuration/.test(path)) return;
    if (Array.isArray(value)) {
      value.forEach((item: unknown, at) => {
        const { name, mountPath, containerPort } = (item ?? {}) as Readonly<Record<string, string | undefined>>;
        // A port is the same one under another name, as the API has it.
        walk(item, `${path}[${(path.endsWith("ports") ? containerPort : undefined) ?? name ?? mountPath ?? at}]`);
      });
    } else if (typeof value === "object" && value !== null) {
      for (const [key, member] of Object.entries(value)) {
        walk(member, /^[\w-]+$/.test(key) ? `${path}${path === "" ? "" : "."}${key}` : `${path}["${key}"]`);
      }
    } else found.set(path, JSON.stringify(value));
  };
  walk(object, "");
  return found;
}

/** Paths of the leaves that differ. An item that only got another name has the same leaves, but for its name. */
export function changedLeaves(before: Live, after: Live): readonly string[] {
  const [old, now] = [leaves(before), leaves(after)];
  const changed = [...new Set([...old.keys(), ...now.keys()])].filter((path) => old.get(path) !== now.get(path));
  const nameless = (path: string): string => path.replace(/\[[^\]]+\](?=\.[^[\]]*$)/, "[]");
  const gone = changed.filter((path) => !now.has(path));
  const renamed = new Set<string>();
  for (const path of changed.filter((one) => !old.has(one) && !one.endsWith(".name"))) {
    const same = gone.find(
      (one) => !renamed.has(one) && nameless(one) === nameless(path) && old.get(one) === now.get(path),
    );
    if (same !== undefined) renamed.add(same).add(path);
  }
  return changed.filter((path) => !renamed.has(path)).sort();
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
