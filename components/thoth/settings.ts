/** Settings of Thoth: a section a service. */
import { z } from "zod";
import { botsSettings } from "./bots/settings.ts";
import { dgraphSettings } from "./dgraph/settings.ts";
import { nodepoolSettings } from "./nodepool/settings.ts";
import { stationSettings } from "./station/settings.ts";
import { ultrahookSettings } from "./ultrahook/settings.ts";

/** Settings of Thoth; absent sections are not deployed. */
export const settings = z.strictObject({
  bots: botsSettings.optional().describe("Kebechet, Nepthys, Sesheta and the other bots."),
  ultrahook: ultrahookSettings.optional().describe("Tunnels for webhooks."),
  dgraph: dgraphSettings.optional().describe("Graph database of the station."),
  station: stationSettings.optional().describe("The Thoth station itself."),
  nodepool: nodepoolSettings.optional().describe("Where Zuul runs its jobs."),
});
export type ThothSettings = z.infer<typeof settings>;
