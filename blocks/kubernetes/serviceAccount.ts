import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { Block, type BlockOptions, type Retention } from "../block.ts";
import type { ObjectArgs, NamespaceRef } from "./metadata.ts";
import { metadata } from "./metadata.ts";

export interface ServiceAccountArgs extends ObjectArgs {
  /** Do its pods get a token, because they call the API server? @default false */
  readonly mountsToken?: boolean;
  /** Physical name of a Secret with a long-lived token, for callers outside the cluster. @default none */
  readonly tokenSecret?: string;
  /** Of the account and its token Secret, which others may have copied. @default { protect: false, retainOnDelete: false } */
  readonly retention?: Partial<Retention>;
}

/**
 * An account for pods, or for callers outside when it has a token Secret.
 *
 * @example
 * const args = { namespace, name: "ci", tokenSecret: "ci-token" };
 * const account = new ServiceAccount("ci", args, { parent: this });
 * this.token = account.token;
 */
export class ServiceAccount extends Block {
  readonly namespace: NamespaceRef;
  readonly name: pulumi.Output<string>;
  readonly mountsToken: boolean;
  /** Long-lived token; only with `tokenSecret`. */
  readonly token: pulumi.Output<string> | undefined;
  /** The cluster's certificate authority as the token's Secret tells it, PEM; only with `tokenSecret`. */
  readonly clusterCa: pulumi.Output<string> | undefined;
  private readonly rights: pulumi.Resource[] = [];

  constructor(name: string, args: ServiceAccountArgs, opts: BlockOptions) {
    super();
    const { protect = false, retainOnDelete = false } = args.retention ?? {};
    const keep = { protect, retainOnDelete };
    const account = this.make(
      new k8s.core.v1.ServiceAccount(
        `${name}-account`,
        { metadata: metadata(args), automountServiceAccountToken: false },
        { ...opts, ...keep },
      ),
    );
    this.namespace = args.namespace;
    this.name = account.metadata.name;
    this.mountsToken = args.mountsToken ?? false;
    const data =
      args.tokenSecret === undefined ? undefined : this.makeToken(name, args, args.tokenSecret, { ...opts, ...keep });
    this.token = data?.apply((held) => pulumi.secret(decoded(held.token)));
    this.clusterCa = data === undefined ? undefined : pulumi.unsecret(data.apply((held) => decoded(held["ca.crt"])));
  }

  /** Its name for pods, which start after the permissions that it has so far: many programs end without them. */
  get allowed(): pulumi.Output<string> {
    return pulumi.all([this.name, pulumi.all(this.rights.map(({ urn }) => urn))]).apply(([name]) => name);
  }

  /** Notes resources that give it permissions. */
  allow(rights: readonly pulumi.Resource[]): void {
    this.rights.push(...rights);
  }

  private makeToken(
    name: string,
    args: ServiceAccountArgs,
    tokenSecret: string,
    opts: pulumi.CustomResourceOptions,
  ): pulumi.Output<Readonly<Record<string, string>>> {
    const annotations = { "kubernetes.io/service-account.name": this.name };
    const secret = this.make(
      new k8s.core.v1.Secret(
        `${name}-token`,
        {
          metadata: { ...metadata({ ...args, name: tokenSecret }), annotations },
          type: "kubernetes.io/service-account-token",
        },
        // The controller fills the data in; the provider waits for it and must not take it away again.
        { ...opts, additionalSecretOutputs: ["data"], ignoreChanges: ["data"] },
      ),
    );
    // Without an answer of a cluster, in tests, there is no data.
    return secret.data.apply((data: Readonly<Record<string, string>> | undefined) => data ?? {});
  }
}

function decoded(base64 = ""): string {
  return Buffer.from(base64, "base64").toString("utf8");
}
