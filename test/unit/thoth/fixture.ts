import { thothSchema } from "../../../components/thoth/config.ts";
import { loadConfig } from "../../../config/load.ts";
import { type Parsed, parseConfig } from "../../../config/parse.ts";
import { sample } from "../../../config/samples.ts";
import { type RawConfig, type RawEntry, wantedSecrets } from "../../../config/secrets.ts";
import { clustersSchema } from "../../../config/targets.ts";
import { connectTargets } from "../../../blocks/targets.ts";
import { record } from "../../../review/evaluate/record.ts";
import { type Built, withLookups } from "../kubernetes/fixture.ts";
import { once } from "../recordings.ts";

/** Minimal settings of the bots. */
export const bots = {
  cluster: "lab",
  nepthys: { userEmail: "sesheta@example.org" },
  sesheta: {
    scrumSpace: "spaces/AAAA",
    scrumUrl: "https://meet.example.org/scrum",
    configuration: { organization: "thoth-station", repositories: ["core"] },
  },
};

/** Config of a stack with one cluster and samples for the required secrets. */
export function thothConfig(settings: object, platform = "openshift", secrets: object = {}): RawConfig {
  const entries = new Map<string, RawEntry>([
    ["clusters:settings", plain({ lab: { platform, appsDomain: "apps.lab.test" } })],
    ["clusters:lab", { value: sample("kubeconfig", "lab"), secret: true }],
    ["thoth:settings", plain(settings)],
  ]);
  const parsed = thothSchema.settings.safeParse(settings);
  for (const { key, sample: make } of parsed.success ? wantedSecrets(thothSchema, parsed.data) : []) {
    entries.set(key, { value: make(), secret: true });
  }
  for (const [key, value] of Object.entries(secrets)) entries.set(key, { value: String(value), secret: true });
  return entries;
}

/** What Thoth registers with these settings; the same settings are built once. */
export const buildThoth = once(async (settings: object, platform?: string, secrets?: object): Promise<Built> => {
  const config = thothConfig(settings, platform, secrets);
  const recording = await record({ stack: "test", config }, async () => {
    const { Thoth } = await import("../../../components/thoth/index.ts");
    const loaded = loadConfig({ clusters: clustersSchema, thoth: thothSchema });
    if (loaded.thoth !== undefined) {
      new Thoth("thoth", {
        config: loaded.thoth,
        targets: connectTargets({ clusters: loaded.clusters, clouds: undefined }),
      });
    }
    return {};
  });
  return withLookups(recording);
});

/** Problems of settings and secrets, each as `path: text`. */
export function problems(config: RawConfig): readonly string[] {
  const { problems: found }: Parsed = parseConfig(config, [clustersSchema, thothSchema]);
  return found.map(({ path, text }) => `${path}: ${text}`);
}

function plain(value: object): RawEntry {
  return { value: JSON.stringify(value), secret: false };
}
