import type { NamespaceRef } from "../../../blocks/kubernetes/metadata.ts";
import type { ServiceSecret } from "../../../blocks/kubernetes/secret.ts";
import type { DgraphSettings } from "./settings.ts";

/** What every component of Dgraph builds on. */
export interface DgraphContext {
  readonly namespace: NamespaceRef;
  readonly settings: DgraphSettings;
  /** Secret `dgraph-tls` with the servers' files. */
  readonly secret: Pick<ServiceSecret<string>, "mount">;
}
