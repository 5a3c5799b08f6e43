/** The station's contracts: every container in every variant, and inputs of thoth-common and of the builds. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "mocha";
import { parse } from "yaml";
import { z } from "zod";
import { violations } from "../../../contracts/check/violations.ts";
import { imagesOf } from "../../../contracts/check/load.ts";
import { namespacesOf, roles } from "../../../components/thoth/station/roles.ts";
import type { Built } from "../kubernetes/fixture.ts";
import { allContracts } from "../recordings.ts";
import { app, cron, env } from "./pods.ts";
import { stage, test, wholeStage, wholeTest } from "./stationFixture.ts";
import { buildThoth } from "./fixture.ts";

const variants = { stage, test, "stage with everything": wholeStage, "test with everything": wholeTest };
/** Contracts of the station's programs; botContracts.test.ts has those of the bots and Dgraph. */
const contracts = allContracts().filter(
  ({ system, contract }) =>
    system === "thoth" &&
    contract.read.some(({ source }) => /^thoth-station\/(?!kebechet|nepthys|dgraph)/.test(source)),
);
const own = new Set(contracts.flatMap(({ contract }) => imagesOf(contract)));

const entry = z.strictObject({
  selector: z.record(z.string(), z.string()),
  in: z.array(z.enum(roles)).default([]),
  at: z.string().optional(),
  like: z.string().optional(),
  kind: z.string().default("Job"),
  id: z.string().default(""),
  always: z.array(z.string()).default([]),
  sometimes: z.array(z.string()).default([]),
  required: z.array(z.string()).default([]),
  objects: z.array(z.record(z.string(), z.string())).default([]),
});
const table = z
  .strictObject({
    templates: z.array(entry),
    cronJobs: z.array(z.strictObject({ selector: z.record(z.string(), z.string()), at: z.string() })),
    quota: z.array(z.string()),
  })
  .parse(
    parse(readFileSync(path.join(import.meta.dirname, "../../../contracts/objects/thoth-templates.yaml"), "utf8")),
  );

interface Template {
  readonly metadata: { readonly namespace: string; readonly labels: Readonly<Record<string, string>> };
  readonly objects: readonly {
    readonly kind: string;
    readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  }[];
  readonly parameters: readonly { readonly name: string; readonly required?: boolean; readonly value?: string }[];
}

const selected = (labels: Readonly<Record<string, string>>, selector: Readonly<Record<string, string>>): boolean =>
  Object.entries(selector).every(([key, value]) => labels[key] === value);

const templatesOf = ({ manifests }: Built): readonly Template[] =>
  manifests.filter(({ kind }) => kind === "Template").map(({ body }) => body as unknown as Template);

describe("contracts of the station's programs", () => {
  for (const [name, settings] of Object.entries(variants)) {
    it(`the station's programs get the inputs that they read, and no others, in ${name}`, async () => {
      const { resources } = await buildThoth(settings);
      assert.deepEqual(
        violations(resources, contracts).filter(({ system }) => system === "thoth"),
        [],
      );
    });
  }

  it("every image of the station that is built or named has a contract", async () => {
    const built = (await buildThoth(test)).manifests.filter(({ kind }) => kind === "BuildConfig");
    const started = built.filter(
      ({ name }) => !["kebechet-job", "solver-fedora-29-py36", "solver-fedora-29-py37"].includes(name),
    );
    assert.deepEqual(
      started.map(({ name }) => name).filter((name) => !own.has(name)),
      [],
    );
  });

  it("the station's images are built from the commits that their contracts were read at", async () => {
    const seen = await buildThoth(test);
    for (const { contract } of contracts) {
      for (const image of imagesOf(contract).filter((one) => !one.startsWith("${"))) {
        const { source } = seen.object(`BuildConfig ${image}`).spec as { source: { git: Record<string, string> } };
        const [{ source: repository, version } = { source: "", version: "none" }] = contract.read;
        assert.equal(source.git.uri, `https://github.com/${repository}`);
        assert.ok(source.git.ref?.startsWith(version), `${image}: ${source.git.ref ?? ""} is not ${version}`);
      }
    }
  });

  it("images are built on a base image of their own choice, or on one whose changes trigger a build", async () => {
    // Kebechet's Dockerfile installs python38, which Fedora 28 does not have (thoth-station/kebechet@v1.0.9 Dockerfile:1,18).
    const seen = await buildThoth(test);
    for (const { name, body } of seen.manifests.filter(({ kind }) => kind === "BuildConfig")) {
      const { strategy, triggers } = body.spec as {
        strategy: Record<string, { from?: { kind: string } } | undefined>;
        triggers: { type: string }[];
      };
      const from = (strategy.dockerStrategy ?? strategy.sourceStrategy)?.from;
      assert.equal(from === undefined, name === "kebechet-job", name);
      // openshift/openshift-apiserver@56aa2d9 pkg/build/apis/build/validation/validation.go:647-653.
      assert.equal(triggers[0]?.type, from?.kind === "ImageStreamTag" ? "ImageChange" : "ConfigChange", name);
    }
  });

  it("no build contacts a host that no longer exists", async () => {
    const { strategy } = (await buildThoth(test)).object("BuildConfig user-api").spec as {
      strategy: { sourceStrategy: { env: { name: string; value: string }[] } };
    };
    // thoth-station/user-api@f064eda .s2i/bin/assemble:17 and s2i-thoth@v0.15.0 assemble:12,14.
    assert.deepEqual(Object.fromEntries(strategy.sourceStrategy.env.map(({ name, value }) => [name, value])), {
      ENABLE_PIPENV: "1",
      UPGRADE_PIP_TO_LATEST: "",
      THOTH_ADVISE: "0",
      THOTH_PROVENANCE_CHECK: "0",
      WEB_CONCURRENCY: "4",
    });
  });
});

describe("a workload operator", () => {
  it("a workload operator looks for Templates in the namespace where it creates their objects", async () => {
    for (const settings of [stage, test]) {
      const seen = await buildThoth(settings);
      const operators = seen.manifests.filter(({ kind, name }) => kind === "Deployment" && /^workload-op/.test(name));
      assert.equal(operators.length, settings === stage ? 3 : 1);
      for (const { name } of operators) {
        const { THOTH_OPERATOR_NAMESPACE, ...variables } = env(app(seen, name).pod.containers[0]);
        assert.equal(variables.THOTH_INFRA_NAMESPACE, THOTH_OPERATOR_NAMESPACE);
        assert.equal(variables.THOTH_AMUN_INFRA_NAMESPACE, THOTH_OPERATOR_NAMESPACE);
      }
    }
  });
});

describe("cluster objects that thoth-common reads", () => {
  for (const [name, settings] of Object.entries(variants)) {
    it(`the cluster objects that thoth-common reads exist in ${name}`, async () => {
      const seen = await buildThoth(settings);
      const templates = templatesOf(seen);
      const names = namespacesOf({ environment: name.startsWith("stage") ? "stage" : "test", namespaces: {} });
      const wantedIn = table.templates.map((short) => {
        const model = table.templates.find(({ selector }) => selector.template === short.like) ?? short;
        return { ...model, selector: short.selector, namespaces: [...new Set(model.in.map((role) => names[role]))] };
      });
      for (const { selector, namespaces, kind, id, always, sometimes, required, objects } of wantedIn) {
        const title = JSON.stringify(selector);
        const found = templates.filter(({ metadata }) => selected(metadata.labels, selector));
        assert.deepEqual(found.map(({ metadata }) => metadata.namespace).sort(), [...namespaces].sort(), title);
        const [template, ...copies] = found;
        assert.ok(template);
        for (const copy of copies) assert.deepEqual(copy.objects, template.objects, title);
        assert.equal(template.objects.length, objects.length, title);
        for (const [index, labels] of objects.entries()) {
          const object: Template["objects"][number] | undefined = template.objects[index];
          assert.equal(object?.kind, kind, title);
          assert.equal(object.metadata.name, `\${${id}}`, title);
          assert.ok(selected(object.metadata.labels, labels), `${title}: ${JSON.stringify(object.metadata.labels)}`);
          if (labels.operator === undefined) assert.equal(object.metadata.labels.operator, undefined, title);
        }
        const declared = template.parameters.map((one) => one.name);
        assert.deepEqual(
          [...always, ...sometimes].filter((one) => !declared.includes(one)),
          [],
          `${title}: filled in and not declared`,
        );
        const wanted = template.parameters.filter((one) => one.required === true && one.value === undefined);
        assert.deepEqual(
          wanted.map((one) => one.name).filter((one) => !always.includes(one) && !required.includes(one)),
          [],
          `${title}: wanted and not filled in by every caller`,
        );
      }
      assert.equal(
        templates.length,
        wantedIn.reduce((sum, { namespaces }) => sum + namespaces.length, 0),
      );
      for (const { selector } of table.cronJobs) {
        const crons = seen.manifests.filter(
          ({ kind, body }) =>
            kind === "CronJob" && selected((body.metadata as { labels: Record<string, string> }).labels, selector),
        );
        assert.equal(crons.length, 1);
        assert.notEqual(cron(seen, crons[0]?.name ?? "").spec, undefined);
      }
      for (const { body } of seen.manifests.filter(({ kind }) => kind === "ResourceQuota")) {
        const { hard } = body.spec as { hard: Record<string, string> };
        assert.deepEqual(
          table.quota.filter((key) => hard[key] === undefined),
          [],
        );
      }
    });
  }
});
