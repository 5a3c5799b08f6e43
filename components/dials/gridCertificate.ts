import * as pulumi from "@pulumi/pulumi";
import { ServiceSecret } from "../../blocks/kubernetes/secret.ts";
import type { Mount } from "../../blocks/kubernetes/volume.ts";
import type { DialsContext } from "./context.ts";

/** Where the indexer finds certificate and key. */
export const certificateFolder = "/etc/grid-security/dials";
/** Their names in that folder and in the Secret. */
export const certificateFiles = { certificate: "usercert.pem", key: "userkey.pem" } as const;

export interface GridCertificateArgs {
  readonly context: DialsContext;
  /** PEM; config validation guarantees that it has not expired and matches the key. */
  readonly certificate: pulumi.Output<string>;
  /** PEM without passphrase. */
  readonly key: pulumi.Output<string>;
}

/** The robot certificate with which the indexer queries DBS. */
export class GridCertificate extends pulumi.ComponentResource {
  private readonly secret: ServiceSecret<(typeof certificateFiles)[keyof typeof certificateFiles]>;

  constructor(name: string, args: GridCertificateArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:dials:GridCertificate", name, {}, opts);
    this.secret = new ServiceSecret(
      name,
      {
        namespace: args.context.namespace,
        name: "dials-grid-certificate",
        values: { [certificateFiles.certificate]: args.certificate, [certificateFiles.key]: args.key } as const,
      },
      { parent: this },
    );
    this.registerOutputs({});
  }

  /** Both files, readable by the pod only. */
  mount(): Mount {
    return this.secret.mount({ volume: "grid-certificate", mode: 0o440 });
  }
}
