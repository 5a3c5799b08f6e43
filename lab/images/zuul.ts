/** Images of Zuul's side of a node pool: ZooKeeper, nodepool's launcher with kubectl, and a node of jobs. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { type Recipe, searchPath, withTmp } from "./recipes.ts";

/** References of the images. */
export const zuulImages = {
  zookeeper: "orrery.lab/zookeeper:3.8",
  nodepool: "orrery.lab/nodepool:11",
  /** What a tag of the stack's ImageStreams leads to. */
  node: "orrery.lab/zuul-node:1",
} as const;

const java = "/usr/share/java";
/** Debian's start script wants a whole Java; these are the libraries of a server that logs to its output. */
const libraries = [
  ...["zookeeper", "zookeeper-jute", "commons-io", "metrics-core", "slf4j-api", "slf4j-simple", "snappy-java"],
  ...["buffer", "codec", "common", "handler", "resolver", "transport"].map((part) => `netty-${part}`),
  ...["epoll", "unix-common"].map((part) => `netty-transport-native-${part}`),
].map((name) => `${java}/${name}.jar`);

const zookeeper: Recipe = {
  name: "zookeeper",
  references: [zuulImages.zookeeper],
  program: "ZooKeeper 3.8.0 of Debian 12",
  packages: ["libzookeeper-java", "openjdk-17-jre-headless"],
  script: withTmp,
  config: {
    Entrypoint: [
      ...["/usr/lib/jvm/java-17-openjdk-amd64/bin/java", "-Xmx128m", "-cp", libraries.join(":")],
      "org.apache.zookeeper.server.ZooKeeperServerMain",
    ],
    User: "65532:65532",
    Env: [searchPath],
  },
};

/** Without the libraries of other clouds: its drivers for them, which it would load too, are left out. */
const nodepool: Recipe = {
  name: "nodepool",
  references: [zuulImages.nodepool],
  program: "nodepool 11.0.0 of PyPI; kubectl 1.20 of Debian 12; Zuul's side of a node request of our own",
  packages: ["ca-certificates", "coreutils", "dash", "kubernetes-client", "python3"],
  python: [
    ...[
      "--no-deps",
      "nodepool==11.0.0",
      "bcrypt==5.0.0",
      "certifi==2026.10.19.post1",
      "cffi==2.1.1",
      "cryptography==50.0.2",
    ],
    ...["extras==1.0.0", "google-auth==2.62.2", "idna==3.20", "kazoo==2.9.0", "kubernetes==24.2.0", "lockfile==0.12.2"],
    ...["oauthlib==4.0.1", "openshift==0.13.2", "paramiko==5.1.0", "pbr==7.1.3", "Paste==3.10.1", "PrettyTable==0.7.2"],
    ...[
      "pycparser==3.12",
      "PyNaCl==1.6.2",
      "python-daemon==3.1.2",
      "python-dateutil==4.0.0",
      "python-string-utils==1.0.0",
    ],
    ...["PyYAML==6.0.2", "requests==2.34.2", "requests-oauthlib==2.0.0", "six==1.17.0", "statsd==4.0.1"],
    ...["urllib3==2.8.0", "voluptuous==0.15.2", "WebOb==1.8.11", "websocket-client==1.9.2"],
    ...["charset-normalizer==3.5.3", "setuptools==79.0.1"],
  ],
  files: {
    "/usr/bin/zuul-node": readFileSync(path.join(import.meta.dirname, "thoth", "zuul", "zuul_node.py"), "utf8"),
  },
  script: `
    ln -sf dash bin/sh
    cd opt/python/nodepool/driver
    rm -r aws azure example fake gce ibmvpc kubernetes metastatic openstack test
    cd - >/dev/null
    echo 'nodepool:x:65532:65532::/tmp:/bin/sh' >etc/passwd
    ${withTmp}`,
  config: {
    Entrypoint: ["nodepool-launcher"],
    User: "65532:65532",
    Env: ["PATH=/opt/python/bin:/usr/bin:/bin", "PYTHONPATH=/opt/python", "HOME=/tmp"],
  },
};

/** What thoth-ops-infra builds are on Red Hat's base image: a Python with the tool that the label is named after. */
const node: Recipe = {
  name: "zuul-node",
  references: [zuulImages.node],
  program: "Python 3.11 and pytest 7.2 of Debian 12",
  packages: ["bash", "coreutils", "python3", "python3-pytest"],
  script: `
    ln -sf bash bin/sh
    ${withTmp}`,
  config: { Cmd: ["bash"], User: "1001:0", Env: [searchPath] },
};

/** Built when a demonstration needs them. */
export const zuulRecipes: readonly Recipe[] = [zookeeper, nodepool, node];
