import assert from "node:assert/strict";
import type { Rendered } from "../../../review/evaluate/render.ts";
import { flagsOf, type Manifest, mountsOf, object, objects, podOf, renderStack } from "./fixture.ts";

/** Kubernetes objects whose names a whole cluster shares. */
const shared = ["Namespace", "PersistentVolume", "ClusterRole", "ClusterRoleBinding", "IngressClass"];

const manifests = (all: readonly Rendered[]): readonly Manifest[] =>
  all.filter(({ type }) => type.startsWith("kubernetes:")).map(({ inputs }) => inputs as Manifest);

const title = ({ kind, metadata }: Manifest): string => `${kind} ${metadata.namespace ?? ""}/${metadata.name}`;

describe("Prow's environments", () => {
  const stacks = new Map<string, readonly Rendered[]>();
  const of = (stack: string): readonly Rendered[] => stacks.get(stack) ?? [];
  before(async () => {
    for (const stack of ["test", "stage", "prod"]) stacks.set(stack, await renderStack(stack));
  });

  it("environments in one cluster share nothing but nodes and the kind ProwJob, which one of them creates", () => {
    const common = (one: string, other: string): readonly string[] => {
      const theirs = new Set(manifests(of(other)).map(title));
      return manifests(of(one))
        .map(title)
        .filter((own) => theirs.has(own));
    };
    const kind = "CustomResourceDefinition /prowjobs.prow.k8s.io";
    const nodes = ["11", "12", "13"].map((last) => `Node /10.240.128.${last}`);
    assert.deepEqual(common("stage", "prod").toSorted(), nodes);
    assert.deepEqual(common("test", "stage"), []);
    assert.deepEqual(common("test", "prod"), [kind]);
    // both set the same labels on nodes, so neither overrides the other
    for (const node of nodes) {
      const labels = ["stage", "prod"].map((stack) => object(of(stack), "Node", node.slice(5)).metadata.labels);
      assert.deepEqual(labels[0], labels[1], node);
    }
  });

  it("staging prefixes everything, and names no object of production", () => {
    const own = manifests(of("stage"));
    for (const one of own.filter(({ kind }) => !["Namespace", "Node"].includes(kind))) {
      if (one.kind === "NetworkPolicy" && one.metadata.name === "default-deny") continue;
      // Rehearsals mount it under upstream's name: kubevirt/project-infra@ca75c4e config.yaml:96.
      if (one.kind === "Secret" && one.metadata.name === "gcs-credentials") continue;
      assert.ok(one.metadata.name.startsWith("staging-"), title(one));
    }
    const deployments = [...objects(of("stage"), "Deployment").values()];
    for (const one of [...deployments, ...objects(of("stage"), "CronJob").values()]) {
      for (const [path, source] of Object.entries(mountsOf(one))) {
        assert.ok(/^(staging-|scratch$)|\/staging-/.test(source), `${one.metadata.name} ${path}: ${source}`);
      }
      for (const flag of flagsOf(one).filter((text) => /http:\/\/|gateway|namespace|-b=/.test(text))) {
        assert.match(flag, /=(http:\/\/)?staging-/, one.metadata.name);
      }
      assert.match(podOf(one).serviceAccountName, /^staging-/);
    }
    const settings = JSON.stringify([...objects(of("stage"), "ConfigMap").values()].map(({ data }) => data));
    assert.deepEqual(settings.match(/(?<!staging-)kubevirt-prow/g) ?? [], []);
  });

  it("staging has its own hosts and paths", () => {
    const where = (stack: string): readonly string[] =>
      [...objects(of(stack), "Ingress").values()].flatMap(({ spec }) =>
        (spec.rules ?? []).flatMap(({ host, http }) => http.paths.map(({ path }) => `${host}${path}`)),
      );
    assert.deepEqual(
      where("stage").filter((one) => where("prod").includes(one)),
      [],
    );
    const hook = object(of("stage"), "Deployment", "staging-kubevirt-prow/staging-hook");
    assert.ok(flagsOf(hook).includes("--webhook-path=/staging-hook"));
  });

  it("testing has its own ingress controller, its own volumes on ghproxy's node, and one pod of each component", () => {
    const all = of("test");
    const controller = object(all, "Deployment", "ingress-nginx/ingress-nginx-controller");
    assert.deepEqual(podOf(controller).nodeSelector, { role: "ingress-controller" });
    const labels = object(all, "Node", "/node01").metadata.labels;
    assert.deepEqual(labels, {
      type: "bare-metal-external",
      zone: "ci",
      "ci.kubevirt.io/cachenode": "true",
      dedicated: "ghproxy",
      role: "ingress-controller",
    });
    assert.deepEqual(object(all, "Node", "/node02").metadata.labels, { type: "vm", zone: "ci" });
    const volume = JSON.stringify(object(all, "PersistentVolume", "/ghproxy-cache").spec);
    assert.match(volume, /"path":"\/tmp\/ghproxy"/);
    assert.match(volume, /"node01"/);
    for (const name of ["deck", "hook"]) {
      assert.equal(object(all, "Deployment", `kubernetes-prow/${name}`).spec.replicas, 1);
    }
    const paths = [...objects(all, "Ingress").values()].map(
      ({ spec }) => `${spec.rules?.[0]?.host ?? ""}${spec.rules?.[0]?.http.paths[0]?.path ?? ""}`,
    );
    assert.deepEqual(paths.toSorted(), ["deck.prowdeploy.ci/", "gcsweb.prowdeploy.ci/", "hook.prowdeploy.ci/hook"]);
    assert.equal(flagsOf(object(all, "Deployment", "kubernetes-prow/gcsweb"))[1], "-b=kubernetes-prow");
  });

  it("scheduled writes to GitHub run in production only", () => {
    for (const stack of ["test", "stage", "prod"]) {
      for (const { metadata, spec } of objects(of(stack), "CronJob").values()) {
        assert.equal(spec.suspend, stack !== "prod", `${stack} ${metadata.name}`);
      }
    }
  });

  it("nodes, and in production everything with data, are retained when an environment is destroyed", () => {
    for (const [stack, all] of stacks) {
      for (const { type, urn, options } of all) {
        if (type.includes("NodePatch")) assert.equal(options.retainOnDelete, true, urn);
        if (type.includes("CustomResourceDefinition")) assert.equal(options.retainOnDelete, true, urn);
        if (type.includes("PersistentVolumeClaim")) assert.equal(options.protect, stack !== "test", urn);
      }
      assert.equal(
        all.filter(({ inputs }) => shared.includes((inputs as Partial<Manifest>).kind ?? "")).length > 0,
        true,
      );
    }
  });

  it("Prow's updater writes job-config in production, and the program writes every other file", () => {
    for (const [stack, all] of stacks) {
      for (const { type, inputs, options } of all) {
        if (type !== "kubernetes:core/v1:ConfigMap") continue;
        const { name } = (inputs as Manifest).metadata;
        const ignored = stack === "prod" && name === "job-config" ? ["data", "binaryData"] : undefined;
        assert.deepEqual(options.ignoreChanges, ignored, `${stack} ${name}`);
      }
    }
  });
});
