import { escapeHtml, templateFolder } from "./announcement.ts";
import { bridgeAddress } from "./docker.ts";
import { pool } from "./homes.ts";
import { Expression, traits } from "./python.ts";
import { remoteUserAuthenticator } from "./remoteUser.ts";
import type { JupyterhubSettings } from "./settings.ts";
import { venv } from "./software.ts";

export const homeScript = "/opt/callysto/zfs-homedir.sh";
/** Secrets for the hub's process, and the token that it shares with the proxy; `NAME=value` lines. */
export const environmentFile = "/etc/default/jupyterhub";
export const proxyEnvironmentFile = "/etc/default/configurable-http-proxy";

const environment = (name: string): Expression => new Expression(`os.environ["${name}"]`);

/** JupyterHub's configuration, readable by everybody: what is secret comes by its environment. */
export function jupyterhubConfig(settings: JupyterhubSettings): string {
  const values = { ...hub(settings), ...authenticator(settings), ...culling, ...spawner(settings), ...settings.extra };
  return `import os
import re
import subprocess

from tornado import web
${settings.authenticator === "shib" ? remoteUserAuthenticator : ""}
${homeHook}
${traits({ ...values, "Spawner.pre_spawn_hook": new Expression("prepare_home") })}`;
}

/** Makes the home; the script's exit codes say why a user cannot start. */
const homeHook = `
def home_of(user):
    # What a dataset's name cannot have becomes X and two digits a byte, so that no two users get one home.
    return re.sub(rb"^[._-]|[^a-z0-9._-]", lambda one: b"X%02X" % ord(one[0]), user.encode()).decode()


def volume_name(template, spawner):
    return template.format(home=home_of(spawner.user.name), **spawner.template_namespace())


def prepare_home(spawner):
    done = subprocess.run(["${homeScript}", home_of(spawner.user.name), "jupyter"], capture_output=True, text=True)
    if done.returncode == 3:
        raise web.HTTPError(507, "Your home is full. Please ask your teacher for help.")
    if done.returncode == 4:
        raise web.HTTPError(403, "Your home is closed. Please ask your teacher for help.")
    if done.returncode != 0:
        spawner.log.error("home of %s: %s", spawner.user.name, done.stderr)
        raise web.HTTPError(500, "Your home could not be made ready.")
`;

function hub({ announcement }: JupyterhubSettings): Record<string, unknown> {
  return {
    "JupyterHub.bind_url": "http://127.0.0.1:8000/jupyter",
    "JupyterHub.hub_ip": bridgeAddress,
    "JupyterHub.hub_port": 8081,
    "JupyterHub.cookie_secret_file": "/srv/jupyterhub/jupyterhub_cookie_secret",
    "JupyterHub.db_url": "sqlite:////srv/jupyterhub/jupyterhub.sqlite",
    "JupyterHub.template_vars": announcement === "" ? {} : { announcement: escapeHtml(announcement) },
    // People's servers go on while the hub restarts.
    "JupyterHub.cleanup_servers": false,
    // The proxy is a unit of its own, so that connections outlive the hub.
    "ConfigurableHTTPProxy.should_start": false,
    "ConfigurableHTTPProxy.api_url": "http://127.0.0.1:8001",
    "ConfigurableHTTPProxy.auth_token": environment("CONFIGPROXY_AUTH_TOKEN"),
  };
}

function authenticator({ authenticator, google, allow }: JupyterhubSettings): Record<string, unknown> {
  const classes = {
    ...{ dummy: "dummy", dummypw: "shared-password", pam: "pam", google: "google" },
    shib: new Expression("RemoteUserAuthenticator"),
  };
  return {
    "JupyterHub.authenticator_class": classes[authenticator],
    ...(allow.length === 0
      ? { "Authenticator.allow_all": true }
      : { "Authenticator.allowed_users": new Expression(set(allow)) }),
    // Apache says with each request who is there; it costs nothing to look, and browsers are shared in schools.
    ...(authenticator === "shib" ? { "Authenticator.auth_refresh_age": 1 } : {}),
    ...(authenticator === "dummypw"
      ? { "SharedPasswordAuthenticator.user_password": environment("DUMMY_PASSWORD") }
      : {}),
    ...(google === undefined
      ? {}
      : {
          "GoogleOAuthenticator.client_id": google.clientId,
          "GoogleOAuthenticator.client_secret": environment("OAUTH_CLIENT_SECRET"),
          "GoogleOAuthenticator.oauth_callback_url": google.callbackUrl,
          ...(google.hostedDomains.length === 0 ? {} : { "GoogleOAuthenticator.hosted_domain": google.hostedDomains }),
        }),
  };
}

function set(names: readonly string[]): string {
  return `{${names.map((name) => JSON.stringify(name)).join(", ")}}`;
}

/** Servers that nobody has used for three hours go; looked for every half hour. */
const culling = {
  "JupyterHub.services": [
    {
      name: "cull-idle",
      command: [`${venv.folder}/bin/python3`, "-m", "jupyterhub_idle_culler", "--timeout=10800", "--cull-every=1800"],
    },
  ],
  "JupyterHub.load_roles": [
    {
      name: "cull-idle",
      scopes: ["list:users", "read:users:activity", "read:servers", "delete:servers"],
      services: ["cull-idle"],
    },
  ],
};

/** What starts the image's classic notebook 6, which reads the image's own settings and our templates. */
const classicServer = { JUPYTERHUB_SINGLEUSER_APP: "notebook.notebookapp.NotebookApp" };

function spawner({ spawner, image, memory, swift, server }: JupyterhubSettings): Record<string, unknown> {
  const inSwift = spawner === "syzygyswiftspawner";
  const home = { [`/${pool}/home/{home}`]: { bind: "/home/jupyter", mode: "rw" } };
  const templates = { [templateFolder]: { bind: "/opt/notebook/local_templates", mode: "ro" } };
  const swiftEnvironment = {
    OS_AUTH_URL: swift?.authUrl,
    OS_USERNAME: swift?.userName,
    OS_PROJECT_NAME: swift?.projectName,
    OS_PROJECT_DOMAIN_NAME: swift?.projectDomainName,
    OS_USER_DOMAIN_NAME: swift?.userDomainName,
    OS_REGION_NAME: swift?.region,
    OS_PASSWORD: environment("SWIFT_PASSWORD"),
    JPYNB_SWIFT_CONTAINER: new Expression("lambda spawner: spawner.user.name"),
  };
  return {
    "JupyterHub.spawner_class": "docker",
    "DockerSpawner.image": image,
    "DockerSpawner.pull_policy": "never",
    "DockerSpawner.use_internal_ip": true,
    "DockerSpawner.remove": true,
    "DockerSpawner.mem_limit": memory,
    "DockerSpawner.extra_host_config": {
      cpu_period: 100_000,
      cpu_quota: 100_000,
      // Without the limit of both together Docker gives as much swap as memory.
      memswap_limit: memory,
      // Threads count, and a kernel's libraries start some for each processor; a fork bomb stays in its container.
      pids_limit: 1024,
      security_opt: ["no-new-privileges"],
    },
    "DockerSpawner.volumes": inSwift ? templates : { ...home, ...templates },
    "DockerSpawner.format_volume_name": new Expression("volume_name"),
    // The list of files, which the announcement is on; a JupyterLab would open itself.
    "Spawner.default_url": "/tree",
    "DockerSpawner.environment": {
      // Not in the home, where a full quota would keep kernels from starting.
      JUPYTER_RUNTIME_DIR: "/tmp/jupyter",
      ...(inSwift || server === "classic" ? classicServer : {}),
      ...(inSwift ? swiftEnvironment : {}),
    },
  };
}
