/** Images of Packit's workloads: real servers and libraries, with small modules of our own in place of Packit's code, which is in no package. */
import { sample, sampleCertificate } from "../../config/samples.ts";
import { afterCheck, environment, packages, texts } from "./python.ts";
import { type Recipe, searchPath, trustAuthorities } from "./recipes.ts";

/** Files below lab/images/packit, each at its path below `to`. */
const packit = (folder: string, to: string): Record<string, string> => texts(`packit/${folder}`, to);

/** A file of such a folder. */
function one(folder: string, file: string): string {
  const text = packit(folder, "/")[`/${file}`];
  if (text === undefined) throw new Error(`lab/images/packit/${folder} lacks ${file}`);
  return text;
}

/** Modules of a folder for Python, without its scripts. */
const modules = (folder: string): Record<string, string> =>
  Object.fromEntries(Object.entries(packit(folder, "/opt/python")).filter(([file]) => !file.endsWith(".sh")));

const celery = ["celery==5.4.0", "kombu==5.4.2", "redis==5.2.0"];
const database = ["SQLAlchemy==2.0.36", "psycopg2-binary==2.9.10"];
const config = "PyYAML==6.0.2";
/** Packit's way to the forges. */
const forges = ["ogr==0.50.4", "PyGithub==2.5.0", "python-gitlab==4.13.0"];

/** OpenShift's random user has no name, and group 0. */
const script = `
  ln -sf bash bin/sh
  ${trustAuthorities}
  install -d -m 0777 home/packit home/packit/kerberos home/packit_dashboard
  install -d -m 1777 tmp
  install -d -m 0777 tmp/sandcastle`;
const withoutPython = "ln -sf bash bin/sh; mkdir -p tmp && chmod 1777 tmp";
const files = { "/etc/passwd": "root:x:0:0::/root:/bin/sh\n", "/etc/group": "root:x:0:\n" };
const env = [...environment, "HOME=/home/packit"];

/** Apache's own packages, and the module that is built for it and for Debian's Python; its script is called as in Fedora. */
const modWsgi = {
  packages: [...packages, "apache2-bin", "libpython3.11", "sed"],
  builds: ["apache2-dev", "python3-dev"],
  script: `${script}
    mkdir -p var/log/apache2 run/lock`,
  files: {
    ...files,
    "/usr/bin/mod_wsgi-express-3": "#!/usr/bin/python3\nfrom mod_wsgi.server import main\n\nmain()\n",
  },
} as const;
const httpd = ["mod_wsgi==5.0.2", "Flask==3.0.3", "Werkzeug==3.0.6"];

const service: Recipe = {
  ...modWsgi,
  name: "packit-service",
  images: ["packit-service"],
  program:
    "Apache 2.4 of Debian 12; mod_wsgi 5.0.2, Flask 3.0.3, Celery 5.4.0, Alembic 1.14.0 and ogr 0.50.4 of PyPI; an application of our own",
  python: [...httpd, ...celery, ...database, ...forges, "alembic==1.14.0", "PyJWT==2.9.0", config],
  files: {
    ...modWsgi.files,
    ...modules("common"),
    ...packit("service", "/src"),
    "/usr/bin/alembic-3": afterCheck("alembic"),
    "/usr/bin/run_httpd.sh": one("service", "run_httpd.sh"),
    "/usr/share/packit/packit.wsgi": one("service", "packit.wsgi"),
  },
  checked: true,
  // The application is found next to what it shares with the workers.
  script: `${modWsgi.script}
    mv src/packit_service/service opt/python/packit_service/`,
  config: { Entrypoint: ["/usr/bin/run_httpd.sh"], Env: env, WorkingDir: "/src" },
};

const worker: Recipe = {
  name: "packit-worker",
  images: ["packit-worker", "hardly"],
  program:
    "Celery 5.4.0, ogr 0.50.4, PyGithub 2.5.0, python-gitlab 4.13.0 and Kubernetes' client 31.0.0 of PyPI, git and OpenSSH of Debian 12; start script and tasks of our own",
  packages: [...packages, "git", "libnss-wrapper", "openssh-client"],
  python: [...celery, ...database, ...forges, config, "kubernetes==31.0.0", "prometheus_client==0.21.0"],
  files: {
    ...files,
    ...modules("common"),
    ...modules("worker"),
    "/usr/bin/run_worker.sh": one("worker", "run_worker.sh"),
  },
  checked: true,
  script,
  config: { Entrypoint: ["/usr/bin/run_worker.sh"], Env: env },
};

const dashboard: Recipe = {
  ...modWsgi,
  name: "packit-dashboard",
  images: ["packit-dashboard", "dashboard"],
  program: "Apache 2.4 of Debian 12 and mod_wsgi 5.0.2 of PyPI; a page of our own",
  python: httpd,
  files: {
    ...modWsgi.files,
    "/usr/bin/run_httpd.sh": one("dashboard", "run_httpd.sh"),
    "/usr/share/packit_dashboard/packit_dashboard.wsgi": one("dashboard", "packit_dashboard.wsgi"),
  },
  checked: true,
  config: { Entrypoint: ["/usr/bin/run_httpd.sh"], Env: [...environment, "HOME=/home/packit_dashboard"] },
};

const tokman: Recipe = {
  name: "tokman",
  images: ["tokman"],
  program: "gunicorn 22.0.0, Flask 3.0.3, Alembic 1.14.0 and PyGithub 2.5.0 of PyPI; an application of our own",
  packages,
  python: [
    "gunicorn==22.0.0",
    "Flask==3.0.3",
    "Werkzeug==3.0.6",
    "SQLAlchemy==2.0.36",
    "alembic==1.14.0",
    "PyGithub==2.5.0",
  ],
  files: { ...files, ...packit("tokman", "/src") },
  checked: true,
  script: `${script}
    install -d -m 0777 access_tokens`,
  config: { Entrypoint: ["./run.sh"], Env: env, WorkingDir: "/src" },
};

/** Everybody's key for Fedora's broker, as the real one is published, too. */
export const fedoraClient = "fedora-messaging";

const fedmsg: Recipe = {
  name: "packit-service-fedmsg",
  images: ["packit-service-fedmsg"],
  program: "fedora-messaging 3.9.1 and Celery 5.4.0 of PyPI; a callback of our own",
  packages: [...packages, "findutils"],
  // Newer ones of Twisted do not run with Debian's Python.
  python: ["fedora-messaging==3.9.1", "Twisted==24.11.0", ...celery],
  files: {
    ...files,
    ...modules("fedmsg"),
    "/usr/bin/liveness.sh": one("fedmsg", "liveness.sh"),
    "/usr/local/bin/fedora-messaging": afterCheck("fedora-messaging"),
    "/etc/fedora-messaging/fedora-key.pem": sample("pem-private-key", fedoraClient),
    "/etc/fedora-messaging/fedora-cert.pem": sampleCertificate(fedoraClient, ["fedora"]),
  },
  checked: true,
  // The lab's authority stands for Fedora's.
  script: `${script}
    ln -s ../ssl/certs/ca-certificates.crt etc/fedora-messaging/cacert.pem`,
  config: {
    Entrypoint: ["fedora-messaging", "consume", "--callback=packit_service_fedmsg.consumer:Consumerino"],
    Env: env,
  },
};

const centosmsg: Recipe = {
  name: "packit-service-centosmsg",
  images: ["packit-service-centosmsg"],
  program: "paho-mqtt 1.6.1 and Celery 5.4.0 of PyPI; a listener of our own",
  packages,
  python: ["paho-mqtt==1.6.1", ...celery],
  files: { ...files, "/usr/bin/listen-to-centos-messaging": one("centosmsg", "listener.py") },
  checked: true,
  script,
  config: { Entrypoint: ["listen-to-centos-messaging"], Env: env },
};

const gateway: Recipe = {
  name: "prom-aggregation-gateway",
  images: ["prom-aggregation-gateway"],
  program: "Prometheus' pushgateway 1.5 of Debian 12, which keeps what was pushed last instead of adding up",
  packages: ["dash", "prometheus-pushgateway"],
  files: {
    "/prom-aggregation-gateway": `#!/bin/sh
standin before "$0" "$@" || exit 1
echo "stand-in for prom-aggregation-gateway: Prometheus' own gateway, which does not add up"
exec prometheus-pushgateway --web.listen-address="\${1#--apiListen=}"
`,
    ...files,
  },
  checked: true,
  script: "ln -sf dash bin/sh; mkdir -p tmp && chmod 1777 tmp",
  config: { Entrypoint: ["/prom-aggregation-gateway"], Env: [searchPath] },
};

const jobs: Recipe = {
  name: "packit-jobs",
  images: ["import-images", "delete-pvcs"],
  program: "bash 5.2 and kubectl 1.20 of Debian 12 as oc; its import-image of our own",
  // libfaketime is for those who do not wait until a volume is old enough.
  packages: ["bash", "coreutils", "grep", "kubernetes-client", "libfaketime", "sed"],
  files: { ...files, "/usr/bin/oc": one("jobs", "oc.sh") },
  checked: true,
  script: withoutPython,
  config: { Env: [searchPath] },
};

const sandcastle: Recipe = {
  name: "sandcastle",
  references: ["quay.io/packit/sandcastle:stg"],
  program: "bash 5.2, git and tar of Debian 12",
  packages: ["bash", "coreutils", "git", "hostname", "tar"],
  files,
  script: withoutPython,
  config: { Cmd: ["bash"], User: "1000:0", Env: [searchPath] },
};

export const packitRecipes: readonly Recipe[] = [
  ...[service, worker, dashboard, tokman, fedmsg, centosmsg],
  ...[gateway, jobs, sandcastle],
];
