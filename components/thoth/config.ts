import { z } from "zod";
import { type ConfigOf, defineSystem, type Reference } from "../../config/define.ts";
import { botsProblems, botsSettings, receivers } from "./configBots.ts";
import { dgraphProblems, dgraphSettings } from "./configDgraph.ts";
import { nodepoolProblems, nodepoolSettings } from "./configNodepool.ts";
import { ultrahookProblems, ultrahookSettings } from "./configUltrahook.ts";
import { needs } from "./needs.ts";
import { thothFamilies, thothSecrets } from "./secretSpecs.ts";
import { stationProblems, stationSettings } from "./station/settings.ts";

/** Thoth: what a section's absence leaves out is not deployed. */
const settingsSchema = z.strictObject({
  bots: botsSettings.optional().describe("Kebechet, Nepthys, Sesheta and the other bots."),
  ultrahook: ultrahookSettings.optional().describe("Tunnels for webhooks."),
  dgraph: dgraphSettings.optional().describe("Graph database of the station."),
  station: stationSettings.optional().describe("The Thoth station itself."),
  nodepool: nodepoolSettings.optional().describe("Where Zuul runs its jobs."),
});
export type ThothSettings = z.infer<typeof settingsSchema>;

export const thothSchema = defineSystem({
  namespace: "thoth",
  settings: settingsSchema,
  secrets: thothSecrets,
  families: thothFamilies,
  references: (settings) => references(settings),
  needs: (settings) => needs(settings),
  rules: ({ bots, ultrahook, dgraph, station, nodepool }) => [
    ...(bots === undefined ? [] : botsProblems(bots)),
    ...(ultrahook === undefined ? [] : ultrahookProblems(ultrahook, receivers(bots))),
    ...(dgraph === undefined ? [] : dgraphProblems(dgraph)),
    ...(station === undefined ? [] : stationProblems(station, dgraph)),
    ...(nodepool === undefined ? [] : nodepoolProblems(nodepool)),
  ],
});

export type ThothConfig = ConfigOf<typeof thothSchema>;
export type ThothSecrets = ThothConfig["secrets"];

function references({ bots, ultrahook, dgraph, station, nodepool }: ThothSettings): readonly Reference[] {
  return Object.entries({ bots, ultrahook, dgraph, station, nodepool }).flatMap(([section, settings]) =>
    settings === undefined ? [] : [{ path: `${section}.cluster`, kind: "cluster" as const, name: settings.cluster }],
  );
}
