/** packit-service.yaml: the owner's file, kept byte by byte, whose keys must agree with what is deployed. */
import { isMap, parseDocument } from "yaml";
import type { PackitSettings } from "./settings.ts";
import { sourceImage } from "./images.ts";
import { cacheFolder, githubKeyFolder, sandboxNamespace, type ServiceName, tokmanUrl, workFolder } from "./names.ts";

/** Variable by which a worker's start script tells the service which cache its sandboxes mount. */
export const cacheVariable = "SANDCASTLE_REPOSITORY_CACHE_VOLUME";

/** The key of the GitHub App, as web service and workers see it. */
export const githubKeyFile = `${githubKeyFolder}/private-key.pem`;

/** Keys of 2021 that the service has refused since; it takes none that it does not know. */
const removed = ["bugz_branches", "bugz_namespaces", "bugzilla_api_key", "bugzilla_url"];

/** Keys that the service has taken since 2024, after the image of Stream's workers was built: with one of them every task fails. */
const unknownToStream = [
  ...["fedora_ci", "fedora_ci_run_by_default", "rate_limit_threshold"],
  ...["logdetective_enabled", "logdetective_url", "logdetective_token"],
];

type Held = Readonly<Record<string, unknown>>;

/** What is wrong with the file; values of keys are not repeated unless they are the settings' own. */
export function serviceConfigProblem(service: ServiceName, settings: PackitSettings, text: string): string | undefined {
  const document = parseDocument(text);
  if (document.errors.length > 0 || !isMap(document.contents)) return "expected packit-service.yaml, a YAML map";
  const held = document.toJS() as Held;
  const { deployment, hosts, images } = settings;
  const old = images.service?.digest !== undefined && images.worker?.digest !== undefined;
  const wrong = [
    ...expected(held, "deployment", deployment),
    ...(hosts.service === undefined ? [] : expected(held, "server_name", hosts.service)),
    ...serverNameProblems(text),
    ...(hosts.dashboard === undefined ? [] : expected(held, "dashboard_url", `https://${hosts.dashboard}`)),
    ...githubProblems(settings, held),
    ...optional(held, "keytab_path", "/secrets/fedora.keytab"),
    ...optional(held, "command_handler_work_dir", workFolder),
    ...sandboxProblems(service, settings, held),
    ...cacheProblems(settings, held),
    ...(service === "stream" ? streamProblems(held) : []),
    ...removed.filter((key) => key in held && !old).map((key) => `${key} is gone from the service; remove it`),
  ];
  return wrong.length === 0 ? undefined : `packit-service.yaml does not fit the settings: ${wrong.join("; ")}`;
}

function expected(held: Held, key: string, value: string): string[] {
  return held[key] === value ? [] : [`${key} must be ${value}`];
}

function optional(held: Held, key: string, value: string): string[] {
  return key in held ? expected(held, key, value) : [];
}

/** The start script cuts name and port out of the line by sed, so quotes and comments would become part of the name. */
function serverNameProblems(text: string): string[] {
  return /^server_name: [^:"'#\s]+(:8443)?$/m.test(text)
    ? []
    : ["server_name must be a line of its own without quotes and comment, and with no port but 8443"];
}

/** What only the CentOS Stream service has: all that it does is at GitLab. */
function streamProblems(held: Held): string[] {
  const all = (held.authentication ?? {}) as Readonly<Record<string, Held | null | undefined>>;
  return [
    ...(all["gitlab.com"]?.token === undefined
      ? ["authentication gitlab.com needs the token of the account that opens merge requests"]
      : []),
    ...(held.gitlab_token_secret === undefined
      ? ["gitlab_token_secret is missing; without it every webhook of GitLab is refused"]
      : []),
    ...unknownToStream
      .filter((key) => key in held)
      .map((key) => `${key} is unknown to Stream's workers, whose image is of 2024; remove it`),
  ];
}

/** GitHub is asked by tokman's tokens, or with the App's key where it is mounted. */
function githubProblems({ parts, githubAppId }: PackitSettings, held: Held): string[] {
  const all = (held.authentication ?? {}) as Readonly<Record<string, Held | null | undefined>>;
  const app = all["github.com"] ?? {};
  const { github_app_id: id, tokman_instance_url: url } = app;
  const wrong =
    id === undefined || id === githubAppId || id === String(githubAppId)
      ? []
      : ["authentication github.com.github_app_id must be githubAppId"];
  if (url !== undefined) {
    const right = parts.tokman && url === tokmanUrl;
    return right
      ? wrong
      : [...wrong, `authentication github.com.tokman_instance_url must be ${tokmanUrl}, with parts.tokman`];
  }
  const keyed =
    id === undefined || "github_app_private_key" in app || app.github_app_private_key_path === githubKeyFile;
  const how = `authentication github.com needs github_app_private_key_path: ${githubKeyFile}, where the key is mounted`;
  return keyed ? wrong : [...wrong, parts.tokman ? `${how}, or tokman_instance_url: ${tokmanUrl}` : how];
}

function sandboxProblems(service: ServiceName, settings: PackitSettings, held: Held): string[] {
  if (held.command_handler !== "sandcastle") return [];
  if (!settings.sandbox.enabled) return ["command_handler sandcastle needs sandbox.enabled"];
  const { storageClass, images } = settings;
  const unnamed = images.worker?.digest === undefined && !("command_handler_storage_class" in held);
  return [
    ...expected(held, "command_handler_k8s_namespace", sandboxNamespace(service, settings)),
    ...expected(held, "command_handler_image_reference", sourceImage(service, settings, "sandcastle")),
    ...(storageClass !== undefined
      ? expected(held, "command_handler_storage_class", storageClass)
      : unnamed
        ? [
            "command_handler_storage_class must name a class of the cluster; without it the sandboxes' volumes ask for gp2",
          ]
        : []),
  ];
}

function cacheProblems({ repositoryCache, sandbox }: PackitSettings, held: Held): string[] {
  const cache = held.repository_cache;
  if (cache === undefined || cache === "") return [];
  if (!repositoryCache.enabled) return ["repository_cache needs repositoryCache.enabled"];
  const specs = Array.isArray(held.command_handler_pvc_volume_specs)
    ? (held.command_handler_pvc_volume_specs as Held[])
    : [];
  const paired = specs.some(({ path, pvc_from_env: variable }) => path === cacheFolder && variable === cacheVariable);
  return [
    ...expected(held, "repository_cache", cacheFolder),
    ...(!sandbox.enabled || held.command_handler !== "sandcastle" || paired
      ? []
      : [`command_handler_pvc_volume_specs must have path ${cacheFolder} with pvc_from_env ${cacheVariable}`]),
  ];
}
