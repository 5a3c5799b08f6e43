/** The same objects for every contestant: what the program declares, as manifests, playbook and a bare program. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { bareProgram } from "../../../bench/bare/bare.ts";
import { declared, kubernetesObjects, waitedFor } from "../../../bench/declared.ts";
import { deployPlaybook, differing, removePlaybook } from "../../../bench/playbook.ts";
import { rows } from "../../../bench/systems.ts";
import { put } from "../../../config/stackEdit.ts";
import { stackPath } from "../../../config/stackFile.ts";
import type { Recording, Registration } from "../../../review/evaluate/record.ts";
import { plugins } from "../../../lab/toolchain/artifacts.ts";

describe("bench: the same objects", () => {
  let stage: Recording;
  before(async () => {
    stage = await declared("stage", stackPath("stage"));
  });
  const of = (pattern: RegExp): Recording["resources"] => stage.resources.filter(({ type }) => pattern.test(type));

  it("every Kubernetes object is a manifest or a node's labels, namespaces first", () => {
    const { manifests, nodes } = kubernetesObjects(stage);
    assert.equal(manifests.length + nodes.size, of(/^kubernetes:/).length);
    const namespaces = of(/:Namespace$/).filter(({ type }) => type.startsWith("kubernetes:"));
    assert.deepEqual(
      manifests.slice(0, namespaces.length).map(({ kind }) => kind),
      namespaces.map(() => "Namespace"),
    );
    assert.deepEqual(nodes.get("10.240.128.12")?.type, "vm");
    assert.doesNotMatch(JSON.stringify(manifests), /\[secret\]|"value":\{"value"/);
  });

  it("every workload is waited for once, in its namespace", () => {
    const { manifests } = kubernetesObjects(stage);
    const waited = [...waitedFor(manifests, ["Deployment", "StatefulSet"]).values()].flat();
    assert.equal(waited.length, of(/^kubernetes:apps\/v1:/).length);
    assert.deepEqual(waitedFor(manifests, ["Job"]).get("cms-dials-stage")?.length, 1);
    const claims = waitedFor(manifests, ["PersistentVolumeClaim"]).get("staging-kubevirt-prow") ?? [];
    assert.ok(claims.includes("persistentvolumeclaim/staging-ghproxy"));
    assert.ok(!claims.includes("persistentvolumeclaim/staging-greenhouse"), "its volume comes later");
  });

  it("a playbook has one task per object, only the differences when asked for them, and removes by namespace", () => {
    const resources = stage.resources.filter(({ urn }) => urn.includes("orrery:packit:Packit"));
    const objects = kubernetesObjects({ resources });
    const tasksOf = (plays: readonly object[]): readonly { readonly name: string }[] =>
      (plays[0] as { tasks: { name: string }[] }).tasks;
    const names = objects.manifests.map(({ kind, metadata }) => [kind, (metadata as { name: string }).name].join(" "));
    const deploy = tasksOf(deployPlaybook(objects)).map(({ name }) => name);
    assert.deepEqual(
      deploy.slice(0, names.length),
      names.map((name) => `Create ${name}`),
    );
    assert.ok(deploy.slice(names.length).every((name) => name.startsWith("Wait in ")));
    const at = objects.manifests.findIndex(({ kind }) => kind === "Deployment");
    const changed = objects.manifests.map((one, index) => (index === at ? { ...one, spec: {} } : one));
    assert.deepEqual(differing(objects, { ...objects, manifests: changed }), [at]);
    assert.deepEqual(
      tasksOf(deployPlaybook(objects, [at])).map(({ name }) => name.split(" ")[0]),
      ["Create", "Wait"],
    );
    assert.deepEqual(
      tasksOf(removePlaybook(objects)).map(({ name }) => name),
      names.filter((name) => name.startsWith("Namespace ")).map((name) => `Remove ${name}`),
    );
    assert.throws(() => removePlaybook(kubernetesObjects(stage)), /cms-dials|not in a namespace/);
  });

  it("the measured changes touch one workload or server of each system", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "orrery-bench-"));
    const file = path.join(folder, "changed.yaml");
    const changes = Object.values(rows).flatMap(({ change }) => change);
    const text = readFileSync(stackPath("stage"), "utf8");
    writeFileSync(
      file,
      changes.reduce((so, [at, value]) => put(so, ["config", ...at], value), text),
    );
    const fingerprint = (one: Registration): string => JSON.stringify([one.urn, one.inputs, one.options]);
    const before = new Set(stage.resources.map(fingerprint));
    const after = await declared("stage", file).finally(() => {
      rmSync(folder, { recursive: true });
    });
    const changed = after.resources.filter(
      (one) => !before.has(fingerprint(one)) && /:(Deployment|Instance)$/.test(one.type),
    );
    assert.deepEqual(
      changed.map(({ name }) => name.split("-")[0]).sort(),
      Object.keys(rows).sort(),
      changed.map(({ urn }) => urn).join("\n"),
    );
  });

  it("a bare program has the same number of resources in the same tree, the lab's logins and the config that it needs", () => {
    const { resources, calls } = bareProgram(stage, plugins, { kubeconfig: "of the lab", password: "of the lab" });
    assert.deepEqual(
      resources.map(({ urn, parent }) => [urn, parent]),
      stage.resources.map(({ urn, parent }) => [urn, parent]),
    );
    assert.deepEqual(calls.map(({ token }) => token.split(":")[2]).sort(), ["getDnsZone", "getImage", "getNetwork"]);
    const providers = resources.filter(({ type }) => type.startsWith("pulumi:providers:"));
    assert.equal(providers.length, 5);
    for (const { inputs } of providers) assert.match(JSON.stringify(inputs), /"\$secret":"of the lab"/);
    assert.ok(resources.every(({ type }) => !type.startsWith("tls:")));
  });
});
