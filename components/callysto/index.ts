import * as pulumi from "@pulumi/pulumi";
import { allOf } from "../../config/define.ts";
import type { Targets } from "../../blocks/targets.ts";
import { Lookup } from "../../blocks/openstack/lookup.ts";
import { withinQuota } from "../../blocks/openstack/quota.ts";
import { SecurityGroup } from "../../blocks/openstack/securityGroup.ts";
import { cloudError } from "../../blocks/openstack/cloud.ts";
import { Zone } from "../../blocks/openstack/dns.ts";
import { Clavius, claviusRules } from "./clavius.ts";
import type { CallystoConfig } from "./config.ts";
import type { CallystoContext } from "./context.ts";
import type { CallystoSettings, ClaviusSettings } from "./settings.ts";
import type { ClaviusSecrets } from "./guest/clavius.ts";
import type { HubSecrets } from "./guest/hub.ts";
import { Hub } from "./hub.ts";
import { HubMonitors } from "./hubMonitors.ts";
import { completeKeys, deployKeys, isPair } from "./sshKeys.ts";
import { type FlavorSize, requiredQuota } from "./quota.ts";

export interface CallystoArgs {
  readonly config: CallystoConfig;
  readonly targets: Targets;
}

/** Outputs of one environment. */
export interface EnvironmentOutput {
  /** Full name without the final dot. */
  readonly hostname: pulumi.Output<string>;
  /** Address to log in to as ptty2u. */
  readonly address: pulumi.Output<string>;
  /** Public half of the guest's SSH host key; absent without `guest` settings. */
  readonly hostKey?: pulumi.Output<string>;
}

/** Callysto: JupyterHub for schools, and the workstation of its team. */
export class Callysto extends pulumi.ComponentResource {
  /** Hosts by the name of their environment: full name, and the address to log in to. */
  readonly outputs: Readonly<Record<string, EnvironmentOutput>>;

  constructor(name: string, args: CallystoArgs, opts?: pulumi.ComponentResourceOptions) {
    const { settings } = args.config;
    const cloud = args.targets.cloud(settings.cloud);
    super("orrery:callysto:Callysto", name, {}, { ...opts, providers: [cloud.provider] });

    const zoneIds = this.zones(name, settings);
    if (settings.packerSecurityGroup) {
      new SecurityGroup(`${name}-packer`, { groupName: "packer", rules: claviusRules }, { parent: this });
    }
    const quotaChecked = this.checkQuota(settings);
    const deployPrivateKey = args.config.secrets.deployPrivateKey.apply((key) => pairedWith(settings.deployKey, key));
    const built: Record<string, Hub | Clavius> = {};
    // The workstation may come before the hubs that it pushes certificates to.
    const [hubKeys, resolveHubKeys] = pulumi.deferredOutput<Readonly<Record<string, string>>>();
    for (const [environment, own] of keypairOwnersFirst(settings)) {
      const keys = completeKeys(settings.sshKeys, own.sshKeys);
      const context: CallystoContext = {
        cloud,
        path: `callysto:settings.environments.${environment}`,
        deployKey: { public: settings.deployKey, private: deployPrivateKey },
        sharedKeypair: own.keypair.mode === "shared" ? built[own.keypair.with]?.host.keypairName : undefined,
        zoneId: zoneIds[own.domain],
        keys,
        accountKeys: [...deployKeys(settings), ...Object.values(keys)],
        hubKeys,
        quotaChecked,
        metricsFrom: settings.monitoring?.from,
        retainOnDelete: settings.retainOnDelete,
      };
      built[environment] =
        own.kind === "hub"
          ? new Hub(
              `${name}-${environment}`,
              { environment, context, settings: own, secrets: hubSecrets(args.config, environment) },
              { parent: this },
            )
          : new Clavius(
              `${name}-${environment}`,
              { context, settings: own, secrets: claviusSecrets(args.config, environment, own) },
              { parent: this },
            );
    }

    this.monitors(name, settings, args.targets, built);
    resolveHubKeys(hostKeysOf(Object.values(built)));

    this.outputs = Object.fromEntries(
      Object.entries(built).map(([environment, { host, hostKey }]) => [
        environment,
        { hostname: host.hostname, address: host.loginAddress, ...(hostKey === undefined ? {} : { hostKey }) },
      ]),
    );
    this.registerOutputs({ environments: this.outputs });
  }

  /** Monitors and alerts of the hubs whose guests serve metrics. */
  private monitors(
    name: string,
    { monitoring, environments }: CallystoSettings,
    targets: Targets,
    built: Readonly<Record<string, Hub | Clavius>>,
  ): void {
    if (monitoring === undefined) return;
    const hubs = Object.entries(built).flatMap(([environment, { host }]): [string, pulumi.Output<string>][] => {
      const settings = environments[environment];
      return settings?.kind === "hub" && settings.guest !== undefined ? [[environment, host.loginAddress]] : [];
    });
    if (hubs.length === 0) return;
    const { cluster, namespace } = monitoring;
    new HubMonitors(
      `${name}-monitors`,
      { cluster: targets.cluster(cluster), namespace, hubs: Object.fromEntries(hubs) },
      { parent: this },
    );
  }

  /** Fails before the first server if the project's quota is too small. */
  private checkQuota(settings: CallystoSettings): pulumi.Output<true> {
    const sizes: Record<string, pulumi.Output<FlavorSize>> = {};
    for (const [environment, { flavor }] of Object.entries(settings.environments)) {
      sizes[flavor] ??= new Lookup(this, `callysto:settings.environments.${environment}`).flavorSize(flavor);
    }
    const need = pulumi.all(sizes).apply((known) => requiredQuota(settings, known));
    return withinQuota(this, "callysto:settings.environments", need);
  }

  /** Zone ids by domain; domains whose DNS is run elsewhere have none. */
  private zones(name: string, settings: CallystoSettings): Record<string, pulumi.Output<string>> {
    const ids: Record<string, pulumi.Output<string>> = {};
    for (const [domain, zone] of Object.entries(settings.zones)) {
      if (zone.mode === "create") {
        const args = { domain, email: zone.email, retention: { retainOnDelete: settings.retainOnDelete } };
        ids[domain] = new Zone(`${name}-${domain.replaceAll(".", "-")}`, args, { parent: this }).zoneId;
      } else if (zone.mode === "existing") {
        ids[domain] = new Lookup(this, `callysto:settings.zones.${domain}`).zoneId(domain);
      }
    }
    return ids;
  }
}

/**
 * The deploy key's private half, after checking that it is one: guests that lose the former key would let in nobody. Not on
 * mocks, as renders, reviews and tests have samples.
 * @throws RunError if the two are no pair
 */
function pairedWith(publicKey: string, privateKey: string): string {
  if (pulumi.runtime.getEngine() === undefined || isPair(publicKey, privateKey)) return privateKey;
  throw cloudError(
    "callysto:deployPrivateKey is not the private half of callysto:settings.deployKey; set both to the same key",
  );
}

/** Public host keys of the hubs that have one, by their full names. */
function hostKeysOf(hosts: readonly (Hub | Clavius)[]): pulumi.Output<Record<string, string>> {
  const pairs = hosts.flatMap(({ host, hostKey }) =>
    hostKey === undefined ? [] : [pulumi.all([host.hostname, hostKey])],
  );
  return pulumi.all(pairs).apply((known) => Object.fromEntries(known));
}

/** Secrets of one hub. */
function hubSecrets({ keyedSecrets }: CallystoConfig, environment: string): HubSecrets {
  return {
    dummyPassword: keyedSecrets.dummyPassword[environment],
    googleClientSecret: keyedSecrets.googleClientSecret[environment],
    swiftPassword: keyedSecrets.swiftPassword[environment],
    backupKey: keyedSecrets.backupKey[environment],
    backups: allOf({
      password: keyedSecrets.backupsPassword[environment],
      accessKeyId: keyedSecrets.backupsAccessKeyId[environment],
      secretAccessKey: keyedSecrets.backupsSecretAccessKey[environment],
    }),
    sso: ssoSecrets(keyedSecrets, environment),
  };
}

/** The five secrets of single sign-on; config validation guarantees all or none. */
function ssoSecrets(keyedSecrets: CallystoConfig["keyedSecrets"], environment: string): HubSecrets["sso"] {
  const salt = keyedSecrets.ssoSalt[environment];
  const adminPassword = keyedSecrets.ssoAdminPassword[environment];
  const refreshKey = keyedSecrets.ssoRefreshKey[environment];
  const certificate = keyedSecrets.ssoSamlCertificate[environment];
  const key = keyedSecrets.ssoSamlKey[environment];
  if (salt === undefined || adminPassword === undefined || refreshKey === undefined) return undefined;
  return certificate === undefined || key === undefined
    ? undefined
    : { salt, adminPassword, refreshKey, certificate, key };
}

/** Secrets of one workstation. */
function claviusSecrets(
  { keyedSecrets }: CallystoConfig,
  environment: string,
  { guest }: ClaviusSettings,
): ClaviusSecrets {
  const own = Object.keys(guest?.certificates ?? {});
  return {
    designate: Object.fromEntries(Object.entries(keyedSecrets.designateSecret).filter(([name]) => own.includes(name))),
    pushKey: keyedSecrets.certificatePushKey[environment],
  };
}

/** Environments, owners of shared keypairs first. */
function keypairOwnersFirst({ environments }: CallystoSettings): [string, CallystoSettings["environments"][string]][] {
  const shared = ([, environment]: [string, CallystoSettings["environments"][string]]): number =>
    environment.keypair.mode === "shared" ? 1 : 0;
  return Object.entries(environments).sort((a, b) => shared(a) - shared(b));
}
