/** The program, wiring only: reads the stack's config and builds the systems that it names. */
import { connectTargets } from "./blocks/targets.ts";
import { Callysto } from "./components/callysto/index.ts";
import { Dials } from "./components/dials/index.ts";
import { Packit } from "./components/packit/index.ts";
import { Prow } from "./components/prow/index.ts";
import { schemas } from "./components/registry.ts";
import { Thoth } from "./components/thoth/index.ts";
import { loadConfig } from "./config/load.ts";
import { assertNoEnvironmentCredentials } from "./config/preflight/environmentCredentials.ts";
import { assertPermissions } from "./config/preflight/permissions.ts";
import { leanSdk } from "./config/leanSdk.ts";

leanSdk();
// Every problem of the config is reported here, before anything is registered.
const { clusters, clouds, ...config } = loadConfig(schemas);
assertNoEnvironmentCredentials(clouds);
await assertPermissions(schemas, { clusters, clouds, ...config }, clusters);
const targets = connectTargets({ clusters, clouds });

/** A system that the stack does not name is not deployed. */
function build<Config, Outputs>(config: Config | undefined, deploy: (config: Config) => Outputs): Outputs | undefined {
  return config === undefined ? undefined : deploy(config);
}

export const callysto = build(config.callysto, (config) => new Callysto("callysto", { config, targets }).outputs);
export const dials = build(config.dials, (config) => new Dials("dials", { config, targets }).outputs);
export const packit = build(config.packit, (config) => new Packit("packit", { config, targets }).outputs);
export const prow = build(config.prow, (config) => new Prow("prow", { config, targets }).outputs);
export const stream = build(config.stream, (config) => new Packit("stream", { config, targets }).outputs);
export const thoth = build(config.thoth, (config) => new Thoth("thoth", { config, targets }).outputs);
