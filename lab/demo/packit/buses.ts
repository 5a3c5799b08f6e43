/** The world's message buses as Packit's listeners find them: RabbitMQ and mosquitto in pods, behind the real names, which ask clients for certificates. */
import { readFileSync } from "node:fs";
import { sample, sampleCertificate } from "../../../config/samples.ts";
import { fedoraClient } from "../../images/packitRecipes.ts";
import { messageBusImage } from "../../images/recipes.ts";
import { authorityFile, certificateFor } from "../../kubernetes/router/certificates.ts";
import type { Run } from "../../pulumi.ts";
import { type Server, startServers } from "../server.ts";

export const busNamespace = "lab-message-buses";
const files = "/etc/bus";

/** A broker behind a name of the world; its files besides the certificates. */
type Bus = Pick<Server, "name" | "command" | "env" | "files" | "places" | "port"> & { readonly host: string };

/** Fedora's own lets everybody in with one published key. Source of the virtual host: fedora-messaging's configuration. */
const rabbitmq: Bus = {
  name: "rabbitmq",
  host: "rabbitmq.fedoraproject.org",
  port: 5671,
  command: ["rabbitmq-server"],
  // A file alone: the broker takes the folders of a whole volume for certificates.
  places: { "/etc/bus-clients/fedora.pem": "client.pem" },
  env: {
    RABBITMQ_NODENAME: "rabbit@localhost",
    RABBITMQ_MNESIA_BASE: "/data/mnesia",
    RABBITMQ_LOG_BASE: "/data/log",
    RABBITMQ_PID_FILE: "/data/pid",
    RABBITMQ_CONFIG_FILE: `${files}/rabbitmq.conf`,
    RABBITMQ_ENABLED_PLUGINS_FILE: `${files}/plugins`,
    FEDORA_MESSAGING_CONF: `${files}/publisher.toml`,
  },
  files: {
    "rabbitmq.conf": `listeners.tcp = none
listeners.ssl.default = 5671
ssl_options.certfile = ${files}/server.pem
ssl_options.keyfile = ${files}/server.pem
ssl_options.cacertfile = ${files}/authority.pem
ssl_options.verify = verify_peer
ssl_options.fail_if_no_peer_cert = true
auth_mechanisms.1 = EXTERNAL
ssl_cert_login_from = common_name
trust_store.directory = /etc/bus-clients
trust_store.refresh_interval = 30
load_definitions = ${files}/definitions.json
log.console = true
log.file = false
`,
    plugins: "[rabbitmq_auth_mechanism_ssl,rabbitmq_trust_store].\n",
    "definitions.json": JSON.stringify({
      users: [{ name: "fedora", password_hash: "", hashing_algorithm: "rabbit_password_hashing_sha256", tags: "" }],
      vhosts: [{ name: "/public_pubsub" }],
      permissions: [{ user: "fedora", vhost: "/public_pubsub", configure: ".*", write: ".*", read: ".*" }],
    }),
    "client.pem": sampleCertificate(fedoraClient, ["fedora"]),
    "client-key.pem": sample("pem-private-key", fedoraClient),
    "publisher.toml": `amqp_url = "amqps://fedora:@localhost/%2Fpublic_pubsub"
[tls]
ca_cert = "${files}/authority.pem"
certfile = "${files}/client.pem"
keyfile = "${files}/client-key.pem"
`,
    "publish.py": `import json, sys
from fedora_messaging import api, message
api.publish(message.Message(topic=sys.argv[1], body=json.loads(sys.argv[2])), timeout=30)
`,
  },
};

const mosquitto: Bus = {
  name: "mosquitto",
  host: "mqtt.stg.centos.org",
  port: 8883,
  command: ["mosquitto", "-c", `${files}/mosquitto.conf`],
  files: {
    "mosquitto.conf": `listener 8883
certfile ${files}/server.pem
keyfile ${files}/server.pem
cafile ${files}/authority.pem
require_certificate true
use_identity_as_username true
`,
  },
};

/** Starts both, unless they run. @throws if one does not listen in time */
export async function startBuses(run: Run): Promise<void> {
  const { lab, log } = run;
  log("message buses of Fedora and CentOS: starting");
  const servers = [rabbitmq, mosquitto].map(async ({ host, ...bus }): Promise<Server> => {
    const certificates = {
      "server.pem": readFileSync(await certificateFor(lab, host, ["localhost"]), "utf8"),
      "authority.pem": readFileSync(authorityFile(lab), "utf8"),
    };
    const common = { namespace: busNamespace, image: messageBusImage, folder: files, outside: { address: host } };
    return { ...common, ...bus, files: { ...bus.files, ...certificates } };
  });
  await startServers(run, await Promise.all(servers));
}
