import * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";
import type { ConfigOf } from "../../config/define.ts";
import { type cloudsSchema, targetNamed } from "../../config/targets.ts";

/** An OpenStack project that systems are deployed to; made from `clouds:settings`. */
export interface Cloud {
  readonly name: string;
  readonly region: string;
  /** Name of the network that floating IPs are drawn from. */
  readonly externalNetwork: string;
  /** Name of the project's own network that servers are attached to. */
  readonly network: string;
  /** The one provider of this cloud. */
  readonly provider: openstack.Provider;
}

/** The OpenStack projects that the stack names, each with its one provider; returns a look-up by name. */
export function connectClouds(
  config: ConfigOf<typeof cloudsSchema> | undefined,
  opts?: pulumi.ResourceOptions,
): (cloud: string) => Cloud {
  const clouds = new Map<string, Cloud>();
  for (const [cloud, settings] of Object.entries(config?.settings ?? {})) {
    const { region, externalNetwork, network, ...login } = settings;
    const secret = config?.keyedSecrets.credentials[cloud] ?? pulumi.secret("");
    const provider = new openstack.Provider(
      cloud,
      {
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
        // The SDK would take these from the shell's environment; the preflight checks what the plugin would take itself.
        cloud: "",
        delayedAuth: true,
        endpointType: "public",
        insecure: false,
        swauth: false,
      },
      opts,
    );
    clouds.set(cloud, { name: cloud, region, externalNetwork, network, provider });
  }
  return (cloud) => targetNamed(clouds.get(cloud), "cloud", cloud);
}

/**
 * An error about a cloud, reported without a stack trace. Pulumi prints a RunError without its stack trace, but only
 * until the program's body has ended; what comes later, from an output, it prints as `stack`: so that is the message too.
 */
export function cloudError(message: string): pulumi.RunError {
  const error = new pulumi.RunError(message);
  error.stack = message;
  return error;
}

/** What cloud-init does at a server's first boot; everything else is done by Guest, which can change a live server. */
export interface CloudConfig {
  /** The image's default user gets this name; it may use sudo. */
  readonly user: string;
  /** Public keys that may log in as that user. */
  readonly authorizedKeys: readonly string[];
  /** Host key that the server shows at the first login, in OpenSSH's format. */
  readonly hostKey: { readonly public: string; readonly private: string };
}

/**
 * cloud-init's user data. Members of the project and processes in the server can read it, so the host key in it serves the first
 * login only, by which the server gets another one.
 */
export function cloudConfigText(config: CloudConfig): string {
  const document = {
    preserve_hostname: true,
    user: { name: config.user },
    ssh_authorized_keys: [...config.authorizedKeys],
    ssh_keys: { ed25519_private: config.hostKey.private, ed25519_public: config.hostKey.public },
  };
  return `#cloud-config\n${stringify(document, { lineWidth: 0 })}`;
}
