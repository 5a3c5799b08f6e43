/** Inputs of Thoth's bots, tunnels and Dgraph, compared with what their sources read. */
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { violations } from "../../../contracts/check/violations.ts";
import { type Json, asList, asObject, asText, asTexts, toManifest } from "../../../policy/manifest.ts";
import { allContracts, stackRecording } from "../recordings.ts";
import { revealed } from "../../../review/evaluate/secret.ts";
import { bots, buildThoth } from "./fixture.ts";

const files = new Set(
  [
    ...["aggregate-exporter-f30", "dgraph", "kebechet-job", "nepthys", "normalizers", "sefkhet-abwy-webhook-receiver"],
    ...["sesheta", "ultrahook", "webhook2kafka"],
  ].map((name) => `thoth/${name}.yaml`),
);

describe("Contracts of Thoth's bots, tunnels and Dgraph", () => {
  for (const stack of ["stage", "prod", "test"]) {
    it(`every workload of Thoth's bots, tunnels and Dgraph in ${stack} satisfies its image's contract`, async () => {
      const own = allContracts().filter(({ file }) => files.has(file));
      assert.equal(own.length, files.size);
      const { resources } = await stackRecording(stack);
      const found = violations(resources, own).filter(
        // The station's own Template has its own test.
        ({ system, where, problem }) =>
          system === "thoth" && !where.startsWith("Template ") && !problem.includes("has no contract"),
      );
      assert.deepEqual(found, []);
    });

    it(`the images of stack ${stack} can be built`, async () => {
      const { resources } = await stackRecording(stack);
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

  it("builds have a trigger that OpenShift accepts", async () => {
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

  it("contracts hold on plain Kubernetes, where pods have no assigned user", async () => {
    const published = {
      ...bots,
      sesheta: { ...bots.sesheta, build: false, image: "example.org/sesheta:v1" },
    };
    const { resources } = await buildThoth({ bots: published }, "kubernetes");
    const own = allContracts().filter(
      ({ file }) => file === "thoth/nepthys.yaml" || file === "thoth/kebechet-job.yaml",
    );
    const found = violations(resources, own).filter(({ problem }) => !problem.includes("has no contract"));
    assert.deepEqual(found, []);
  });
});

/** Whether a policy selects exactly the pods with OpenShift's build label. */
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
