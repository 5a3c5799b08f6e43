import type * as pulumi from "@pulumi/pulumi";

/** A file of the guest; its text is readable in the render, so it holds no secret. */
export interface GuestFile {
  readonly path: string;
  /** Ends with a line break. */
  readonly text: string;
  /** @default 0644 */
  readonly mode?: string;
  /** @default root:root */
  readonly owner?: string;
}

/** A file with a secret, transferred separately. */
export interface SecretFile {
  readonly path: string;
  readonly text: pulumi.Output<string>;
  /** @default 0600 */
  readonly mode?: string;
  /** @default root:root */
  readonly owner?: string;
  /** Unit that reads it; a running one takes a new content at once. */
  readonly unit?: { readonly name: string; readonly how: "restart" | "reload" };
}

/** A Linux account. */
interface Account {
  readonly name: string;
  /** @default the guest's choice */
  readonly uid?: number;
  readonly home: string;
  /** @default /bin/bash */
  readonly shell?: string;
}

/** A public key of an account. */
export interface AccountKey {
  readonly user: string;
  readonly state: "present" | "absent";
  readonly publicKey: string;
}

/** A systemd unit that is enabled and runs. */
export interface Unit {
  readonly name: string;
  /** What a changed file asks for. */
  readonly how: "restart" | "reload";
  /** Files that it reads when it starts. */
  readonly files: readonly string[];
}

/** One role of a guest, converged by one script; the fields are applied in this order. */
export interface GuestRole {
  readonly packages?: readonly string[];
  readonly absentPackages?: readonly string[];
  readonly accounts?: readonly Account[];
  readonly keys?: readonly AccountKey[];
  readonly files?: readonly GuestFile[];
  readonly absentFiles?: readonly string[];
  /** Commands of converge.sh, for everything else. */
  readonly steps?: readonly string[];
  readonly units?: readonly Unit[];
  /** Commands of converge.sh that fail unless the role works. */
  readonly checks?: readonly string[];
}
