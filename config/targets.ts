/** The clusters and clouds of a stack: one explicit provider each. */
import * as k8s from "@pulumi/kubernetes";
import * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import type { Cluster } from "../components/kubernetes/cluster.ts";
import type { Cloud } from "../components/openstack/cloud.ts";
import type { ConfigOf } from "./define.ts";
import type { cloudsSchema, clustersSchema } from "./targetSchemas.ts";

/** The clusters that the stack names, each with its one provider; returns a look-up by name. */
export function connectClusters(config: ConfigOf<typeof clustersSchema> | undefined): (cluster: string) => Cluster {
  const clusters = new Map<string, Cluster>();
  for (const [cluster, { platform, appsDomain, serverSideApply }] of Object.entries(config?.settings ?? {})) {
    const provider = new k8s.Provider(cluster, {
      kubeconfig: config?.families.kubeconfigs[cluster] ?? "",
      // Without it a new address or token in the kubeconfig would replace every resource of the cluster.
      clusterIdentifier: cluster,
      enableServerSideApply: serverSideApply,
      // The objects' names are fixed, so a changed one must be updated in place.
      enableConfigMapMutable: true,
      enableSecretMutable: true,
      // At the provider's own 50 a second the limit is the brake: twice the time for a destroy of Thoth.
      kubeClientSettings: { qps: 200, burst: 400 },
      // The SDK would take these from the shell's environment.
      deleteUnreachable: false,
      skipUpdateUnreachable: false,
      suppressDeprecationWarnings: false,
      suppressHelmHookWarnings: true,
    });
    clusters.set(cluster, { name: cluster, platform, appsDomain, provider });
  }
  return (cluster) => known(clusters.get(cluster), "cluster", cluster);
}

/** The OpenStack projects that the stack names, each with its one provider; returns a look-up by name. */
export function connectClouds(config: ConfigOf<typeof cloudsSchema> | undefined): (cloud: string) => Cloud {
  const clouds = new Map<string, Cloud>();
  for (const [cloud, settings] of Object.entries(config?.settings ?? {})) {
    const { region, externalNetwork, network, ...login } = settings;
    const secret = config?.families.credentials[cloud] ?? pulumi.secret("");
    const provider = new openstack.Provider(cloud, {
      authUrl: settings.authUrl,
      region,
      ...(login.applicationCredentialId === undefined
        ? {
            userName: login.userName ?? "",
            userDomainName: login.userDomainName,
            tenantName: login.tenantName ?? "",
            projectDomainName: login.projectDomainName,
            password: secret,
          }
        : { applicationCredentialId: login.applicationCredentialId, applicationCredentialSecret: secret }),
      allowReauth: true,
      // The SDK would take these from the shell's environment; ambient.ts guards what the plugin would take itself.
      cloud: "",
      delayedAuth: true,
      endpointType: "public",
      insecure: false,
      swauth: false,
      useOctavia: true,
    });
    clouds.set(cloud, { name: cloud, region, externalNetwork, network, provider });
  }
  return (cloud) => known(clouds.get(cloud), "cloud", cloud);
}

/** The config check has seen every name that systems use, so a missing one is a slip in a schema's `references`. */
function known<T>(target: T | undefined, kind: string, name: string): T {
  if (target === undefined)
    throw new Error(`${kind} "${name}" is used but not among the references of a system's schema`);
  return target;
}
