import { type ConfigOf, defineSystem, type Reference } from "../../config/define.ts";
import { botsProblems, receivers } from "./bots/settings.ts";
import { dgraphProblems } from "./dgraph/settings.ts";
import { nodepoolProblems } from "./nodepool/settings.ts";
import { ultrahookProblems } from "./ultrahook/settings.ts";
import { thothKeyedSecrets, thothSecrets } from "./secrets.ts";
import { type ThothSettings, settings } from "./settings.ts";
import { stationProblems } from "./station/settings.ts";

export const thothSchema = defineSystem({
  namespace: "thoth",
  settings,
  secrets: thothSecrets,
  keyedSecrets: thothKeyedSecrets,
  references: (settings) => references(settings),
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
