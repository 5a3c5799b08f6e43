/**
 * Every stack's manifests through two linters: kubeconform, with the schemas of the lab's own API, and kube-score. Secrets are
 * hidden: their contents are not rendered.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { stackNames } from "../../config/stackFile.ts";
import { ensureTool } from "../../lab/tools/tools.ts";
import { run } from "../../ops/lib/process.ts";
import { stackResources, manifestsOf } from "../../policy/violations.ts";
import type { Manifest } from "../../policy/manifest.ts";
import { render } from "../../review/evaluate/render.ts";
import { api } from "../../lab/harness/kube.ts";
import { type OpenApi, schemaFile, writeSchemas } from "./manifests/schemas.ts";
import { answerTo, faultsOf, ignored, type Scored } from "./manifests/score.ts";

const folder = mkdtempSync(path.join(tmpdir(), "orrery-manifests-"));
const stacks = new Map<string, readonly Manifest[]>();
let tools = "";

const stream = (manifests: readonly Manifest[]): string =>
  manifests.map(({ body }) => JSON.stringify(body)).join("\n---\n");

/** What kubeconform says against manifests. */
async function conform(input: string): Promise<readonly string[]> {
  const location = path.join(folder, schemaFile);
  const args = ["-schema-location", location, "-strict", "-output", "json", "-"];
  const { stdout, stderr } = await run(path.join(tools, "kubeconform"), args, { input });
  assert.notEqual(stdout, "", stderr);
  const { resources } = JSON.parse(stdout) as { resources: { kind: string; name: string; msg: string }[] };
  return resources.map(({ kind, name, msg }) => `${kind} ${name}: ${msg}`);
}

async function score(manifests: readonly Manifest[]): Promise<readonly Scored[]> {
  const optional = ["container-seccomp-profile", "container-ports-check"].map((one) => `--enable-optional-test=${one}`);
  const args = ["score", "--output-format", "json", "--kubernetes-version", "v1.36", ...optional, "-"];
  const { stdout, stderr } = await run(path.join(tools, "kube-score"), args, { input: stream(manifests) });
  assert.notEqual(stdout, "", stderr);
  return JSON.parse(stdout) as readonly Scored[];
}

/** Manifests by the cluster that they are for: Services find pods of their own cluster only. */
const clustersOf = (manifests: readonly Manifest[]): readonly (readonly Manifest[])[] => [
  ...Map.groupBy(manifests, ({ cluster }) => cluster).values(),
];

describe("the rendered manifests", () => {
  before(async () => {
    tools = await ensureTool("manifests", () => undefined);
    const { body } = await api.text("/openapi/v2");
    writeSchemas(folder, JSON.parse(body) as OpenApi);
    for (const stack of stackNames()) stacks.set(stack, manifestsOf(stackResources(await render(stack))));
  });

  after(() => {
    rmSync(folder, { recursive: true });
  });

  for (const stack of stackNames()) {
    it(`manifests of ${stack} are valid for the API (kubeconform)`, async () => {
      const manifests = stacks.get(stack) ?? [];
      assert.ok(manifests.length > 100);
      assert.deepEqual(await conform(stream(manifests)), []);
    });

    it(`manifests of ${stack} have only findings with a recorded reason (kube-score)`, async () => {
      const unanswered = [];
      for (const manifests of clustersOf(stacks.get(stack) ?? [])) {
        const faults = faultsOf(await score(manifests));
        unanswered.push(...faults.filter((fault) => answerTo(fault, manifests) === undefined));
      }
      assert.deepEqual(unanswered, []);
    });
  }

  it("every ignored check has a finding", async () => {
    const used = new Set<string | undefined>();
    for (const manifests of [...stacks.values()].flatMap(clustersOf)) {
      for (const fault of faultsOf(await score(manifests))) used.add(answerTo(fault, manifests));
    }
    assert.deepEqual(
      ignored.filter(({ reason }) => !used.has(reason)).map(({ check }) => check),
      [],
    );
  });

  it("a misspelt field, a wrong type, a missing field and an unknown kind are reported", async () => {
    const metadata = { name: "bad", namespace: "bad" };
    const container = { name: "main", image: "example.org/app:1" };
    const deployment = (spec: object, more: object = {}): object => {
      return {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata,
        spec: { selector: {}, template: { spec }, ...more },
      };
    };
    const bad: readonly (readonly [object, RegExp])[] = [
      [deployment({ containers: [{ ...container, imagePullPolice: "Always" }] }), /imagePullPolice/],
      [deployment({ containers: [container] }, { replicas: "two" }), /integer/],
      [deployment({}), /containers/],
      [{ apiVersion: "route.openshift.io/v1", kind: "Route", metadata, spec: { port: {} } }, /'to'|\bto\b/],
      [{ apiVersion: "apps/v2", kind: "Deployment", metadata }, /could not find schema/],
    ];
    for (const [object, complaint] of bad) {
      const [found] = await conform(JSON.stringify(object));
      assert.match(found ?? "nothing", complaint);
    }
    assert.deepEqual(await conform(JSON.stringify(deployment({ containers: [container] }, { replicas: 2 }))), []);
  });

  it("pods without the project's security settings are reported", async () => {
    const dials = (stacks.get("test") ?? []).filter(({ namespace }) => namespace.startsWith("cms-dials"));
    assert.ok(dials.length > 10);
    const bare = dials.map((one) => {
      const text = JSON.stringify(one.body)
        .replaceAll('"readinessProbe"', '"forgotten"')
        .replaceAll('"limits"', '"none"');
      return { ...one, body: JSON.parse(text) as Manifest["body"] };
    });
    const without = bare.filter(({ kind }) => kind !== "NetworkPolicy");
    const faults = faultsOf(await score(without)).filter((fault) => answerTo(fault, without) === undefined);
    const found = new Set(faults.map(({ check }) => check));
    for (const check of ["pod-probes", "container-resources", "pod-networkpolicy"]) assert.ok(found.has(check), check);
  });
});
