import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { ConfigMap } from "../../../blocks/kubernetes/configMap.ts";
import { ServiceSecret } from "../../../blocks/kubernetes/secret.ts";
import type { StationNamespaces } from "./namespaces.ts";
import { byNamespace, type Role, roles } from "./roles.ts";
import type { StationSettings } from "./settings.ts";

/** The secrets that the station's programs read. */
export interface StationSecrets {
  readonly cephKeyId: pulumi.Output<string>;
  readonly cephSecretKey: pulumi.Output<string>;
  readonly sentryDsn: pulumi.Output<string>;
  /** Key and token by which Kebechet acts on GitHub. */
  readonly kebechetSshKey: pulumi.Output<string>;
  readonly githubToken: pulumi.Output<string>;
  /** Starts builds; undefined where nothing is built. */
  readonly webhookSecret: pulumi.Output<string> | undefined;
}

export interface StationConfigArgs {
  readonly namespaces: StationNamespaces;
  readonly settings: StationSettings;
  readonly secrets: StationSecrets;
  /** Address of the graph database, `host:port`. */
  readonly graphServiceHost: string;
}

/** Keys of the Secret `thoth`. */
export type ThothKey = "app-secret-key" | "management-api-token" | "ceph-key-id" | "ceph-secret-key" | "sentry-dsn";

/** Keys of the ConfigMap `thoth`. */
export type ConfigKey = keyof ReturnType<typeof configData>;

const labels = { app: "thoth", component: "configuration" };

/** ConfigMaps and Secrets that the station's pods and jobs read, in every namespace where they may run. */
export class StationConfig extends pulumi.ComponentResource {
  readonly thothConfig: ReadonlyMap<string, ConfigMap<ConfigKey>>;
  readonly thothSecret: ReadonlyMap<string, ServiceSecret<ThothKey>>;
  readonly amunSecret: ServiceSecret<"app-secret-key">;
  /** What callers of the management interface send, secret. */
  readonly managementToken: pulumi.Output<string>;

  constructor(name: string, args: StationConfigArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:thoth:StationConfig", name, {}, opts);
    const { namespaces, secrets } = args;
    const { names, refs } = namespaces;
    const drawn = (role: string): pulumi.Output<string> =>
      new random.RandomPassword(`${name}-${role}`, { length: 32, special: false }, { parent: this }).result;
    this.managementToken = drawn("management-token");
    const values: Readonly<Record<ThothKey, pulumi.Output<string>>> = {
      "app-secret-key": drawn("app-key"),
      "management-api-token": this.managementToken,
      "ceph-key-id": secrets.cephKeyId,
      "ceph-secret-key": secrets.cephSecretKey,
      "sentry-dsn": secrets.sentryDsn,
    };
    const each = <T>(among: readonly Role[], make: (namespace: string, role: Role) => T): ReadonlyMap<string, T> => {
      const chosen = byNamespace(
        names,
        among.map((role) => [role, role] as const),
      );
      return new Map([...chosen].map(([namespace, role]) => [namespace, make(namespace, role)]));
    };
    const data = configData(args);
    this.thothConfig = each(roles, (namespace, role) => {
      return new ConfigMap(
        `${name}-${namespace}`,
        { namespace: refs[role], name: "thoth", labels, data },
        { parent: this },
      );
    });
    this.thothSecret = each(roles, (namespace, role) => {
      return new ServiceSecret(
        `${name}-${namespace}-secret`,
        { namespace: refs[role], name: "thoth", labels, values },
        { parent: this },
      );
    });
    this.amunSecret = new ServiceSecret(
      `${name}-amun-secret`,
      {
        ...{ namespace: refs.amunApi, name: "amun", labels },
        values: { "app-secret-key": drawn("amun-app-key") },
      },
      { parent: this },
    );
    this.kebechet(name, args);
    this.registerOutputs({});
  }

  /** For the job that users start, which reads the bot's Secret in the jobs' namespace. */
  private kebechet(name: string, { namespaces, secrets }: StationConfigArgs): void {
    const values = {
      "ssh-privatekey": secrets.kebechetSshKey,
      "github-oauth-token": secrets.githubToken,
      "gitlab-oauth-token": "",
      "pagure-oauth-token": "",
    };
    const object = {
      namespace: namespaces.refs.backend,
      name: "kebechet-secret",
      labels,
      type: "kubernetes.io/ssh-auth",
      values,
    };
    new ServiceSecret(`${name}-kebechet`, { ...object, restartOnChange: false }, { parent: this });
  }
}

function configData({ namespaces, settings, graphServiceHost }: StationConfigArgs) {
  const { names } = namespaces;
  const { s3, pushgateway } = settings;
  return {
    "frontend-namespace": names.frontend,
    "middletier-namespace": names.middletier,
    "backend-namespace": names.backend,
    "infra-namespace": names.infra,
    "amun-namespace": names.amunApi,
    "amun-inspection-namespace": names.amunInspection,
    "storage-bucket-name": settings.deploymentName ?? names.infra,
    "ceph-bucket-name": s3.bucket,
    "ceph-bucket-prefix": s3.prefix,
    "ceph-host": s3.endpoint,
    "package-releases-only-if-package-seen": "1",
    "rsyslog-host": "",
    "rsyslog-port": "",
    "amun-api-url": `http://amun-api.${names.amunApi}.svc/api/v1`,
    "isis-api-url": settings.isisApi ? `http://isis-api.${names.frontend}.svc` : "",
    // Empty: no metrics are pushed.
    "metrics-pushgateway-url": pushgateway === undefined ? "" : `${pushgateway.host}:${pushgateway.port}`,
    "graph-service-host": graphServiceHost,
  };
}
