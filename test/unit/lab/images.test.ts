/** What the lab's real nodes run for the images of workloads. */
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { World } from "../../../contracts/check/workloads.ts";
import { answerFor, answers } from "../../../lab/images/catalogue.ts";
import { named, tagOfDigest } from "../../../lab/images/names.ts";
import { dgraph } from "../../../lab/images/dgraph.ts";
import { programRecipes } from "../../../lab/images/programs.ts";
import { botRecipes } from "../../../lab/images/thothBots.ts";
import { standInContract } from "../../../lab/images/standIns.ts";
import { stacks } from "../harness.ts";
import { allContracts, stackRecording } from "../recordings.ts";

describe("images of the lab's nodes", () => {
  const all = answers(allContracts());

  for (const stack of stacks) {
    it(`every image of every workload of ${stack} has a real program or a stand-in`, async () => {
      const { resources } = await stackRecording(stack);
      const images = new World(resources)
        .pods(() => undefined)
        .flatMap(({ containers }) => containers.map(({ image }) => image));
      assert.ok(images.length > 40);
      assert.deepEqual(
        [...new Set(images)].filter((image) => answerFor(image, all) === undefined),
        [],
      );
    });
  }

  /** Those that only demonstrations build. */
  const onDemand = [...botRecipes, dgraph];

  it("a real program takes the user and the entry point of the image's contract", () => {
    for (const recipe of [...programRecipes, ...onDemand]) {
      assert.ok(recipe.program !== undefined, recipe.name);
      for (const image of recipe.images ?? []) {
        const contract = all.find(({ names }) => names.images?.includes(image))?.contract.contract;
        assert.ok(contract, image);
        const { Entrypoint = [], Cmd = [], User = "0" } = recipe.config;
        assert.deepEqual([...Entrypoint, ...Cmd], contract.entry.command, image);
        assert.equal(User, String(contract.user?.image === "root" ? 0 : contract.user?.image), image);
      }
    }
  });

  it("a demonstration's recipes take the places of stand-ins, with the tags of their contracts", () => {
    const taken = answers(allContracts(), onDemand).filter(({ recipe }) => recipe !== undefined);
    assert.deepEqual(taken.map(({ recipe }) => recipe?.name).toSorted(), onDemand.map(({ name }) => name).toSorted());
    for (const { names } of taken) {
      const [image = ""] = names.images ?? [];
      assert.equal(answerFor(`quay.io/thoth-station/${image}:${names.tags?.[0] ?? ""}`, all)?.recipe, undefined, image);
    }
  });

  it("names are answered in any registry, tags and digests only as the contract was read for them", () => {
    const images = [
      { name: "exact", names: { references: ["docker.io/library/redis:7"] } },
      {
        name: "worker",
        names: { images: ["packit-worker", "hardly"], tags: ["stg", `sha256:${"a".repeat(64)}`, "v1*"] },
      },
    ];
    const find = (repository: string, version: string): string | undefined => named(images, repository, version)?.name;
    assert.equal(find("docker.io/library/redis", "7"), "exact");
    assert.equal(find("docker.io/library/redis", "8"), undefined);
    assert.equal(find("image-registry.openshift-image-registry.svc:5000/packit-stg/packit-worker", "stg"), "worker");
    assert.equal(find("quay.io/packit/hardly", "v1.2"), "worker");
    assert.equal(find("quay.io/packit/hardly", "prod"), undefined);
    assert.equal(find("quay.io/packit/hardly", tagOfDigest(`sha256:${"a".repeat(64)}`)), "worker");
    assert.equal(find("quay.io/packit/hardly", tagOfDigest(`sha256:${"b".repeat(64)}`)), undefined);
  });

  it("a stand-in's contract has each program with the common parts", () => {
    const dgraph = all.find(({ names }) => names.images?.includes("dgraph"))?.contract.contract;
    assert.ok(dgraph);
    const { programs } = standInContract(dgraph) as { programs: readonly Record<string, unknown>[] };
    assert.deepEqual(
      programs.map(({ name }) => name),
      ["zero", "alpha", "export", "ratel"],
    );
    for (const { user } of programs) assert.deepEqual(user, dgraph.user);
  });
});
