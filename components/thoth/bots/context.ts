import type * as pulumi from "@pulumi/pulumi";
import type { NamespaceRef } from "../../../blocks/kubernetes/metadata.ts";
import type { ChatKey, SeshetaSecret } from "./secrets.ts";

/** What every bot builds on. */
export interface BotsContext {
  readonly namespace: NamespaceRef;
  /** Suspend the CronJobs. */
  readonly suspend: boolean;
  /** Name of the Secret that lets Zuul start builds; only where something is built. */
  readonly buildSecret: pulumi.Output<string> | undefined;
  /** Namespace of tunnels that may call the receivers. */
  readonly tunnels: string | undefined;
  /** Sesheta's tokens; Webhook2kafka checks signatures with one of them. */
  readonly seshetaSecret: SeshetaSecret | undefined;
  /** Google key of the programs that post to the chat. */
  readonly chatKey: ChatKey | undefined;
}
