/**
 * Each system as it ran before the program, in part, adopted by `ops adopt` and `pulumi import`. What ran are objects of
 * the lab's cluster made by kubectl; containers do not run there, so no data is read back: claims, Secrets and Services
 * are the same ones afterwards.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { output } from "../../ops/lib/process.ts";
import {
  Adoption,
  apply,
  type AdoptReport,
  changedLeaves,
  decorate,
  type Live,
  objectsOf,
  type Tool,
  uids,
} from "./adopt/oldWay.ts";
import { idle, unreported } from "./adopt/reported.ts";
import { api } from "../../lab/harness/kube.ts";
import { type Change, SystemOnLab } from "../../lab/harness/system.ts";

/** What a system's adoption is like. */
interface Case {
  readonly stack: string;
  readonly namespaces: readonly string[];
  /** Where samples may replace what lives there: the texts from before cannot be those of its secrets. */
  readonly clusters: readonly string[];
  readonly changes?: readonly Change[];
  /** What must be taken away or patched first, as the command says. */
  readonly first?: readonly string[];
  /** Passwords that the program would draw and that are found. */
  readonly passwords: readonly string[];
  /** With what its owners deployed it. */
  readonly tool: Tool;
  /** A field that must be reported as lost. */
  readonly loss?: string;
  /** What has another kind now. */
  readonly instead?: readonly string[];
}

const thothRoles = ["infra", "frontend", "middletier", "backend", "amun-api", "amun-inspection"];

const cases: Readonly<Record<string, Case>> = {
  dials: {
    stack: "prod",
    namespaces: ["cms-dials-prod"],
    clusters: ["paas"],
    tool: "argocd",
    passwords: ["dials-broker", "dials-cache", "dials-django"],
  },
  packit: {
    stack: "prod",
    namespaces: ["packit-prod", "packit-prod-sandbox", "packit-service-validation"],
    clusters: ["online", "open"],
    first: ["RoleBinding packit-prod-sandbox/packit-worker"],
    passwords: ["packit-generated-postgres"],
    tool: "two tools",
    loss: 'Secret packit-prod/packit-ssh: data["id_rsa.bak"]',
    instead: ["DeploymentConfig packit-prod/packit-service", "DeploymentConfig packit-prod/postgres-12"],
  },
  stream: {
    stack: "prod",
    namespaces: ["stream-prod"],
    clusters: ["online"],
    passwords: ["stream-generated-postgres"],
    tool: "nobody",
    instead: ["DeploymentConfig stream-prod/redis"],
  },
  prow: {
    stack: "prod",
    namespaces: ["kubevirt-prow", "kubevirt-prow-jobs"],
    clusters: ["ibm"],
    tool: "console",
    passwords: ["prow-credentials-cookie"],
  },
  thoth: {
    stack: "stage",
    namespaces: ["aicoe-stage-bots", "thoth-dgraph-stage", ...thothRoles.map((role) => `thoth-${role}-stage`)],
    clusters: ["psi"],
    // Four run; fewer would end the only member of a group, which adopt refuses.
    changes: [[["thoth:settings", "dgraph", "alphas"], 4]],
    // The old Secret's type is for an SSH key that nobody reads, and a Secret's type never changes.
    first: [
      "Secret aicoe-stage-bots/sesheta-secret",
      "StatefulSet thoth-dgraph-stage/alpha",
      "StatefulSet thoth-dgraph-stage/zero",
    ],
    passwords: [],
    tool: "kubectl",
    instead: ["DeploymentConfig aicoe-stage-bots/sesheta-webhooks"],
  },
};

const titleOf = ({ kind, metadata }: Live): string =>
  `${kind} ${metadata.namespace === undefined ? "" : `${metadata.namespace}/`}${metadata.name}`;
const nameOf = (urn: string): string => urn.split("::").at(-1) ?? "";
const prowJobs = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/prowjobs.prow.k8s.io";

for (const [name, expected] of Object.entries(cases)) {
  describe(`adopting ${name} of ${expected.stack} from its previous deployment, on the lab`, function () {
    this.timeout(600_000);
    let adoption: Adoption;
    let report: AdoptReport;
    let old: ReadonlyMap<string, string>;
    const gone = new Set<string>();
    const nodes = async () => (await api.list("/api/v1/nodes")).map(({ metadata }) => metadata.name);
    let known: readonly string[];
    /** What ran, before the first update. */
    let former: readonly Live[];

    before(async () => {
      known = await nodes();
      const allowed = expected.clusters.map((one): Change => [["clusters:settings", one, "allowSamples"], true]);
      const changes = [...(expected.changes ?? []), ...allowed];
      adoption = new Adoption(await SystemOnLab.open(name, expected.stack, changes));
    });
    after(async () => {
      await adoption.system.close(...expected.namespaces);
      if (name !== "prow") return;
      if ((await api.find(prowJobs)) !== undefined) await api.delete(prowJobs);
      for (const node of await nodes()) if (!known.includes(node)) await api.delete(`/api/v1/nodes/${node}`);
    });

    it("adopt reports everything as absent while nothing runs", async () => {
      const { status, stderr, report: nothing } = await adoption.plan();
      assert.deepEqual([status, nothing.file, nothing.adopted], [0, null, []], stderr);
      assert.match(stderr, /^nothing that the stack declares runs there/);
    });

    it("adopt matches what runs, and gives no field another value", async () => {
      await apply(name, expected.tool);
      await decorate(name, expected.tool === "argocd" ? "argocd-controller" : "kubectl-edit");
      old = await uids(name);
      let plan = await adoption.plan();
      assert.deepEqual([plan.status, plan.report.file], [1, null], plan.stderr);
      assert.match(plan.stderr, /\d+ fields are to be decided: settings that keep them, or --accept\n/);
      assert.equal(plan.report.problems.length, expected.first?.length ?? 0, plan.stderr);
      for (const title of expected.first ?? []) {
        const problem = plan.report.problems.find((one) => one.startsWith(`${title} cannot be changed`));
        const [, words = ""] = /: kubectl (.*)$/.exec(problem ?? "") ?? [];
        assert.equal(words.includes(" --cascade=orphan"), title.startsWith("StatefulSet "));
        assert.deepEqual([plan.status, plan.report.file], [1, null]);
        await output("kubectl", words.replaceAll("'", "").split(" "));
        if (words.startsWith("delete ")) gone.add(title);
      }
      plan = await adoption.plan("--dry-run", "--accept", "*");
      assert.deepEqual([plan.status, plan.report.problems], [0, []], plan.stderr);
      report = plan.report;
      const instead = report.left.filter((one) => one.instead !== undefined).map(({ object }) => object);
      assert.deepEqual(instead.sort(), expected.instead ?? []);
      const lost = report.effects
        .filter(({ weight }) => weight === "loss")
        .map(({ object, field }) => `${object}: ${field}`);
      if (expected.loss !== undefined) assert.ok(lost.includes(expected.loss), lost.join("\n"));
      const passwords = report.adopted
        .filter(({ type }) => type.endsWith(":RandomPassword"))
        .map(({ urn }) => nameOf(urn));
      assert.deepEqual(passwords.sort(), expected.passwords);
      assert.deepEqual(
        report.changes.filter(({ operation }) => operation !== "update"),
        [],
      );
      assert.deepEqual(await uids(name), new Map([...old].filter(([title]) => !gone.has(title))));
      former = await objectsOf(name);
      const written = await adoption.plan("--accept", "*");
      assert.deepEqual([written.status, written.report.problems], [0, []], written.stderr);
      report = written.report;
      const taken = await objectsOf(name);
      assert.deepEqual(
        taken.flatMap((one, at) => changedLeaves(former[at] ?? one, one)),
        [],
        "no field has another value",
      );
    });

    if (name === "dials") {
      it("adopt refuses to replace a live text by a sample, and prints the commands that keep it", async () => {
        const refusing: Change = [["clusters:settings", "paas", "allowSamples"], false];
        const { status, stderr } = await adoption.system.with([refusing], () =>
          adoption.ops("--dry-run", "--accept", "*"),
        );
        assert.deepEqual(
          [status, stderr],
          [
            1,
            "PROBLEM  Secret cms-dials-prod/eos-credentials KEYTAB_PWD: the first up would replace the live text by a " +
              "published sample, of dials:eosPassword; npm run ops -- secrets import cluster --stack prod-dials, or " +
              "npx pulumi config set --stack prod-dials --secret dials:eosPassword\n" +
              "nothing was written; run this again after that\n",
          ],
        );
      });

      it("adopt refuses a claim that would be replaced, and a cluster that does not answer, in one line", async () => {
        const other: Change = [["dials:settings", "broker", "storageClass"], "another"];
        const { status, stderr } = await adoption.system.with([other], () =>
          adoption.ops("--dry-run", "--accept", "*"),
        );
        assert.deepEqual(
          [status, stderr.split("\n")[0]],
          [
            1,
            "PROBLEM  PersistentVolumeClaim cms-dials-prod/redis-etl-broker holds data and would be replaced, " +
              "because of spec.storageClassName; make the settings say what is there",
          ],
        );
        const nobody = await adoption.withoutCluster("paas", () => adoption.ops("--dry-run"));
        assert.equal(nobody.status, 1);
        assert.match(nobody.stderr, /^orrery: the cluster cannot be reached: [^\n]*127\.0\.0\.1:1[^\n]*\n$/);
      });
    }

    it("adopt prints and writes no secret's text", async () => {
      const text = await adoption.ops("--dry-run", "--diff", "--accept", "*");
      assert.equal(text.status, 0, text.stderr);
      for (const shown of [text.stdout, adoption.written()]) assert.doesNotMatch(shown, /of-old(?!-)\b|Y29va2ll/);
    });

    it("after the import the engine plans exactly what adopt announced, and deletes nothing", async () => {
      await adoption.import(report);
      await adoption.isAsReported(report);
    });

    it("after the update claims, Secrets and Services are the same ones", async () => {
      await adoption.up();
      const now = await uids(name);
      for (const [title, uid] of old) {
        if (gone.has(title)) continue;
        assert.equal(now.get(title), uid, title);
      }
    });

    it("every field that changed was reported, and what was reported changed", async () => {
      const now = new Map((await objectsOf(name)).map((one) => [titleOf(one), one]));
      const told = Map.groupBy(report.effects, ({ object }) => object);
      for (const old of former) {
        const live = now.get(titleOf(old));
        if (live === undefined) continue;
        const fields = (told.get(titleOf(old)) ?? []).map(({ field }) => field);
        const changed = changedLeaves(old, live);
        assert.deepEqual(unreported(changed, fields), [], `${titleOf(old)}: changed and not reported`);
        assert.deepEqual(idle(changed, fields), [], `${titleOf(old)}: reported and not changed`);
      }
    });

    it("after the update the deployment is complete, and nothing is left to adopt", async () => {
      await adoption.system.assertNoChanges();
      const { status, stderr, report: rest } = await adoption.plan();
      assert.deepEqual([status, rest.file, rest.adopted, rest.changes, rest.created], [0, null, [], [], []], stderr);
      assert.match(stderr, /^everything that runs and is declared is in the state already/);
    });
  });
}
