/** Prow's contracts with settings that no committed stack has, and inputs that they must refuse. */
import assert from "node:assert/strict";
import { before, describe, it } from "mocha";
import type { LoadedContract } from "../../../contracts/check/load.ts";
import { violations } from "../../../contracts/check/violations.ts";
import { allContracts } from "../recordings.ts";
import { type Given, registerProw } from "./fixture.ts";

describe("Prow's contracts", () => {
  let contracts: readonly LoadedContract[];
  before(() => {
    contracts = allContracts().filter(({ system }) => system === "prow");
  });
  const said = async (more: Partial<Given>): Promise<readonly string[]> =>
    violations(await registerProw(more), contracts).map(({ where, problem }) => `${where}: ${problem}`);

  const settings: Readonly<Record<string, Partial<Given>>> = {
    "a GitHub App": { github: { oauthClientId: "client", appId: 42 } },
    "build clusters": { buildClusters: true },
    "every ConfigMap given to Prow's updater": {
      configuration: { updaterOwns: ["config", "plugins", "label-config", "job-config"] },
    },
    "the runbook's tree and the older configuration": { configuration: { tree: "20201203", version: "20201021" } },
    "an ingress controller of its own": { ingress: { class: "nginx", controller: true } },
    "a prefix": { namePrefix: "other-" },
    "gcsweb below a path": { paths: { gcsweb: "/gcsweb" } },
  };
  for (const [name, more] of Object.entries(settings)) {
    it(`every workload of Prow satisfies its image's contract with ${name}`, async () => {
      assert.deepEqual(await said(more), []);
    });
  }

  it("an image of a release whose contract has not been read is refused", async () => {
    const image = "us-docker.pkg.dev/k8s-infra-prow/images/tide:v20261224-aaaaaaaaa";
    assert.deepEqual(await said({ images: { tide: image } }), [
      `Deployment the-prow/tide tide: image ${image}: prow/tide.yaml was read for v20260819-7593870dc; read v20261224-aaaaaaaaa and change both together`,
    ]);
  });
});
