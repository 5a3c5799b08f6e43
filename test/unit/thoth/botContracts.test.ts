/** What Thoth's bots, tunnels and Dgraph are given, held against what their sources read. */
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { violations } from "../../../contracts/check/violations.ts";
import { loadContracts } from "../../../contracts/check/load.ts";
import { type Json, asList, asObject, asText, asTexts, toManifest } from "../../../policy/manifest.ts";
import { runProgram, stackConfig } from "../../../review/evaluate/render.ts";
import { revealed } from "../../../review/evaluate/secret.ts";
import { bots, buildThoth } from "./fixture.ts";

const files = new Set(
  [
    ...["aggregate-exporter-f30", "dgraph", "kebechet-job", "nepthys", "normalizers", "sefkhet-abwy-webhook-receiver"],
    ...["sesheta", "ultrahook", "webhook2kafka"],
  ].map((name) => `thoth/${name}.yaml`),
);

describe("Contracts of Thoth's bots, tunnels and Dgraph", function () {
  this.timeout(60_000);

  for (const stack of ["stage", "prod", "test"]) {
    it(`hold in stack ${stack}`, async () => {
      const contracts = loadContracts().filter(({ file }) => files.has(file));
      assert.equal(contracts.length, files.size);
      const { resources } = await runProgram({ stack, config: stackConfig(stack) });
      const found = violations(resources, contracts).filter(
        // The station's own Template has its own test.
        ({ system, where, problem }) =>
          system === "thoth" && !where.startsWith("Template ") && !problem.includes("has no contract"),
      );
      assert.deepEqual(found, []);
    });

    it(`let the images of stack ${stack} be built`, async () => {
      const { resources } = await runProgram({ stack, config: stackConfig(stack) });
      const objects = resources.flatMap(({ type, inputs, provider }) => {
        const manifest = toManifest(type, asObject(revealed(inputs)), provider);
        return manifest === undefined ? [] : [manifest];
      });
      const building = objects.filter(({ kind }) => kind === "BuildConfig");
      const places = new Map(building.map(({ cluster, namespace }) => [`${cluster} ${namespace}`, namespace]));
      for (const [place, namespace] of places) {
        const policies = objects.filter(
          (one) => one.kind === "NetworkPolicy" && `${one.cluster} ${one.namespace}` === place,
        );
        const about = policies
          .map(({ body }) => asObject(body.spec))
          .filter((spec) => selectsBuilds(asObject(spec.podSelector)));
        if (about.length === 0) continue;
        const ports = new Set(about.flatMap(openPorts));
        // git, packages, images, the internal registry, the API server before and after its address is translated.
        for (const port of [22, 80, 443, 5000, 6443, 53]) {
          assert.ok(ports.has(port), `builds of ${namespace} are not let out at port ${port}`);
        }
      }
    });
  }

  it("is kept by builds whose trigger OpenShift takes", async () => {
    // openshift/origin pull 6952: without an ImageStreamTag in the strategy an image trigger is invalid.
    const built = { ...bots, kebechet: { build: true }, nepthys: { ...bots.nepthys, build: true } };
    const seen = await buildThoth({ bots: { ...built, regidores: {}, reviewManager: { appId: 1, build: true } } });
    const builds = seen.manifests.filter(({ kind }) => kind === "BuildConfig");
    assert.equal(builds.length, 6);
    for (const { name, body } of builds) {
      const spec = asObject(body.spec);
      const strategy = asObject(spec.strategy);
      const from = asObject(asObject(strategy.dockerStrategy ?? strategy.sourceStrategy).from);
      const byImage = asList(spec.triggers).some(({ type }) => type === "ImageChange");
      assert.ok(!byImage || asText(from.kind) === "ImageStreamTag", name);
    }
  });

  it("is kept outside OpenShift, where nobody picks a user", async () => {
    const published = {
      ...bots,
      sesheta: { ...bots.sesheta, build: false, image: "example.org/sesheta:v1" },
    };
    const { resources } = await buildThoth({ bots: published }, "kubernetes");
    const contracts = loadContracts().filter(
      ({ file }) => file === "thoth/nepthys.yaml" || file === "thoth/kebechet-job.yaml",
    );
    const found = violations(resources, contracts).filter(({ problem }) => !problem.includes("has no contract"));
    assert.deepEqual(found, []);
  });
});

/** Whether a policy is about pods that have OpenShift's build label alone. */
function selectsBuilds(selector: Json): boolean {
  return (
    Object.keys(asTexts(selector.matchLabels)).length === 0 &&
    asList(selector.matchExpressions).every(
      ({ key, operator }) => key === "openshift.io/build.name" && operator === "Exists",
    )
  );
}

function openPorts(spec: Json): readonly number[] {
  return asList(spec.egress).flatMap(({ ports }) => asList(ports).map(({ port }) => Number(port)));
}
