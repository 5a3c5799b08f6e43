/** What a cut-over would do, by what the old cluster has. */
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { type DatabaseMove, oldDatabase } from "../../../ops/lib/cutOver/databases.ts";
import { hostLines, hostMoves } from "../../../ops/lib/cutOver/hosts.ts";
import { planCutOver } from "../../../ops/lib/cutOver/plan.ts";
import { workloadsOf } from "../../../ops/lib/cutOver/workloads.ts";
import type { Json } from "../../../policy/manifest.ts";
import { object, workload } from "./fakeCluster.ts";
import { before, declared, manifest } from "./oldDeployment.ts";

const never = (): never => assert.fail("a plan copies nothing");
const database: DatabaseMove = {
  title: "Database packit/packit",
  from: workloadsOf(before()).find(({ name }) => name === "postgres-12"),
  to: ["Deployment packit/postgres-16"],
  problem: () => Promise.resolve(undefined),
  ...{ prepare: never, copy: never },
};

describe("the plan of a cut-over", () => {
  const selection = { declared, keep: [] as readonly string[] };

  it("names what is stopped, data, what is to be decided, and nothing of namespaces that are everybody's", async () => {
    const objects = [
      ...before(),
      object("v1", "PersistentVolumeClaim", "packit/strange"),
      object("apps/v1", "DaemonSet", "packit/agent"),
    ];
    const plan = await planCutOver(selection, objects, [database], []);
    assert.deepEqual(
      plan.stops.map(({ title, declared: is }) => `${title} ${String(is)}`),
      [
        ...[
          "CronJob packit/clean true",
          "Deployment packit/by-hand false",
          "DeploymentConfig packit/postgres-12 false",
        ],
        ...["DeploymentConfig packit/web true", "StatefulSet packit/worker true"],
      ],
    );
    assert.deepEqual(plan.missing, ["Deployment packit/postgres-16"]);
    assert.deepEqual(
      plan.claims.map(({ title, fate }) => `${title}: ${fate ?? "?"}`),
      [
        "PersistentVolumeClaim packit/data: dumped and restored",
        "PersistentVolumeClaim packit/redis-pvc: a queue, starts empty",
        "PersistentVolumeClaim packit/strange: ?",
      ],
    );
    assert.deepEqual(plan.undecided, [
      "DaemonSet packit/agent has no number of pods: delete it when the rest is stopped, and --keep it here",
      "PersistentVolumeClaim packit/strange has data that nothing copies: copy it yourself or let it go, and --accept it",
    ]);
    const decided = await planCutOver(
      { ...selection, keep: ["DaemonSet *"] },
      objects,
      [database],
      ["PersistentVolumeClaim packit/strange"],
    );
    assert.deepEqual(decided.undecided, []);
  });

  it("nothing is stopped where the stack only has a monitor or a Secret, and what deletes its data is a problem", async () => {
    const guest = [...declared, manifest("PrometheusRule", "monitoring/alerts"), manifest("Secret", "client/ca")];
    const deleting = workload("StatefulSet", "packit/cache", 1);
    const spec = { ...(deleting.spec as object), persistentVolumeClaimRetentionPolicy: { whenScaled: "Delete" } };
    const others = [workload("StatefulSet", "monitoring/prometheus", 2), workload("Deployment", "client/app", 1)];
    const plan = await planCutOver(
      { declared: guest, keep: [] },
      [...before(), { ...deleting, spec }, ...others],
      [database],
      [],
    );
    assert.deepEqual(
      plan.stops.filter(({ namespace }) => namespace !== "packit"),
      [],
    );
    assert.deepEqual(plan.problems, [
      "StatefulSet packit/cache deletes its claims when it has no pods: set whenScaled to Retain there first",
    ]);
  });

  it("objects of Orrery in the old cluster are to be decided about: its state may have them", async () => {
    const own = workload("Deployment", "packit/own", 1);
    const labels = { "app.kubernetes.io/managed-by": "orrery" };
    const objects = [...before(), { ...own, metadata: { ...(own.metadata as object), labels } } as Json];
    const { undecided } = await planCutOver(selection, objects, [database], []);
    assert.equal(undecided.length, 1);
    assert.match(
      undecided[0] ?? "",
      /^Deployment packit\/own was deployed by Orrery: if this stack's state has it, pulumi up deletes it/,
    );
    assert.deepEqual((await planCutOver(selection, objects, [database], ["deployed by another stack"])).undecided, []);
  });

  it("a database that cannot be copied is a problem, unless it is named as left behind", async () => {
    const broken = { ...database, problem: () => Promise.resolve("it does not run: start it") };
    const { problems } = await planCutOver(selection, before(), [broken], ["*"]);
    assert.deepEqual(problems, [
      "Database packit/packit: it does not run: start it; or leave it behind: --accept 'Database packit/packit'",
    ]);
    const left = await planCutOver(selection, before(), [broken], ["Database packit/packit"]);
    assert.deepEqual(left.problems, []);
    const fates = left.claims
      .map(({ title, fate }) => `${title}: ${fate ?? "?"}`)
      .filter((one) => one.includes("/data"));
    assert.deepEqual(fates, ["PersistentVolumeClaim packit/data: left behind, as accepted"]);
  });

  it("the old database is the one that Service postgres selects, whatever its kind and version", () => {
    const service = object("v1", "Service", "packit/postgres", { selector: { name: "postgres-12" } });
    const two = [workload("Deployment", "packit/postgres-10", 1), ...before()];
    assert.equal(oldDatabase([...two, service], "packit")?.title, "DeploymentConfig packit/postgres-12");
    assert.equal(oldDatabase(two, "packit"), undefined);
    assert.equal(oldDatabase(before(), "packit")?.title, "DeploymentConfig packit/postgres-12");
    assert.equal(oldDatabase(before(), "stream"), undefined);
  });

  it("hosts of the old cluster are listed with where they are to point", () => {
    const rules = [{ host: "b.test" }, { host: "c.test" }];
    const all = [
      object("route.openshift.io/v1", "Route", "packit/web", { host: "a.test" }),
      object("extensions/v1beta1", "Ingress", "packit/web", { rules }),
    ];
    const router = { status: { ingress: [{ routerCanonicalHostname: "router.new.test" }] } };
    const next = [
      object("route.openshift.io/v1", "Route", "packit/web", { host: "a.test" }, router),
      object("route.openshift.io/v1", "Route", "packit/next", { host: "b.test" }),
    ];
    assert.deepEqual(hostLines(hostMoves(all, next), "apps.new.test"), [
      "a.test: from the old Route packit/web to router.new.test (Route packit/web)",
      "b.test: from the old Ingress packit/web to the router of apps.new.test (Route packit/next)",
      "c.test: only the old Ingress packit/web has it; set it as a host of the stack, or let it go",
    ]);
  });
});
