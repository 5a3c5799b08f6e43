import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { GuestRole, SecretFile } from "../../../blocks/openstack/guest/description.ts";
import { firewall } from "../../../blocks/openstack/guest/firewall.ts";
import { Guest } from "../../../blocks/openstack/guest/guest.ts";
import type { CallystoContext } from "../context.ts";
import type { Host } from "../host.ts";
import { operator } from "../sshKeys.ts";
import { access } from "./access.ts";
import type { BackupSecrets } from "../../../blocks/backupJob.ts";
import { backup, backupKey } from "./backup.ts";
import { base } from "./base.ts";
import { pushAccount, pusher } from "./certificate.ts";
import { docker, notebookImage, stopDocker } from "./docker.ts";
import { homes, releaseHomes } from "./homes.ts";
import { backupsEnvironmentFile, homesBackup } from "./homesBackup.ts";
import { jupyterhub } from "./jupyterhub.ts";
import { environmentFile, proxyEnvironmentFile } from "./jupyterhubConfig.ts";
import { mail } from "./mail.ts";
import { metricsPort, nodeExporter } from "./nodeExporter.ts";
import { proxy } from "./proxy.ts";
import type { HubGuestSettings } from "./settings.ts";
import { sso, type SsoSecrets, ssoSecretFiles, ssoSessions } from "./sso.ts";
import { webServer } from "./web.ts";

/** Secrets of one hub; the settings decide which exist. */
export interface HubSecrets {
  readonly dummyPassword?: pulumi.Output<string> | undefined;
  readonly googleClientSecret?: pulumi.Output<string> | undefined;
  readonly swiftPassword?: pulumi.Output<string> | undefined;
  readonly backupKey?: pulumi.Output<string> | undefined;
  readonly backups?: BackupSecrets | undefined;
  readonly sso?: SsoSecrets | undefined;
}

export interface HubGuestArgs {
  readonly context: CallystoContext;
  /** Name of the hub among the environments. */
  readonly environment: string;
  readonly host: Host;
  readonly settings: HubGuestSettings;
  readonly secrets: HubSecrets;
}

/** The inside of a hub. */
export class HubGuest extends pulumi.ComponentResource {
  readonly hostKey: pulumi.Output<string>;

  constructor(name: string, args: HubGuestArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:callysto:HubGuest", name, {}, opts);
    const { context, host, settings } = args;
    const token = new random.RandomPassword(`${name}-proxy-token`, { length: 48, special: false }, { parent: this });
    const environment = {
      DUMMY_PASSWORD: args.secrets.dummyPassword,
      OAUTH_CLIENT_SECRET: args.secrets.googleClientSecret,
      SWIFT_PASSWORD: args.secrets.swiftPassword,
    };
    const secrets: Record<string, SecretFile> = {
      "proxy-environment": {
        path: proxyEnvironmentFile,
        text: environmentText({ CONFIGPROXY_AUTH_TOKEN: token.result }),
        unit: { name: "configurable-http-proxy", how: "restart" },
      },
      ...(Object.values(environment).every((value) => value === undefined)
        ? {}
        : {
            "jupyterhub-environment": {
              path: environmentFile,
              text: environmentText(environment),
              unit: { name: "jupyterhub", how: "restart" },
            },
          }),
      ...(args.secrets.backupKey === undefined
        ? {}
        : { "backup-key": { path: backupKey, text: args.secrets.backupKey } }),
      ...(args.secrets.backups === undefined || settings.backups === undefined
        ? {}
        : {
            "backups-environment": {
              path: backupsEnvironmentFile,
              text: environmentText({
                RESTIC_REPOSITORY: pulumi.output(settings.backups.repository),
                RESTIC_PASSWORD: args.secrets.backups.password,
                AWS_ACCESS_KEY_ID: args.secrets.backups.accessKeyId,
                AWS_SECRET_ACCESS_KEY: args.secrets.backups.secretAccessKey,
                RESTIC_CACHE_DIR: pulumi.output("/var/cache/restic"),
              }),
            },
          }),
      ...(args.secrets.sso === undefined ? {} : ssoSecretFiles(name, host, args.secrets.sso, this)),
    };

    const guest = new Guest(
      `${name}-guest`,
      {
        address: host.loginAddress,
        user: operator,
        privateKey: context.deployKey.private,
        bootstrapKey: host.bootstrapKey,
        serverId: host.server.serverId,
        after: host.volumes.attachments,
        secrets,
        roles: hubRoles(args.environment, host, settings, context),
        release: ["systemctl -q stop jupyterhub 2>/dev/null || true", ...stopDocker, ...releaseHomes],
        retention: host.retention,
      },
      { parent: this },
    );
    this.hostKey = guest.hostKey;
    this.registerOutputs({ hostKey: this.hostKey });
  }
}

/** The roles of a hub in dependency order. */
function hubRoles(
  environment: string,
  { hostname, volumes }: Host,
  settings: HubGuestSettings,
  { accountKeys, metricsFrom }: Pick<CallystoContext, "accountKeys" | "metricsFrom">,
): Record<string, pulumi.Input<GuestRole>> {
  const [first, second] = Object.values(volumes.volumeIds);
  const { sso: signOn, site } = settings;
  return {
    base: hostname.apply((full) => base({ hostname: full, ...settings })),
    mail: hostname.apply((full) => mail({ hostname: full, ...settings })),
    access: access(accountKeys, settings.certificateKey === undefined ? [] : [pusher]),
    firewall: firewall({
      open: [22, 80, 443],
      inside: { docker0: [8081] },
      ...(metricsFrom === undefined ? {} : { from: { port: metricsPort, ranges: metricsFrom } }),
    }),
    homes: pulumi.all([first ?? "", second ?? ""]).apply(([one, two]) => homes([one, two])),
    docker: docker(settings.dockerStorage),
    "notebook-image": notebookImage(settings.jupyterhub.image),
    proxy: proxy(),
    jupyterhub: jupyterhub(settings.jupyterhub),
    ...(signOn === undefined ? {} : { sso: hostname.apply((full) => sso(full, signOn, site)) }),
    web: hostname.apply((full) => webServer(full, site, signOn !== undefined)),
    ...(signOn === undefined ? {} : { "sso-sessions": hostname.apply((full) => ssoSessions(full, signOn, site)) }),
    ...(settings.certificateKey === undefined ? {} : { "certificate-push": pushAccount(settings.certificateKey) }),
    ...(metricsFrom === undefined ? {} : { "node-exporter": nodeExporter(settings) }),
    ...(settings.backup === undefined ? {} : { backup: backup(settings.backup) }),
    ...(settings.backups === undefined ? {} : { "homes-backup": homesBackup(environment, settings.backups) }),
  };
}

/** Lines of an environment file; systemd reads a value in single quotes as it is. */
function environmentText(values: Readonly<Record<string, pulumi.Output<string> | undefined>>): pulumi.Output<string> {
  const given = Object.entries(values).flatMap(([key, value]) =>
    value === undefined ? [] : [value.apply((text) => `${key}='${text.replaceAll("'", `'\\''`)}'\n`)],
  );
  return pulumi.all(given).apply((lines) => lines.join(""));
}
