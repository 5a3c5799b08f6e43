/** packit-service.yaml: the owner's file, kept byte by byte, whose keys must agree with what is deployed. */
import { isMap, parseDocument } from "yaml";
import { sample } from "../../config/samples.ts";
import type { PackitSettings } from "./config.ts";
import { sourceImage } from "./images.ts";
import { cacheFolder, sandboxNamespace, type ServiceName } from "./names.ts";

/** Variable by which a worker's start script tells the service which cache its sandboxes mount. */
const cacheVariable = "SANDCASTLE_REPOSITORY_CACHE_VOLUME";

/** What is wrong with the file; values of keys are not repeated unless they are the settings' own. */
export function serviceConfigProblem(service: ServiceName, settings: PackitSettings, text: string): string | undefined {
  const document = parseDocument(text);
  if (document.errors.length > 0 || !isMap(document.contents)) return "expected packit-service.yaml, a YAML map";
  const held = document.toJS() as Readonly<Record<string, unknown>>;
  const { deployment, hosts } = settings;
  const wrong = [
    ...expected(held, "deployment", deployment),
    ...(hosts.service === undefined ? [] : expected(held, "server_name", hosts.service)),
    ...(hosts.dashboard === undefined ? [] : expected(held, "dashboard_url", `https://${hosts.dashboard}`)),
    ...githubProblems(settings, held),
    ...sandboxProblems(service, settings, held),
    ...cacheProblems(settings, held),
  ];
  return wrong.length === 0 ? undefined : `packit-service.yaml does not fit the settings: ${wrong.join("; ")}`;
}

function expected(held: Readonly<Record<string, unknown>>, key: string, value: string): string[] {
  return held[key] === value ? [] : [`${key} must be ${value}`];
}

/** tokman hands out the tokens of the App that the service says it is. */
function githubProblems({ parts, githubAppId }: PackitSettings, held: Readonly<Record<string, unknown>>): string[] {
  const all = (held.authentication ?? {}) as Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>>;
  const app = all["github.com"]?.github_app_id;
  return !parts.tokman || app === undefined || app === githubAppId || app === String(githubAppId)
    ? []
    : ["authentication github.com.github_app_id must be githubAppId"];
}

function sandboxProblems(
  service: ServiceName,
  settings: PackitSettings,
  held: Readonly<Record<string, unknown>>,
): string[] {
  if (held.command_handler !== "sandcastle") return [];
  if (!settings.sandbox.enabled) return ["command_handler sandcastle needs sandbox.enabled"];
  const { storageClass } = settings;
  return [
    ...expected(held, "command_handler_k8s_namespace", sandboxNamespace(service, settings)),
    ...expected(held, "command_handler_image_reference", sourceImage(service, settings, "sandcastle")),
    ...(storageClass === undefined ? [] : expected(held, "command_handler_storage_class", storageClass)),
  ];
}

function cacheProblems(
  { repositoryCache, sandbox }: PackitSettings,
  held: Readonly<Record<string, unknown>>,
): string[] {
  const cache = held.repository_cache;
  if (cache === undefined || cache === "") return [];
  if (!repositoryCache.enabled) return ["repository_cache needs repositoryCache.enabled"];
  const specs = Array.isArray(held.command_handler_pvc_volume_specs)
    ? (held.command_handler_pvc_volume_specs as Readonly<Record<string, unknown>>[])
    : [];
  const paired = specs.some(({ path, pvc_from_env: variable }) => path === cacheFolder && variable === cacheVariable);
  return [
    ...expected(held, "repository_cache", cacheFolder),
    ...(!sandbox.enabled || held.command_handler !== "sandcastle" || paired
      ? []
      : [`command_handler_pvc_volume_specs must have path ${cacheFolder} with pvc_from_env ${cacheVariable}`]),
  ];
}

/** A file that passes the check. */
export function sampleServiceConfig(service: ServiceName, settings: PackitSettings, seed: string): string {
  const { deployment, hosts, sandbox, repositoryCache, githubAppId, storageClass } = settings;
  const sandcastle = sandbox.enabled
    ? `command_handler: sandcastle
command_handler_work_dir: /sandcastle
command_handler_image_reference: ${sourceImage(service, settings, "sandcastle")}
command_handler_k8s_namespace: ${sandboxNamespace(service, settings)}
${storageClass === undefined ? "" : `command_handler_storage_class: ${storageClass}\n`}`
    : "command_handler: local\n";
  const cache = repositoryCache.enabled
    ? `repository_cache: ${cacheFolder}
add_repositories_to_repository_cache: false
command_handler_pvc_volume_specs:
  - path: ${cacheFolder}
    pvc_from_env: ${cacheVariable}
`
    : "";
  const github =
    githubAppId === undefined
      ? ""
      : `  github.com:
    github_app_id: "${githubAppId}"
    github_app_private_key_path: /secrets/private-key.pem
`;
  return `deployment: ${deployment}
debug: true
server_name: ${hosts.service ?? "localhost:8443"}
dashboard_url: https://${hosts.dashboard ?? "localhost:8443"}
validate_webhooks: ${String(deployment !== "dev")}
webhook_secret: ${sample("token", `${seed} webhook`)}
testing_farm_secret: ${sample("token", `${seed} testing farm`)}
gitlab_token_secret: ${sample("token", `${seed} gitlab`)}
authentication:
  src.fedoraproject.org:
    instance_url: https://src.fedoraproject.org
    token: ${sample("token", `${seed} pagure`)}
${github}${sandcastle}${cache}`;
}
