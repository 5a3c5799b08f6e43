/** Callysto's program, recorded on a mocked cloud. */
import assert from "node:assert/strict";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Cluster } from "../../../blocks/kubernetes/cluster.ts";
import type { CallystoConfig, CallystoSettings } from "../../../components/callysto/config.ts";
import { publicKeyLine } from "../../../config/samples.ts";
import { recordCloud, type Seen } from "../openstack/fixture.ts";

/** Minimal settings of a hub with its own disks. */
export const hub = {
  kind: "hub",
  domain: "callysto.farm",
  name: { mode: "fixed", label: "hub-dev" },
  flavor: "m1.large",
  image: "callysto-hub",
  volumes: { mode: "new", size: 50 },
} as const;

/** Keyed secrets by name and member. */
export type KeyedSecrets = Partial<Record<keyof CallystoConfig["keyedSecrets"], Readonly<Record<string, string>>>>;

const none = {
  ...{ dummyPassword: {}, googleClientSecret: {}, swiftPassword: {}, backupKey: {} },
  ...{ backupsPassword: {}, backupsAccessKeyId: {}, backupsSecretAccessKey: {} },
  ...{ designateSecret: {}, certificatePushKey: {} },
  ...{ ssoSalt: {}, ssoAdminPassword: {}, ssoRefreshKey: {}, ssoSamlCertificate: {}, ssoSamlKey: {} },
};

/** Records Callysto with these environments and further settings; `outputs` of resources are by their type. */
export async function deployCallysto(
  environments: object,
  more: object = {},
  keyedSecrets: KeyedSecrets = {},
  made: Readonly<Record<string, Record<string, unknown>>> = {},
  deployPrivateKey = "key",
): Promise<Seen> {
  return recordCloud(
    async (_, cloud) => {
      const { callystoSchema } = await import("../../../components/callysto/config.ts");
      const { Callysto } = await import("../../../components/callysto/index.ts");
      const settings: CallystoSettings = callystoSchema.settings.parse({
        cloud: "lab",
        deployKey: publicKeyLine("deploy"),
        zones: {
          "callysto.farm": { mode: "create", email: "sysadmin@callysto.ca" },
          "callysto.ca": { mode: "outside" },
        },
        sshKeys: { andrew: { publicKey: publicKeyLine("andrew") } },
        environments,
        ...more,
      });
      assert.deepEqual(callystoSchema.rules?.(settings), []);
      const secrets = { deployPrivateKey: pulumi.secret(deployPrivateKey) };
      const outputs = (of: Readonly<Record<string, string>>): Record<string, pulumi.Output<string>> =>
        Object.fromEntries(Object.entries(of).map(([member, text]) => [member, pulumi.secret(text)]));
      const secretOutputs = Object.fromEntries(
        Object.entries({ ...none, ...keyedSecrets }).map(([name, of]) => [name, outputs(of)]),
      ) as CallystoConfig["keyedSecrets"];
      const cluster = (name: string): Cluster => ({
        name,
        platform: "kubernetes",
        appsDomain: "apps.lab.test",
        monitoring: { namespace: "monitoring", labels: {} },
        provider: new k8s.Provider(name, { kubeconfig: "" }),
      });
      const targets = { cloud: () => cloud, cluster };
      new Callysto("callysto", { config: { settings, secrets, keyedSecrets: secretOutputs }, targets });
    },
    { newResource: ({ type }) => made[type] },
  );
}
