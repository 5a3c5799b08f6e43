import assert from "node:assert/strict";
import type { RawEntry } from "../../config/secrets.ts";
import { environmentLogins } from "../../config/preflight/environmentCredentials.ts";
import { loadConfig } from "../../config/load.ts";
import { sample } from "../../config/samples.ts";
import { cloudsSchema, clustersSchema } from "../../config/targets.ts";
import { record, type Recording } from "../../review/evaluate/record.ts";
import { Secret } from "../../review/evaluate/secret.ts";

const kubeconfig = sample("kubeconfig", "a");
const cloud = {
  authUrl: "https://keystone.example.org/v3",
  region: "R",
  externalNetwork: "public",
  network: "default",
};

function connect(clusters: object, clouds: object): Promise<Recording> {
  const config = new Map<string, RawEntry>([
    ["clusters:settings", { value: JSON.stringify(clusters), secret: false }],
    ["clouds:settings", { value: JSON.stringify(clouds), secret: false }],
  ]);
  for (const name of Object.keys(clusters)) config.set(`clusters:${name}`, { value: kubeconfig, secret: true });
  for (const name of Object.keys(clouds)) config.set(`clouds:${name}`, { value: "hidden", secret: true });
  return record({ stack: "test", config }, async () => {
    const { connectClouds } = await import("../../blocks/openstack/cloud.ts");
    const { connectClusters } = await import("../../blocks/kubernetes/cluster.ts");
    const loaded = loadConfig({ clusters: clustersSchema, clouds: cloudsSchema });
    const [cluster, byName] = [connectClusters(loaded.clusters), connectClouds(loaded.clouds)];
    assert.throws(() => cluster("none"), /cluster "none" is used but not among the references/);
    assert.throws(() => byName("none"), /cloud "none" is used but not among the references/);
    const { provider, ...rest } = byName("rac");
    assert.deepEqual(rest, { name: "rac", region: "R", externalNetwork: "public", network: "default" });
    assert.equal(cluster("psi").appsDomain, "apps.example.org");
    return { provider: provider.urn };
  });
}

describe("providers of clusters and clouds", () => {
  it("each cluster and cloud has one explicit provider, with every argument set that the environment could set", async () => {
    const { resources } = await connect(
      {
        psi: { platform: "openshift", appsDomain: "apps.example.org", serverSideApply: false },
        other: { platform: "kubernetes", appsDomain: "apps.example.net" },
      },
      { rac: { ...cloud, userName: "u", tenantName: "t" }, app: { ...cloud, applicationCredentialId: "id" } },
    );
    const inputs = new Map(resources.map((one) => [`${one.type} ${one.name}`, one.inputs]));
    assert.equal(inputs.size, 4);
    const psi = {
      kubeconfig: new Secret(kubeconfig),
      clusterIdentifier: "psi",
      enableServerSideApply: "false",
      kubeClientSettings: '{"qps":200,"burst":400}',
      enableConfigMapMutable: "true",
      enableSecretMutable: "true",
      deleteUnreachable: "false",
      skipUpdateUnreachable: "false",
      suppressDeprecationWarnings: "false",
      suppressHelmHookWarnings: "true",
    };
    assert.deepEqual(inputs.get("pulumi:providers:kubernetes psi"), psi);
    assert.deepEqual(inputs.get("pulumi:providers:kubernetes other"), {
      ...psi,
      clusterIdentifier: "other",
      enableServerSideApply: "true",
    });
    const common = {
      authUrl: "https://keystone.example.org/v3",
      region: "R",
      allowReauth: "true",
      cloud: "",
      delayedAuth: "true",
      endpointType: "public",
      insecure: "false",
      swauth: "false",
    };
    assert.deepEqual(inputs.get("pulumi:providers:openstack rac"), {
      ...common,
      userName: "u",
      userDomainName: "Default",
      tenantName: "t",
      projectDomainName: "Default",
      password: new Secret("hidden"),
    });
    assert.deepEqual(inputs.get("pulumi:providers:openstack app"), {
      ...common,
      applicationCredentialId: "id",
      applicationCredentialSecret: new Secret("hidden"),
    });
  });

  it("a provider is refused when the environment has its own login, which the plugin would prefer", () => {
    const defaults = { userDomainName: "Default", projectDomainName: "Default" };
    const password = { rac: { ...cloud, ...defaults, userName: "u", tenantName: "t" } };
    const application = { rac: { ...cloud, ...defaults, applicationCredentialId: "id" } };
    const lab = { OS_USERNAME: "callysto", OS_PASSWORD: "p", OS_PROJECT_NAME: "callysto", OS_AUTH_URL: "http://lab" };
    assert.deepEqual(environmentLogins(password, lab), []);
    assert.deepEqual(environmentLogins(application, lab), ["OS_USERNAME", "OS_PASSWORD", "OS_PROJECT_NAME"]);
    assert.deepEqual(environmentLogins(password, { OS_CLOUD: "other", OS_TOKEN: "" }), ["OS_CLOUD"]);
    assert.deepEqual(environmentLogins({}, { OS_CLOUD: "other" }), []);
  });
});
