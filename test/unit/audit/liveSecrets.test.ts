/** Finding 2: where `allowSamples` lets samples in, they still never replace a live text that is none. */
import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { before, describe, it } from "mocha";
import { assertOnlySamplesReplaced } from "../../../config/preflight/liveSecrets.ts";
import { publishedSamples } from "../../../config/published.ts";
import { kubeconfig, sample } from "../../../config/samples.ts";
import { serving } from "../config/clusterApi.ts";
import { needsKubectl } from "../config/kubectl.ts";
import { underEngine } from "../config/underEngine.ts";

const published = sample("token", "dials:databasePassword");
const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** A password that another resource generates: not known before that is registered. */
const generated = pulumi.output(new Promise<string>(() => undefined));

/** The declared Secret: a sample alone, one within a URL, text of its own, and what is not known yet. */
const declared = {
  ...{ kind: "Secret", namespace: "dials", name: "broker" },
  body: {
    data: pulumi.secret({ encoded: base64(published) }),
    stringData: {
      password: pulumi.secret(published),
      url: pulumi.interpolate`redis://:${pulumi.secret(published)}@broker`,
      own: "the owner's",
      mixed: pulumi.interpolate`${generated} ${published}`,
    },
  },
};

/** Runs the check against a cluster with this Secret; returns the warnings, and what the cluster was asked for. */
function check(
  live: Readonly<Record<string, string>> | undefined,
  settings: { readonly lab?: boolean; readonly allowSamples?: boolean } = { allowSamples: true },
  status = 200,
): Promise<{ readonly warnings: readonly string[]; readonly asked: readonly string[] }> {
  const data = Object.fromEntries(Object.entries(live ?? {}).map(([key, text]) => [key, base64(text)]));
  return serving(
    ({ path }, response) => {
      const found = live !== undefined && path === "/api/v1/namespaces/dials/secrets/broker";
      response.writeHead(found ? status : 404, { "content-type": "application/json" }).end(JSON.stringify({ data }));
    },
    async (port, asked) => {
      const clusters = {
        settings: {
          paas: { platform: "kubernetes" as const, appsDomain: "a.test", serverSideApply: true, ...settings },
        },
        secrets: {},
        keyedSecrets: { kubeconfigs: { paas: pulumi.secret(kubeconfig(`http://127.0.0.1:${port}`, "t")) } },
      };
      const warnings = await underEngine(() =>
        assertOnlySamplesReplaced(
          new Map([["paas", [declared]]]),
          clusters,
          () => publishedSamples([]),
          () => ({ name: "mine", fullName: "a/orrery/mine" }),
        ),
      );
      return { warnings, asked: asked.map(({ path }) => path) };
    },
  );
}

describe("samples where live Secrets are", () => {
  before(needsKubectl);

  it("a sample that would replace a live text is refused, with the place and both ways out", async () => {
    const texts = {
      password: "of old",
      url: "redis://:of-old@broker",
      encoded: "of old",
      own: "former",
      mixed: "drawn",
    };
    await assert.rejects(check(texts), {
      message: `published samples would replace live texts that are none; nothing was changed:
  cluster paas, Secret dials/broker encoded
  cluster paas, Secret dials/broker password
  cluster paas, Secret dials/broker url
take them over: npm run ops -- secrets import cluster --stack mine; or, if they may be lost, delete these Secrets first`,
    });
  });

  it("a sample may replace nothing, an empty text, itself and another sample", async () => {
    for (const live of [
      undefined,
      {},
      { password: "" },
      { password: published, url: `x ${sample("token", "other")}` },
    ]) {
      assert.deepEqual((await check(live)).warnings, []);
    }
  });

  it("the lab and clusters that refuse all samples anyway are not asked", async () => {
    for (const settings of [{ lab: true, allowSamples: true }, {}]) {
      assert.deepEqual(await check({ password: "of old" }, settings), { warnings: [], asked: [] });
    }
  });

  it("a cluster that does not let the account read Secrets is a warning", async () => {
    const { warnings } = await check({ password: "of old" }, undefined, 403);
    assert.deepEqual(warnings, [
      "samples for cluster paas were not compared with what is live: answers 403 to /api/v1/namespaces/dials/secrets/broker",
    ]);
  });
});
