/** The texts of a development environment's configuration files. Source: the role generate-secrets. */

/** What a developer sets; the rest follows. Placeholders are good enough to start, not to log in anywhere. */
export const devValues = {
  fas_user: "PLACEHOLDER",
  fas_passwd: "PLACEHOLDER",
  package_api_key: "PLACEHOLDER",
  github_app_id: "123456",
  command_handler: "local",
  server_name: "localhost:8443",
  sandbox_namespace: "packit-dev-sandbox",
  webhook_secret: "PLACEHOLDER",
  testing_farm_secret: "PLACEHOLDER",
  gitlab_token_secret: "PLACEHOLDER",
  copr_login: "PLACEHOLDER",
  copr_user: "PLACEHOLDER",
  copr_token: "PLACEHOLDER",
  fedora_messaging_queue: "my_queue",
};

/** Values by name. */
export type DevValues = Readonly<Record<keyof typeof devValues, string>>;

const quoted = (text: string): string => JSON.stringify(text);

/** packit-service.yaml */
function serviceConfig(values: DevValues): string {
  return `---
debug: true
deployment: dev
fas_user: ${quoted(values.fas_user)}
fas_password: ${quoted(values.fas_passwd)}
keytab_path: /secrets/fedora.keytab
validate_webhooks: false
authentication:
  src.fedoraproject.org:
    instance_url: https://src.fedoraproject.org
    token: ${quoted(values.package_api_key)}
  github.com:
    github_app_id: ${quoted(values.github_app_id)}
    github_app_private_key_path: /gh-secrets/private-key.pem
webhook_secret: ${quoted(values.webhook_secret)}
testing_farm_secret: ${quoted(values.testing_farm_secret)}
gitlab_token_secret: ${quoted(values.gitlab_token_secret)}
command_handler: ${values.command_handler}
command_handler_work_dir: /tmp/sandcastle
command_handler_image_reference: quay.io/packit/sandcastle:stg
command_handler_k8s_namespace: ${values.sandbox_namespace}
command_handler_pvc_volume_specs:
  - path: /repository-cache
    pvc_from_env: SANDCASTLE_REPOSITORY_CACHE_VOLUME
repository_cache: /repository-cache
# The maintenance of the cache (adding, updating) is done externally.
add_repositories_to_repository_cache: false
server_name: ${values.server_name}
dashboard_url: https://${values.server_name}
`;
}

/** fedora.toml */
function fedoraToml({ fedora_messaging_queue: queue }: DevValues): string {
  return `amqp_url = "amqp://"
callback = "fedora_messaging.example:printer"

[tls]
ca_cert = "/etc/fedora-messaging/cacert.pem"
keyfile = "/etc/fedora-messaging/fedora-key.pem"
certfile = "/etc/fedora-messaging/fedora-cert.pem"

[client_properties]
app = "Example Application"

[exchanges."amq.topic"]
type = "topic"
durable = true
auto_delete = false
arguments = {}

[queues.${queue}]
durable = true
auto_delete = false
exclusive = false
arguments = {}

[[bindings]]
queue = "${queue}"
exchange = "amq.topic"
routing_keys = ["#"]
`;
}

/** copr */
function copr(values: DevValues): string {
  return `[copr-cli]
login = ${values.copr_login}
username = ${values.copr_user}
token = ${values.copr_token}
copr_url = https://copr.fedorainfracloud.org
`;
}

const sshConfig = `Host pkgs.fedoraproject.org
  User packit
  IdentityFile /home/packit/.ssh/id_ed25519
  IdentityFile /home/packit/.ssh/id_rsa
  IdentitiesOnly yes
`;

/** Files that hold no key, by name. */
export function devFiles(values: DevValues): Readonly<Record<string, string>> {
  return {
    "packit-service.yaml": serviceConfig(values),
    "fedora.toml": fedoraToml(values),
    copr: copr(values),
    ssh_config: sshConfig,
    "fedora.keytab": "",
    sentry_key: "",
  };
}
