/** Versions of the base configuration, by the day of the runbook's state that each holds. */
export const configurationVersions = ["20201021", "20201202"] as const;

export type ConfigurationVersion = (typeof configurationVersions)[number];

/** Default version. */
export const newestVersion: ConfigurationVersion = "20201202";
