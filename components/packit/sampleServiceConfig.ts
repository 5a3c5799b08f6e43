/** A packit-service.yaml for samples, which passes the check of {@link serviceConfigProblem}. */
import { sample } from "../../config/samples.ts";
import type { PackitSettings } from "./settings.ts";
import { sourceImage } from "./images.ts";
import { cacheFolder, sandboxNamespace, type ServiceName, serviceDefaults, tokmanUrl, workFolder } from "./names.ts";
import { cacheVariable, githubKeyFile } from "./serviceConfig.ts";

/** A file that passes the check. */
export function sampleServiceConfig(service: ServiceName, settings: PackitSettings, seed: string): string {
  const { deployment, hosts, repositoryCache } = settings;
  const kerberos = serviceDefaults[service].builds
    ? `fas_user: packit
keytab_path: /secrets/fedora.keytab
`
    : "";
  const cache = repositoryCache.enabled
    ? `repository_cache: ${cacheFolder}
add_repositories_to_repository_cache: false
command_handler_pvc_volume_specs:
  - path: ${cacheFolder}
    pvc_from_env: ${cacheVariable}
`
    : "";
  return `deployment: ${deployment}
debug: true
${kerberos}server_name: ${hosts.service ?? "localhost:8443"}
dashboard_url: https://${hosts.dashboard ?? "localhost:8443"}
validate_webhooks: ${String(deployment !== "dev")}
webhook_secret: ${sample("token", `${seed} webhook`)}
testing_farm_secret: ${sample("token", `${seed} testing farm`)}
gitlab_token_secret: ${sample("token", `${seed} gitlab`)}
${service === "stream" ? centos : ""}authentication:
${service === "stream" ? gitlab(seed) : pagure(seed)}${github(settings)}${commands(service, settings)}${cache}`;
}

/** Tool and file of packages in CentOS Stream. */
const centos = `pkg_tool: centpkg
package_config_path_override: .distro/source-git.yaml
`;

/** The account that opens merge requests. */
const gitlab = (seed: string): string => `  gitlab.com:
    token: ${sample("token", `${seed} gitlab account`)}
`;

const pagure = (seed: string): string => `  src.fedoraproject.org:
    instance_url: https://src.fedoraproject.org
    token: ${sample("token", `${seed} pagure`)}
`;

function github({ githubAppId, parts }: PackitSettings): string {
  if (githubAppId === undefined) return "";
  const tokman = parts.tokman ? `    tokman_instance_url: ${tokmanUrl}\n` : "";
  return `  github.com:
    github_app_id: "${githubAppId}"
    github_app_private_key_path: ${githubKeyFile}
${tokman}`;
}

/** Where commands run; a class must be named, or today's service asks for gp2. */
function commands(service: ServiceName, settings: PackitSettings): string {
  if (!settings.sandbox.enabled) {
    return `command_handler: local
command_handler_work_dir: ${workFolder}
`;
  }
  return `command_handler: sandcastle
command_handler_work_dir: ${workFolder}
command_handler_image_reference: ${sourceImage(service, settings, "sandcastle")}
command_handler_k8s_namespace: ${sandboxNamespace(service, settings)}
command_handler_storage_class: ${settings.storageClass ?? "gp2"}
`;
}
