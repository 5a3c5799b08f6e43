import type { BotImage } from "./botImage.ts";
import type * as pulumi from "@pulumi/pulumi";
import type { NamespaceRef } from "../../../blocks/kubernetes/metadata.ts";
import type { ThothSecrets } from "../config.ts";
import type { ChatKey, SeshetaSecret } from "./secrets.ts";
import type { BotsSettings } from "./settings.ts";

/** What every bot is given. */
export interface BotArgs {
  readonly namespace: NamespaceRef;
  readonly secrets: ThothSecrets;
  /** Make no runs by the clock. */
  readonly suspend: boolean;
  /** Name of the Secret that lets Zuul start builds; only where something is built. */
  readonly buildSecret: pulumi.Output<string> | undefined;
  /** Namespace of tunnels that may call it. */
  readonly tunnels: string | undefined;
}

/** What Sesheta needs. */
export interface SeshetaArgs extends BotArgs {
  readonly settings: BotsSettings["sesheta"];
  readonly secret: SeshetaSecret;
  /** Only the webhook receiver and the scrum reminder use it. */
  readonly chatKey: ChatKey | undefined;
}

/** What Sesheta's four programs share. */
export interface SeshetaParts extends SeshetaArgs {
  readonly image: BotImage;
}
