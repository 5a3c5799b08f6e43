/** The parts of a state that are read here; secrets in it are encrypted. */

/** A resource of a state. */
export interface StateResource {
  readonly urn: string;
  readonly type: string;
  /** Whether a provider makes it; a component is nothing but a name for others. */
  readonly custom?: boolean;
  readonly id?: string;
  readonly provider?: string;
  readonly parent?: string;
  /** Only read by the program; somebody else makes it. */
  readonly external?: boolean;
  readonly dependencies?: readonly string[] | null;
  readonly propertyDependencies?: Readonly<Record<string, readonly string[] | null>> | null;
  readonly deletedWith?: string;
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly outputs?: Readonly<Record<string, unknown>>;
  /** To be deleted, as another has its place. */
  readonly delete?: boolean;
  /** Deleted, and not made again yet. */
  readonly pendingReplacement?: boolean;
}

/** What an update did when it was interrupted. */
export interface PendingOperation {
  readonly type: string;
  readonly resource: StateResource;
}

/** The parts of a state that are read here. */
export interface Deployment {
  readonly manifest?: { readonly time?: string };
  readonly secrets_providers?: { readonly type?: string; readonly state?: Readonly<Record<string, unknown>> | null };
  readonly resources?: readonly StateResource[] | null;
  readonly pending_operations?: readonly PendingOperation[] | null;
}
