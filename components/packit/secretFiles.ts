/** The smaller files of the secrets repository: what each must hold, and a sample of it. */
import { sample } from "../../config/samples.ts";

/** `copr`: an INI file that copr-cli reads. */
export function coprProblem(text: string): string | undefined {
  const missing = ["login", "username", "token", "copr_url"].filter(
    (key) => !new RegExp(`^${key}\\s*=\\s*\\S`, "m").test(text),
  );
  if (!/^\[copr-cli\]\s*$/m.test(text)) return "expected an INI file with the section [copr-cli]";
  return missing.length === 0 ? undefined : `section [copr-cli] lacks ${missing.join(", ")}`;
}

export function sampleCopr(seed: string): string {
  return `[copr-cli]
login = ${sample("token", `${seed} login`)}
username = packit
token = ${sample("token", seed)}
copr_url = https://copr.fedorainfracloud.org
`;
}

/** `fedora.toml`. */
export function fedoraTomlProblem(text: string): string | undefined {
  if (!/^amqp_url\s*=\s*"amqps?:\/\/[^"]*"/m.test(text))
    return 'expected fedora-messaging\'s TOML with amqp_url = "amqps://..."';
  return /^\[queues\./m.test(text) ? undefined : "it declares no queue: a table [queues.<uuid>] is missing";
}

export function sampleFedoraToml(seed: string): string {
  const hex = sample("token", seed).replace("sample-", "");
  const queue = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, "$1-$2-$3-$4-$5");
  return `amqp_url = "amqps://fedora:@rabbitmq.fedoraproject.org/%2Fpublic_pubsub"
callback = "fedora_messaging.example:printer"

[tls]
ca_cert = "/etc/fedora-messaging/cacert.pem"
keyfile = "/etc/fedora-messaging/fedora-key.pem"
certfile = "/etc/fedora-messaging/fedora-cert.pem"

[client_properties]
app = "Packit sample"

[exchanges."amq.topic"]
type = "topic"
durable = true
auto_delete = false
arguments = {}

# The listener's own: two of them on one queue would refuse each other.
[queues.${queue}]
durable = true
auto_delete = true
exclusive = true
arguments = {}

[[bindings]]
queue = "${queue}"
exchange = "amq.topic"
routing_keys = ["org.fedoraproject.prod.copr.build.#"]
`;
}

/** `fedora.keytab` in base64. Every keytab begins with its format's number, 5.1 or 5.2. */
export function keytabProblem(text: string): string | undefined {
  const [five, minor] = Buffer.from(text, "base64");
  return five === 5 && (minor === 1 || minor === 2)
    ? undefined
    : "it is no Kerberos keytab in base64 (base64 -w0 fedora.keytab)";
}

export function sampleKeytab(seed: string): string {
  return Buffer.concat([Buffer.from([5, 2]), Buffer.from(sample("base64", seed), "base64")]).toString("base64");
}

/** `ssh_config`. Today's workers have the key as id_ed25519 and nothing else, so a host that names files must name that one. */
export function sshConfigProblem(text: string): string | undefined {
  if (!/^\s*(Host|Match)\s+\S/im.test(text)) return "expected an SSH config with at least one Host";
  const blocks = text.split(/^(?=\s*(?:Host|Match)\s)/im);
  const named = blocks.map((block) =>
    [...block.matchAll(/^\s*IdentityFile[\s=]+"?([^"\n]+?)"?\s*$/gim)].map(([, file]) => file),
  );
  const lost = named.some((files) => files.length > 0 && !files.some((file) => file?.endsWith("/id_ed25519") === true));
  return lost
    ? "each Host with an IdentityFile needs a line IdentityFile /home/packit/.ssh/id_ed25519, as workers call the key since 2023"
    : undefined;
}

export function sampleSshConfig(seed: string): string {
  return `# ${sample("token", seed)}
Host pkgs.fedoraproject.org
  User packit
  IdentityFile /home/packit/.ssh/id_ed25519
  IdentityFile /home/packit/.ssh/id_rsa
  IdentitiesOnly yes
`;
}
