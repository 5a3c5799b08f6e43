/** Inputs of DIALS' programs that contract files cannot express: keys of every workspace, mount propagation, compiled-in values. */
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { dialsSchema } from "../../../components/dials/config.ts";
import { environmentModule, environmentNames, productionBuild } from "../../../components/dials/frontendBuild.ts";
import { stackDockerfile } from "../../../ops/lib/dials/stackBuild.ts";
import { stacks } from "../harness.ts";
import { allContracts, renderedStack } from "../recordings.ts";
import { container, deployments, type Manifest, object, problems, renderDials, settings } from "./fixture.ts";

type Queues = Readonly<Record<"bulk_ingesting_queue" | "priority_ingesting_queue", string>>;

const keysOfEtlFile = (): readonly string[] => {
  const file = allContracts().find(({ contract }) => [contract.image].flat().includes("dials-etl"))?.contract.files;
  const spec = file?.["/etc/dials/etl.config.json"];
  return spec !== undefined && "keys" in spec ? (spec.keys?.required ?? []) : [];
};

/** Values at a dotted path; `*` is each item. @throws if one of the items lacks it */
function each(value: unknown, [key, ...rest]: readonly string[], at = ""): readonly unknown[] {
  if (key === undefined) return [value];
  if (key === "*") {
    assert.ok(Array.isArray(value) && value.length > 0, `${at} is no list with items`);
    return value.flatMap((item, index) => each(item, rest, `${at}[${index}]`));
  }
  const member = (value as Readonly<Record<string, unknown>>)[key];
  assert.notEqual(member, undefined, `${at} lacks ${key}`);
  return each(member, rest, `${at}.${key}`);
}

describe("contracts of DIALS' images", () => {
  for (const stack of stacks) {
    it(`the ETL finds every key of its file in every workspace of ${stack}, and a worker for each queue`, async () => {
      const own = (await renderedStack(stack)).filter(
        ({ inputs }) => (inputs as Partial<Manifest>).metadata?.namespace === `cms-dials-${stack}`,
      );
      const text = object(own, "ConfigMap", "dials-etl-config").data?.["etl.config.json"];
      const file = JSON.parse(String(text)) as { common_indexer_queue: string; workspaces: readonly Queues[] };
      const keys = keysOfEtlFile();
      assert.equal(keys.length, 12);
      for (const key of keys) each(file, key.split("."));
      // cms-DQM/dials@v1.12.0 etl/python/pipelines/file_indexer/pipeline.py:35-39 and dataset_indexer/post_load.py:6-8 send to these.
      const sentTo = file.workspaces.flatMap((one) => [one.bulk_ingesting_queue, one.priority_ingesting_queue]);
      const taken = deployments(own).flatMap(({ spec }) =>
        spec.template.spec.containers.flatMap(({ command }) =>
          (command ?? []).flatMap((word) => (word.startsWith("--queues=") ? [word.slice("--queues=".length)] : [])),
        ),
      );
      assert.deepEqual([...new Set([...sentTo, file.common_indexer_queue])].sort(), taken.sort());
    });
  }

  it("containers see EOS' instances that the node mounts on first access (cern-eos/eosxd-csi@934832f docs/how-to-use.md:40)", async () => {
    const mounts = deployments(await renderDials())
      .flatMap(({ spec }) => spec.template.spec.containers)
      .flatMap(({ volumeMounts }) => volumeMounts ?? [])
      .filter(({ mountPath }) => mountPath === "/eos");
    assert.equal(mounts.length, 4);
    for (const mount of mounts)
      assert.deepEqual(mount, {
        name: "eos-storage",
        mountPath: "/eos",
        readOnly: true,
        mountPropagation: "HostToContainer",
      });
  });

  it("DIALS' ETL can reach DBS, the databases and Kerberos by both protocols, and nothing else outside", async () => {
    const { spec } = object(await renderDials(), "NetworkPolicy", "dials-etl") as unknown as {
      spec: { egress: { to: { ipBlock?: object }[]; ports: { port: number; protocol: string }[] }[] };
    };
    const outside = spec.egress.filter(({ to }) => to.some(({ ipBlock }) => ipBlock !== undefined));
    assert.deepEqual(
      outside.flatMap(({ ports }) => ports.map(({ port, protocol }) => `${protocol} ${port}`)),
      ["TCP 5432", "TCP 8443", "TCP 88", "UDP 88"],
    );
  });

  it("the API's network policy allows an SSO on another port", async () => {
    const own = { apiHost: "cmsdials-api.web.cern.ch", publicClient: "own-public-app" };
    const all = await renderDials({
      frontendBuild: own,
      images: { frontend: "registry.cern.ch/cms-dqmdc/dials-frontend:1.12.0-own" },
      sso: {
        server: "https://sso.example.org:8443/auth/",
        confidentialClient: productionBuild.audience,
        omsClient: "oms",
      },
    });
    const policy = JSON.stringify(object(all, "NetworkPolicy", "dials-backend").spec);
    assert.match(policy, /"port":8443/);
    assert.doesNotMatch(JSON.stringify(object(await renderDials(), "NetworkPolicy", "dials-backend").spec), /8443/);
  });

  it("redis-cli is found by bash, whose BASH_ENV enables a software collection (sclorg/redis-container@54a7847 5/Dockerfile:64-66)", async () => {
    const all = await renderDials();
    for (const name of ["redis-etl-broker", "redis-web-cache"]) {
      const command = container(object(all, "Deployment", name), "redis").readinessProbe?.exec?.command;
      assert.deepEqual(command?.slice(0, 2), ["bash", "-c"]);
    }
  });

  it("the defaults are production's, as the sources compile them in (cms-DQM/dials@v1.12.0 frontend/src/config/env.js:20-27, package.json:7)", () => {
    const { frontendBuild, sso } = dialsSchema.settings.parse({
      ...settings(),
      frontendBuild: {},
      sso: settings().sso,
    });
    assert.deepEqual(
      [frontendBuild.apiHost, frontendBuild.audience, frontendBuild.publicClient, sso.server, sso.realm],
      [
        "cmsdials-api.web.cern.ch",
        "cms-dials-prod-confidential-app",
        "cms-dials-prod-public-app",
        "https://auth.cern.ch/auth/",
        "cern",
      ],
    );
  });

  describe("the frontend's build", () => {
    const stage = settings({
      apiHost: "stage-api.web.cern.ch",
      images: { frontend: "registry.cern.ch/cms-dqmdc/dials-frontend:1.12.0-stage" },
      frontendBuild: { apiHost: "stage-api.web.cern.ch", publicClient: "stage-public", audience: "stage-secret" },
      sso: { confidentialClient: "stage-secret", omsClient: "oms" },
    });

    it("the frontend's sources import every name of env.js, with the stack's values", async () => {
      const text = environmentModule("stage", stage);
      const found = (await import(`data:text/javascript,${encodeURIComponent(text)}`)) as object;
      assert.deepEqual(Object.keys(found).sort(), [...environmentNames].sort());
      assert.deepEqual(
        { ...found },
        {
          ENV: "stage",
          DIALS_API_URL: "https://stage-api.web.cern.ch/api/v1",
          DIALS_API_AUDIENCE: "stage-secret",
          KEYCLOAK_URL: "https://auth.cern.ch/auth",
          KEYCLOAK_REALM: "cern",
          KEYCLOAK_CLIENT_ID: "stage-public",
          ROLE_DQM_HARDCORE: "cms-dqm-hardcore",
          API_SERVICES: [{ label: "dials", aud: "stage-secret" }],
        },
      );
    });

    it("env.js is written before the frontend is compiled, and a modified checkout is refused", () => {
      const environment = environmentNames.map((name) => `export const ${name} = 1\n`).join("");
      const dockerfile = "FROM node AS builder\nCOPY frontend /usr/src/app/frontend\n\nRUN yarn build\n\nFROM nginx\n";
      const lines = stackDockerfile("stage", stage, { dockerfile, environment }).split("\n");
      const at = lines.indexOf("RUN yarn build");
      const [, content = "", target] = /^RUN echo (\S+) \| base64 -d > (\S+)$/.exec(lines[at - 1] ?? "") ?? [];
      assert.equal(Buffer.from(content, "base64").toString(), environmentModule("stage", stage));
      assert.equal(target, "/usr/src/app/frontend/src/config/env.js");
      assert.throws(
        () => stackDockerfile("stage", stage, { dockerfile, environment: `${environment}export const NEW = 1\n` }),
        /differs from that of DIALS 1.12 in NEW;/,
      );
      assert.throws(
        () => stackDockerfile("stage", stage, { dockerfile: "FROM node\n", environment }),
        /does not have the one line `RUN yarn build`/,
      );
    });

    it("a frontend built for one stack's settings is not run under another's", () => {
      const build = { apiHost: "cmsdials-api.web.cern.ch", publicClient: "own-public-app" };
      assert.match(
        problems({ frontendBuild: build }).join("\n"),
        /^dials:settings.images.frontend: the default is the production build, which calls "cmsdials-api.web.cern.ch": name here/,
      );
      const sso = { server: "https://keycloak-qa.cern.ch/auth/", confidentialClient: productionBuild.audience };
      assert.match(
        problems({ sso: { ...sso, omsClient: "oms" } }).join("\n"),
        /^dials:settings.sso.server: the production build of the frontend logs in at https:\/\/auth.cern.ch\/auth\/; /,
      );
    });
  });
});
