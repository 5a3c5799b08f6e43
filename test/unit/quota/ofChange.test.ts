/** The quotas that a review asks of a cluster and a cloud: real kubectl and fetch, a server of this test answers. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { newSalt, openSalt } from "../../../config/passphrase.ts";
import { kubeconfig } from "../../../config/samples.ts";
import { declare } from "../../../ops/lib/status/situation.ts";
import { requiredQuota } from "../../../components/callysto/quota.ts";
import { callystoSchema } from "../../../components/callysto/config.ts";
import { openStack } from "../../../ops/lib/stack.ts";
import { quotaOfChange } from "../../../ops/lib/quota/ofChange.ts";
import { resourceNeed } from "../../../ops/lib/quota/resourceNeed.ts";
import { compare } from "../../../review/diff/compare.ts";
import type { Rendered } from "../../../review/evaluate/render.ts";
import { reviewJson } from "../../../review/report/json.ts";
import { markdown } from "../../../review/report/markdown.ts";
import { type Asked, serving } from "../config/clusterApi.ts";
import { needsKubectl } from "../config/kubectl.ts";
import { resource } from "../review/fixture.ts";

const passphrase = "a passphrase of this test";
const cluster = "urn:pulumi:test::orrery::pulumi:providers:kubernetes::online";
const cloud = "urn:pulumi:test::orrery::pulumi:providers:openstack::rac";
const on = (provider: string, one: Rendered): Rendered => ({ ...one, provider });

const workload = (replicas: number, namespace = "packit"): Rendered =>
  on(
    cluster,
    resource("kubernetes:apps/v1:Deployment", "web", {
      ...{ apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "web", namespace } },
      spec: {
        replicas,
        template: { spec: { containers: [{ resources: { requests: { cpu: "1", memory: "1Gi" } } }] } },
      },
    }),
  );
const volume = (size: number): Rendered =>
  on(cloud, resource("openstack:blockstorage/volume:Volume", "home", { size }));
const server = on(cloud, resource("openstack:compute/instance:Instance", "hub", { flavorName: "m1.big" }));

const listOf = (path_: string): readonly object[] => {
  const hard = { "requests.cpu": "4", "requests.memory": "16Gi", "limits.cpu": "8" };
  const used = { "requests.cpu": "2500m", "requests.memory": "2Gi" };
  return path_.includes("resourcequotas") ? [{ metadata: { name: "compute" }, spec: { hard }, status: { used } }] : [];
};

/** What the server answers, as Keystone, Nova, Cinder, Neutron and a Kubernetes API do. */
function bodyOf({ path: asked }: Asked, port: number): object {
  const url = `http://127.0.0.1:${port}`;
  const endpoints = (at: string) => [{ interface: "public", region: "R", url: `${url}${at}` }];
  const catalog = [
    ...[
      { type: "compute", endpoints: endpoints("/nova") },
      { type: "volumev3", endpoints: endpoints("/cinder") },
    ],
    { type: "network", endpoints: endpoints("/neutron") },
  ];
  if (asked === "/v3/auth/tokens") return { token: { project: { id: "p" }, roles: [], catalog } };
  if (asked === "/nova/flavors/detail") return { flavors: [{ name: "m1.big", vcpus: 8, ram: 32768 }] };
  if (asked.startsWith("/nova"))
    return { quota_set: { cores: { limit: 20, in_use: 14 }, ram: { limit: -1, in_use: 0 } } };
  if (asked.startsWith("/cinder")) return { quota_set: { gigabytes: { limit: 1000, in_use: 990 } } };
  if (asked.startsWith("/neutron")) return { quota: {} };
  return { items: listOf(asked) };
}

const answering = <T>(work: (port: number, asked: readonly Asked[]) => Promise<T>): Promise<T> => {
  let port = 0;
  return serving(
    (asked, response) => {
      response.setHeader("content-type", "application/json");
      response.setHeader("x-subject-token", "t");
      response.end(JSON.stringify(bodyOf(asked, port)));
    },
    (at, asked) => {
      port = at;
      return work(at, asked);
    },
  );
};

describe("a review's question for what is left of the quotas", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "quota-"));
  const { signal } = new AbortController();
  const salt = newSalt(passphrase);
  const secure = (text: string): string => openSalt(salt, passphrase).encrypt(text);

  const write = (port: number): void => {
    const settings = { authUrl: `http://127.0.0.1:${port}/v3`, region: "R", userName: "u", tenantName: "t" };
    const clouds = { rac: { ...settings, externalNetwork: "public", network: "own" } };
    const login = kubeconfig(`http://127.0.0.1:${port}`, "a-token");
    const config = {
      "clouds:settings": clouds,
      "clouds:rac": { secure: secure("a password") },
      "clusters:online": { secure: secure(login) },
    };
    writeFileSync(path.join(folder, "Pulumi.x.yaml"), JSON.stringify({ encryptionsalt: salt, config }));
  };

  before(needsKubectl);
  before(() => {
    process.env.PASSPHRASE_X = passphrase;
  });
  after(() => {
    delete process.env.PASSPHRASE_X;
    rmSync(folder, { recursive: true });
  });

  it("compares what a change asks for on top with the quota less what is in use, of clusters and clouds", async () => {
    const [was, is] = [
      [workload(1), volume(100)],
      [workload(3), volume(150), server],
    ];
    const changes = compare(was, is);
    const quota = await answering((port) => {
      write(port);
      return quotaOfChange("x", changes, signal, folder);
    });
    assert.deepEqual(quota, {
      rows: [
        { target: "cluster online, packit/compute", name: "requests.cpu", more: 2, left: 1.5 },
        { target: "cluster online, packit/compute", name: "requests.memory", more: 2 * 2 ** 30, left: 14 * 2 ** 30 },
        { target: "cloud rac", name: "cores", more: 8, left: 6 },
        { target: "cloud rac", name: "gigabytes", more: 50, left: 10 },
      ],
      notCompared: [],
    });
    const text = markdown([{ stack: "x", changes, resources: is, quota }], "a", "b");
    assert.match(
      text,
      /\| x \| cluster online, packit\/compute \| requests\.cpu \| 2 \| 1\.5 \| \*\*more than is left\*\* \|/,
    );
    assert.match(
      text,
      /\| x \| cluster online, packit\/compute \| requests\.memory \| 2048 MiB \| 14336 MiB \| fits \|/,
    );
    assert.match(text, /contacting clusters and clouds about their quotas only/);
    const { stacks } = JSON.parse(reviewJson([{ stack: "x", changes, resources: is, quota }], "a", "b")) as {
      stacks: readonly { quota: unknown; changes: readonly { title: string; fields: readonly string[] }[] }[];
    };
    assert.deepEqual(stacks[0]?.quota, quota);
    assert.deepEqual(stacks[0].changes.map(({ title, fields }) => `${title}: ${fields.join(" ")}`).sort(), [
      ...["Deployment packit/web: spec.replicas", "Instance hub: ", "Volume home: size"],
    ]);
  });

  it("never asks for a namespace that is no name, which would be another address", async () => {
    const paths = await answering(async (port, asked) => {
      write(port);
      const quota = await quotaOfChange("x", compare([], [workload(1, "a/secrets?b=")]), signal, folder);
      assert.deepEqual(quota, { rows: [], notCompared: [] });
      return asked.map((one) => one.path);
    });
    assert.deepEqual(paths, []);
  });

  it("says in a line what does not answer and what has no login, and compares the rest", async () => {
    const changes = compare([], [workload(1), volume(1), on(cluster.replace("online", "other"), workload(1))]);
    // Nothing listens on port 1.
    write(1);
    const { rows, notCompared } = await quotaOfChange("x", changes, signal, folder);
    assert.deepEqual(rows, []);
    assert.match(notCompared[0]?.text ?? "", /^cannot be reached: /);
    assert.equal(notCompared[1]?.text, "no login: Pulumi.x.yaml has no clusters:other");
    assert.match(notCompared.at(-1)?.text ?? "", /^http:\/\/127\.0\.0\.1:1 does not answer: /);
    process.env.PASSPHRASE_X = "another";
    const { notCompared: none } = await quotaOfChange("x", changes, signal, folder);
    process.env.PASSPHRASE_X = passphrase;
    assert.match(
      none.map((one) => `${one.target}: ${one.text}`).join("\n"),
      /^cluster online: no login: PASSPHRASE_X is not the passphrase of stack x: .*\ncluster other: no login: .*\ncloud rac: no login: /,
    );
    const elsewhere = await quotaOfChange("y", changes, signal, folder);
    assert.match(elsewhere.notCompared[0]?.text ?? "", /^no login: there is no stack "y"/);
    const text = markdown([{ stack: "y", changes, quota: elsewhere }], "a", "b");
    assert.match(text, /- `y` cluster online: not compared: no login: there is no stack/);
  });
});

describe("what resources of a cloud take of its quota", () => {
  it("is what the settings of the same stack require, where it brings volumes and addresses of its own", async () => {
    for (const stack of ["test", "stage"]) {
      const { settings } = openStack(callystoSchema, { stack });
      const flavors = Object.values(settings.environments).map(({ flavor }) => flavor);
      const sizes = Object.fromEntries(flavors.map((name, at) => [name, { cores: 2 + at, ram: 1024 * (1 + at) }]));
      const { resources } = await declare({ stack });
      assert.deepEqual(resourceNeed(resources, sizes), requiredQuota(settings, sizes), stack);
    }
  });
});
