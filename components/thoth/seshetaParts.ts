import type { BotImage } from "./botImage.ts";
import type { BotArgs } from "./bots.ts";
import type { ChatKey, SeshetaSecret } from "./botSecrets.ts";
import type { BotsSettings } from "./configBots.ts";

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
