/** `orrery adopt`. */
import { existsSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { defineCommand } from "../../cli/command.ts";
import { UsageError } from "../../cli/usage.ts";
import { jsonOption, unlockOption } from "../lib/options.ts";
import { samplesAtRisk } from "../../config/preflight/samplePassphrase.ts";
import { replaceFiles } from "../../config/replaceFile.ts";
import { parseConfig } from "../../config/parse.ts";
import { clearConfig, readStackFile } from "../../config/stackFile.ts";
import { schemas } from "../../components/registry.ts";
import { type StackSecrets, openStackSecrets } from "../lib/secrets/stackSecrets.ts";
import { pulumiOutput } from "../lib/pulumi.ts";
import { stackOf, stackOptions } from "../lib/stack.ts";
import { importFile } from "../lib/adopt/importFile.ts";
import { type LiveSettings, liveSettings } from "../lib/adopt/keepLive.ts";
import { type Plan, planAdoption } from "../lib/adopt/plan.ts";
import { planJson, planLines } from "../lib/adopt/report.ts";
import { settingJson, settingLines } from "../lib/adopt/settingReport.ts";
import { withText } from "../lib/adopt/stackDraft.ts";
import { readTerraform, terraformJson, terraformLines } from "../lib/adopt/terraform.ts";
import { takeOver } from "../lib/adopt/takeover.ts";
import { undoAdoption } from "../lib/adopt/undo.ts";
import { cutOver } from "../lib/cutOver/cutOver.ts";
import { confirm } from "../lib/prompt.ts";

export const command = defineCommand({
  about: `Adopts what was deployed in another way: matches what runs with what the stack declares, and writes an import file. For a
stack whose services run already. It asks the clusters and clouds for everything that the stack declares, writes a file for "pulumi
import", and lists what the first up would then change, create, replace and leave alone. Kubernetes objects are matched by kind,
namespace and name, OpenStack resources by name or by what they are attached to; passwords that the program would generate are taken
from the Secrets that have them.

The clusters say themselves, by dry runs, what each object will be after the first up. Each field that changes is listed: harmless,
changing behaviour, or losing data or reach; the last two need a decision, a setting that keeps it or --accept. What holds data and
would be replaced is refused, and so is a live Secret's value that a published sample would replace.

What runs keeps its images: the settings that name them get the tag and digest of what runs, in the stack's file, together with the
import file (and Dgraph keeps its live certificates, as secrets of the stack); an update of images is a step of its own (orrery images --update). --suggest changes nothing else: it shows, as a diff of the
stack's file, the settings that make the program declare what runs, and writes them after a yes.

No field of anything gets another value. With the file, the clusters are asked to note that the fields of the adopted objects are the
program's, no matter which tool wrote them. Exit code 1 if something cannot be adopted as it is or is not decided: then nothing is written.

--undo is the way back: the state forgets everything that was adopted, and nothing in clusters and clouds changes. What Orrery has created
since, e.g. by the first up, is listed and has to be named by --keep or --orphan. The state before is kept (state backups).
--undo --json prints {"forgotten": [{"urn", "title", "id"}], "kept", "orphaned", "undecided", "backup"}.

--to moves to another cluster instead: for clusters that are too old to be adopted. CLUSTER is the stack's own new one, --kubeconfig is of
the old one. In this order: secrets into the stack's file; pulumi up with everything paused; the old cluster stops, and what it had is
written down; PostgreSQL is dumped and restored; pulumi up starts the new one; status; the hosts whose DNS is to be changed. The two
never act at once, and the old one loses nothing. Whenever it ends before its end, the same command goes on; --undo --to CLUSTER pauses
the new one and starts the old one as it was. --dry-run prints the plan. --json prints {"journal",
"from", "to", "done", "missing", "stops", "claims", "hosts", "undecided", "problems"}, with --undo {"undone", "from", "to", "restored"}.`,
  options: {
    ...stackOptions,
    out: {
      type: "string",
      value: "FILE",
      help: "the import file (default: adopt.S.json); secrets in it are encrypted as in the stack's file; with --to: the journal (default: cutover.S.json)",
    },
    diff: {
      type: "boolean",
      help: "every field that would change, with its values; without it only those that have one now",
    },
    accept: {
      type: "string",
      value: "FIELD",
      multiple: true,
      help: "accept what the first up does to a field; * is any text: 'spec.replicas', 'Deployment dials/*', 'Route a/b: spec.host'; with --to: data that stays behind, 'PersistentVolumeClaim a/b'",
    },
    policies: {
      type: "choice",
      choices: ["first", "later"],
      default: "first",
      help: "whether network policies begin with the first up, or with a second one",
    },
    terraform: {
      type: "string",
      value: "FILE",
      multiple: true,
      help: "state of the Terraform that made the cloud's resources (terraform state pull), as the source of their ids",
    },
    suggest: {
      type: "boolean",
      help: "only write the settings that make the program declare what runs, after showing their diff",
    },
    images: {
      type: "choice",
      choices: ["keep", "update"],
      default: "keep",
      help: "whether the first up keeps the images that run, or brings those that the stack declares",
    },
    to: { type: "string", value: "CLUSTER", help: "move what runs elsewhere to this one of the stack's clusters" },
    kubeconfig: { type: "string", value: "FILE", help: "with --to: kubeconfig of the old cluster" },
    undo: { type: "boolean", help: "forget what was adopted; with --to: go back to the old cluster" },
    keep: {
      type: "string",
      value: "NAME",
      multiple: true,
      help: "with --undo: resources that Orrery created and that stay in the state; * is any text: 'NetworkPolicy *'; with --to: what goes on in the old cluster",
    },
    orphan: {
      type: "string",
      value: "NAME",
      multiple: true,
      help: "with --undo: resources that Orrery created and that are forgotten as well",
    },
    unlock: unlockOption,
    yes: { type: "boolean", short: "y", help: "with --suggest, --undo and --to: do not ask" },
    "dry-run": { type: "boolean", help: "write no file; with --undo: forget nothing" },
    ...jsonOption,
  },
  async run(values) {
    const { to } = values;
    if (to !== undefined) {
      const { diff, suggest: suggests, terraform, orphan } = values;
      if (diff || suggests || terraform.length + orphan.length > 0)
        throw new UsageError("--to adopts nothing: it goes without --diff, --suggest, --terraform and --orphan");
      return cutOver({ ...values, to });
    }
    if (values.kubeconfig !== undefined) throw new UsageError("--kubeconfig is the old cluster's, and goes with --to");
    if (values.undo) {
      const { out, diff, accept, suggest: suggests, terraform } = values;
      if (out !== undefined || diff || suggests || accept.length + terraform.length > 0)
        throw new UsageError(
          "--undo adopts nothing: it goes without --out, --diff, --accept, --suggest and --terraform",
        );
      return undoAdoption(values);
    }
    if (values.keep.length + values.orphan.length > 0) throw new UsageError("--keep and --orphan go with --undo");
    const { name } = stackOf(values);
    const out = values.out ?? `adopt.${name}.json`;
    const { dryRun } = values;
    const terraform = readTerraform(values.terraform);
    if (!dryRun && existsSync(out))
      throw new UsageError(`${out} exists already; remove it, or name another file by --out`);
    if (!dryRun && !existsSync(path.dirname(path.resolve(out))))
      throw new UsageError(`there is no folder for ${out}; name another file by --out`);
    const stackSecrets = openStackSecrets(values);
    const known = await urnsInState(name);
    const live = await liveSettings(stackSecrets, values, known, { ...values, terraform });
    if (values.suggest) return suggest(stackSecrets, live, values);
    const { draft } = live;
    const plan = await withText(stackSecrets, draft.text, (own) =>
      planAdoption(own, { ...values, configFile: own.file }, known, values.accept, { ...live, terraform }),
    );
    const { adopted, recording, undecided } = plan;
    const problems = [...live.problems, ...plan.problems];
    const isOpen = problems.length > 0 || undecided.length > 0;
    const writes = !dryRun && !isOpen && adopted.size > 0;
    const own = settingJson(stackSecrets.file, live);
    if (writes) {
      const encrypt = (clear: string): string => stackSecrets.crypter.encrypt(clear);
      const content = importFile({ resources: recording.resources, adopted, known, encrypt });
      try {
        // First of all: a disk that is full must not leave clusters and the stack's file changed without it.
        writeFileSync(out, `${JSON.stringify(content, undefined, 2)}\n`, { mode: 0o600, flag: "wx" });
        await takeOver(stackSecrets, plan.takeovers);
        if (draft.text !== draft.before) replaceFiles([{ file: stackSecrets.file, ...draft }]);
      } catch (error) {
        rmSync(out, { force: true });
        throw error;
      }
    }
    if (values.json) {
      console.log(
        JSON.stringify(
          {
            file: writes ? out : null,
            inState: known.size,
            ...own,
            ...terraformJson(terraform, plan),
            ...planJson({ ...plan, problems }),
          },
          undefined,
          2,
        ),
      );
    } else {
      const lines = [...settingLines(live), ...planLines(plan, known, values.diff), ...terraformLines(terraform, plan)];
      console.log(lines.join("\n"));
    }
    for (const problem of problems) console.error(`PROBLEM  ${problem}`);
    const samples = atRisk(stackSecrets);
    if (samples > 0)
      console.error(`${samples} samples are left, which preview and up refuse: npx orrery doctor --stack ${name}`);
    if (undecided.length > 0)
      console.error(`${undecided.length} fields are to be decided: settings that keep them, or --accept`);
    if (isOpen) console.error("nothing was written; run this again after that");
    else if (adopted.size === 0) console.error(nothing(known));
    else if (writes)
      console.error(next(plan, { stack: name, out, file: values.configFile, policies: values.policies }));
    return isOpen ? 1 : 0;
  },
});

/** Shows the settings that keep what runs, and writes them if somebody says so. @returns the exit code */
async function suggest(
  stackSecrets: StackSecrets,
  live: LiveSettings,
  { json, yes, dryRun }: { readonly json: boolean; readonly yes: boolean; readonly dryRun: boolean },
): Promise<number> {
  const { draft } = live;
  const own = settingJson(stackSecrets.file, live);
  const isSame = draft.text === draft.before;
  if (!json)
    console.log(isSame ? "the settings declare what runs, as far as settings can" : settingLines(live).join("\n"));
  const writes = !isSame && !dryRun && (await confirm(`write them to ${path.basename(stackSecrets.file)}?`, yes));
  if (writes) replaceFiles([{ file: stackSecrets.file, ...draft }]);
  if (json) console.log(JSON.stringify({ written: writes, ...own }, undefined, 2));
  else if (!isSame) console.error(writes ? "written; next: npx orrery adopt" : "nothing was written");
  return 0;
}

/** How many published samples the next update would be refused for. */
function atRisk({ file, crypter }: StackSecrets): number {
  const all = Object.values(schemas);
  return samplesAtRisk(all, parseConfig(clearConfig(readStackFile(file), crypter), all).systems).length;
}

/** URNs in the state; a stack that does not exist has to be created first. */
async function urnsInState(stack: string): Promise<ReadonlySet<string>> {
  const exported = JSON.parse(await pulumiOutput({ name: stack }, "stack", "export")) as {
    deployment: { resources?: readonly { urn: string; delete?: boolean }[] };
  };
  return new Set((exported.deployment.resources ?? []).map(({ urn }) => urn));
}

function nothing(known: ReadonlySet<string>): string {
  return known.size === 0
    ? "nothing that the stack declares runs there: there is nothing to adopt, npx pulumi up creates it"
    : "everything that runs and is declared is in the state already";
}

/** The steps that follow; imported resources are protected until the first up changes that. */
function next({ changes }: Plan, { stack, out, file, policies }: Following): string {
  const of = `--stack ${stack}${file === undefined ? "" : ` --config-file ${file}`}`;
  const force = "PULUMI_K8S_ENABLE_PATCH_FORCE=true npx pulumi";
  const replaced = changes.filter(({ operation }) => operation === "replace");
  const but = policies === "later" ? " --exclude '**:NetworkPolicy::**'" : "";
  return [
    "next: back up the data, then",
    `  npx pulumi import ${of} --file ${out} --generate-code=false`,
    ...replaced.map(({ urn }) => `  npx pulumi state unprotect --stack ${stack} '${urn}'`),
    `  ${force} preview ${of} --diff${but}`,
    `  ${force} up ${of}${but}`,
    ...(but === "" ? [] : [`  npx pulumi up ${of}, once everything works: the network policies`]),
    `and remove ${out}; the way back is npx orrery adopt --undo ${of}: the state forgets, nothing changes`,
  ].join("\n");
}

interface Following {
  readonly stack: string;
  readonly out: string;
  readonly file: string | undefined;
  readonly policies: "first" | "later";
}
