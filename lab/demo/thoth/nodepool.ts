/** Zuul's hosts in the lab: ZooKeeper, and nodepool's launcher with the two files that the stack writes for it. */
import { readFileSync } from "node:fs";
import { zuulImages } from "../../images/zuul.ts";
import { authorityFile, certificateFor } from "../../kubernetes/router/certificates.ts";
import type { Run } from "../../pulumi.ts";
import { startServers } from "../server.ts";

/** Where Zuul's hosts are; the stack's own namespace has the job nodes only. */
export const zuulNamespace = "lab-zuul";
/** Name of ZooKeeper's Service and of its certificate. */
const server = `zookeeper.${zuulNamespace}.svc.cluster.local`;
const port = 2281;
/** Of nodepool's web application, which says when it is connected. */
const webPort = 8005;
const config = "/etc/nodepool";

/** What the stack writes for Zuul's hosts. */
export interface ZuulFiles {
  readonly nodepoolConfig: string;
  readonly kubeconfig: string;
}

/** Starts both, or those again whose files have changed. @throws if one is not ready in time */
export async function startNodepool(run: Run, { nodepoolConfig, kubeconfig }: ZuulFiles): Promise<void> {
  const { lab, log } = run;
  log("ZooKeeper and nodepool: starting");
  const tls = {
    "server.pem": readFileSync(await certificateFor(lab, server, ["zookeeper"]), "utf8"),
    "authority.pem": readFileSync(authorityFile(lab), "utf8"),
  };
  // As Software Factory does: the launcher's own keys, and the file of zuul-config as it is.
  const own = {
    "zookeeper-servers": [{ host: server, port }],
    "zookeeper-tls": { cert: `${config}/server.pem`, key: `${config}/server.pem`, ca: `${config}/authority.pem` },
  };
  await startServers(run, [
    {
      ...{ name: "zookeeper", namespace: zuulNamespace, image: zuulImages.zookeeper, port },
      args: ["/etc/zookeeper/zoo.cfg"],
      folder: "/etc/zookeeper",
      files: { ...tls, "zoo.cfg": zooCfg },
    },
    {
      ...{ name: "nodepool", namespace: zuulNamespace, image: zuulImages.nodepool, port: webPort },
      args: ["-f", "-c", `${config}/nodepool.yaml`],
      env: { KUBECONFIG: `${config}/kubeconfig`, HOME: "/tmp" },
      folder: config,
      files: { ...tls, kubeconfig, "nodepool.yaml": `${lines(own)}${nodepoolConfig}` },
      readiness: { httpGet: { path: "/ready", port: webPort } },
    },
  ]);
}

const lines = (values: object): string =>
  Object.entries(values)
    .map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`)
    .join("");

/** Clients need a certificate of the lab's authority; nothing listens without TLS. */
const zooCfg = `dataDir=/data
tickTime=2000
secureClientPort=${port}
serverCnxnFactory=org.apache.zookeeper.server.NettyServerCnxnFactory
ssl.keyStore.location=/etc/zookeeper/server.pem
ssl.keyStore.type=PEM
ssl.trustStore.location=/etc/zookeeper/authority.pem
ssl.trustStore.type=PEM
ssl.clientAuth=need
admin.enableServer=false
`;
