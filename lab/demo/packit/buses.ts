/** The world's message buses as Packit's listeners find them: RabbitMQ and mosquitto in pods, behind the real names, which ask clients for certificates. */
import { readFileSync } from "node:fs";
import { sample, sampleCertificate } from "../../../config/samples.ts";
import { fedoraClient } from "../../images/packitRecipes.ts";
import { messageBusImage } from "../../images/recipes.ts";
import { kubeApi, type KubeObject } from "../../kubernetes/api.ts";
import { authorityFile, certificateFor } from "../../kubernetes/router/certificates.ts";
import { waitUntilReady } from "../../process.ts";
import type { Run } from "../../pulumi.ts";

export const busNamespace = "lab-message-buses";
/** Seconds on a busy machine. */
const startTimeout = 300;
const files = "/etc/bus";

/** A broker: one pod behind a name of the world. */
interface Bus {
  readonly name: "rabbitmq" | "mosquitto";
  readonly host: string;
  readonly port: number;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Besides the certificates. */
  readonly files: Readonly<Record<string, string>>;
}

/** Fedora's own lets everybody in with one published key. Source of the virtual host: fedora-messaging's configuration. */
const rabbitmq: Bus = {
  name: "rabbitmq",
  host: "rabbitmq.fedoraproject.org",
  port: 5671,
  command: ["rabbitmq-server"],
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
  env: {},
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
export async function startBuses({ lab, log }: Run): Promise<void> {
  log("message buses of Fedora and CentOS: starting");
  const api = kubeApi(lab);
  await api.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: busNamespace } });
  for (const bus of [rabbitmq, mosquitto]) {
    const certificates = {
      "server.pem": readFileSync(await certificateFor(lab, bus.host, ["localhost"]), "utf8"),
      "authority.pem": readFileSync(authorityFile(lab), "utf8"),
    };
    for (const one of objectsOf(bus, { ...bus.files, ...certificates })) await api.apply(one);
  }
  for (const { name } of [rabbitmq, mosquitto]) {
    const at = `/apis/apps/v1/namespaces/${busNamespace}/deployments/${name}`;
    const ready = async (): Promise<boolean> =>
      (await api.get<{ status?: { readyReplicas?: number } }>(at)).status?.readyReplicas === 1;
    const hint = `kubectl -n ${busNamespace} describe deployment ${name}`;
    await waitUntilReady(`the message bus ${name}`, startTimeout, ready, hint);
  }
}

function objectsOf(bus: Bus, data: Readonly<Record<string, string>>): readonly KubeObject[] {
  const { name, host, port } = bus;
  const labels = { app: name };
  const object = (apiVersion: string, kind: string, fields: object, annotations = {}): KubeObject => ({
    ...{ apiVersion, kind, metadata: { name, namespace: busNamespace, annotations } },
    ...fields,
  });
  const container = {
    ...{ name, image: messageBusImage, command: bus.command },
    env: Object.entries({ HOME: "/data", ...bus.env }).map(([key, value]) => ({ name: key, value })),
    ports: [{ containerPort: port }],
    readinessProbe: { tcpSocket: { port }, periodSeconds: 2 },
    resources: { requests: { cpu: "50m", memory: "128Mi" }, limits: { memory: "512Mi" } },
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
    volumeMounts: [
      { name: "files", mountPath: files },
      // A file alone: the broker takes the folders of a whole volume for certificates.
      ...("client.pem" in bus.files
        ? [{ name: "files", mountPath: "/etc/bus-clients/fedora.pem", subPath: "client.pem" }]
        : []),
      { name: "data", mountPath: "/data" },
    ],
  };
  const spec = {
    ...{ containers: [container], automountServiceAccountToken: false, enableServiceLinks: false },
    securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: "RuntimeDefault" } },
    volumes: [
      { name: "files", secret: { secretName: name } },
      { name: "data", emptyDir: {} },
    ],
  };
  return [
    object("v1", "Secret", { stringData: data }),
    object(
      "v1",
      "Service",
      { spec: { type: "LoadBalancer", selector: labels, ports: [{ port }] } },
      { "external-dns.alpha.kubernetes.io/hostname": host },
    ),
    object("apps/v1", "Deployment", {
      spec: {
        strategy: { type: "Recreate" },
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec },
      },
    }),
  ];
}
