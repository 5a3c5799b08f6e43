/** Images of a single sign-on: Keycloak's server, and DIALS' frontend with Keycloak's client. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { dialsSchema, environmentModule } from "../../components/dials/config.ts";
import { readStackFile, stackPath } from "../../config/stackFile.ts";
import { nginxUnprivileged } from "./nginx.ts";
import { type Recipe, searchPath } from "./recipes.ts";

/** Reference of the image of the server. */
export const keycloakImage = "orrery.lab/keycloak:26";
const home = "opt/keycloak";
const java = "/usr/lib/jvm/java-17-openjdk-amd64";
/** What Debian's script runs to write Java's authorities. */
const trust = "/usr/share/ca-certificates-java/ca-certificates-java.jar";

/**
 * CERN's sign-on is a Keycloak. The features are those by which the frontend, which has no secret, exchanges its token, and by which
 * an application allows it. Built when a demonstration needs it.
 */
export const keycloak: Recipe = {
  name: "keycloak",
  references: [keycloakImage],
  program: "Keycloak 26.7.3 of Maven",
  packages: ["bash", "coreutils", "findutils", "grep", "openjdk-17-jre-headless", "sed"],
  maven: {
    artifact: "org.keycloak:keycloak-quarkus-dist:26.7.3:tar.gz",
    sha256: "77657f30b7e90d70f727712ce1c967f430fd6a5e9f458d32d8c6df0635345f47",
    to: home,
  },
  files: {
    [`/${home}/conf/keycloak.conf`]:
      "db=dev-file\nhttp-relative-path=/auth\nhealth-enabled=true\nfeatures=token-exchange,admin-fine-grained-authz:v1\n",
  },
  // What is configured at build time is compiled in; the pod's root folder is read-only.
  script: `
    ln -sf bash bin/sh
    mkdir -p tmp proc dev etc/ssl/certs/java && chmod 1777 tmp
    unshare --mount sh -ec '
      mount -t proc proc proc
      mount --rbind /dev dev
      ls usr/share/ca-certificates/mozilla/*.crt | sed s:^:+/: |
        chroot . ${java}/bin/java -cp ${trust} org.debian.security.UpdateCertificates -storepass changeit
      chroot . /usr/bin/env ${searchPath} JAVA_HOME=${java} bash /${home}/bin/kc.sh build'
    rm -rf ${home}/data
    install -d -m 0775 -o 1000 -g 0 ${home}/data`,
  config: {
    Entrypoint: [`/${home}/bin/kc.sh`],
    Cmd: ["start", "--optimized"],
    User: "1000:0",
    Env: [searchPath, `JAVA_HOME=${java}`],
  },
};

/** As DIALS' own: what is no file is the application. */
const frontendConf = `server {
  listen 8081;
  root /usr/share/nginx/html;
  location / { try_files $uri /index.html; }
}
`;

/** The stack of which the page is a build: the one that a demonstration deploys. */
const stack = "test";

/** What `orrery dials release` writes for a build, by the host that serves it. */
function environment(): Record<string, string> {
  const text = readStackFile(stackPath(stack)).entries.get("dials:settings")?.value;
  const { data: settings } = dialsSchema.settings.safeParse(JSON.parse(text ?? "{}"));
  // What is wrong with settings is for the update to say.
  if (settings === undefined) return {};
  return { [`/usr/share/nginx/html/env/${settings.frontendHost}.js`]: environmentModule(stack, settings) };
}

const page = (file: string): string => readFileSync(path.join(import.meta.dirname, "dials", "frontend", file), "utf8");

export const dialsFrontend: Recipe = {
  ...nginxUnprivileged,
  name: "dials-frontend",
  images: ["dials-frontend", "frontend"],
  program: "nginx 1.22 of Debian 12 and keycloak-js 26.2.4 of npm; a page of our own",
  npm: {
    package: "keycloak-js@26.2.4",
    sha256: "1e52998fd8f44dc15293df6af88f0bae57248e503617930067cb802ebe9665c9",
    member: "package/lib",
    to: "/usr/share/nginx/html/keycloak",
  },
  // Read when images are built: other commands do not need a stack's file that can be read.
  get files() {
    return {
      ...nginxUnprivileged.files,
      "/etc/nginx/conf.d/dials.conf": frontendConf,
      "/usr/share/nginx/html/index.html": page("index.html"),
      "/usr/share/nginx/html/app.js": page("app.js"),
      ...environment(),
    };
  },
  config: { ...nginxUnprivileged.config, User: "0" },
};
