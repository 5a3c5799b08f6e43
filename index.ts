/** The program, wiring only: reads the stack's config and builds the systems that it names. */
import { Callysto } from "./components/callysto/callysto.ts";
import { Dials } from "./components/dials/dials.ts";
import type { PackitConfig } from "./components/packit/config.ts";
import type { ServiceName } from "./components/packit/names.ts";
import { Packit } from "./components/packit/packit.ts";
import { Prow } from "./components/prow/prow.ts";
import { Thoth } from "./components/thoth/thoth.ts";
import { refuseAmbientLogins } from "./config/ambient.ts";
import { loadConfig } from "./config/load.ts";
import { refuseMissingRights } from "./config/rights.ts";
import { plainStackTraces } from "./config/stackTraces.ts";
import { schemas } from "./config/systems.ts";
import { connectClouds, connectClusters } from "./config/targets.ts";

plainStackTraces();
// Every problem of the config is reported here, before anything is registered.
const config = loadConfig(schemas);
refuseAmbientLogins(config.clouds);
await refuseMissingRights(schemas, config, config.clusters);
const cluster = connectClusters(config.clusters);
const cloud = connectClouds(config.clouds);

/** Callysto's hosts by the name of their environment: full name, and the address to log in to. */
export const callysto = build(config.callysto, (own) => {
  const target = cloud(own.settings.cloud);
  const { environments } = new Callysto("callysto", { config: own, cloud: target }, { providers: [target.provider] });
  return environments;
});

/** Where DIALS is reached. */
export const dials = build(config.dials, (own) => {
  const target = cluster(own.settings.cluster);
  const { frontendUrl, apiUrl } = new Dials(
    "dials",
    { config: own, cluster: target },
    { providers: [target.provider] },
  );
  return { frontendUrl, apiUrl };
});

/** Where Prow is reached. */
export const prow = build(config.prow, (own) => {
  const target = cluster(own.settings.cluster);
  return new Prow("prow", { config: own, cluster: target }, { providers: [target.provider] }).outputs;
});

/** Where Packit is reached: its API, its dashboard and its workers' metrics. */
export const packit = build(config.packit, (own) => deployPackit("packit", own));

/** The same of the CentOS Stream service. */
export const stream = build(config.stream, (own) => deployPackit("stream", own));

/** Where Thoth's bots are reached, and what Zuul's hosts need. */
export const thoth = build(config.thoth, (own) => new Thoth("thoth", { config: own, cluster }).outputs);

/** One of the two services that Packit's program runs. */
function deployPackit(service: ServiceName, own: PackitConfig) {
  const { provider } = cluster(own.settings.cluster);
  const { serviceUrl, dashboardUrl, metricsUrl } = new Packit(
    service,
    { service, config: own, cluster },
    { providers: [provider] },
  );
  return { serviceUrl, dashboardUrl, metricsUrl };
}

/** A system that the stack does not name is not deployed. */
function build<Config, Outputs>(own: Config | undefined, deploy: (own: Config) => Outputs): Outputs | undefined {
  return own === undefined ? undefined : deploy(own);
}
