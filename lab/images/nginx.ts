/** nginx of Debian as upstream's two images have it: with root's rights at its start, and without. */
import { entryScript, type Recipe, searchPath, users, withTmp } from "./recipes.ts";

const nginxScript = `
  ln -sf dash bin/sh
  mkdir -p var/log/nginx var/lib/nginx/body var/lib/nginx/proxy var/lib/nginx/fastcgi var/cache/nginx run etc/nginx/conf.d
  ln -sfn ../run var/run
  ln -sf /dev/stdout var/log/nginx/access.log
  ln -sf /dev/stderr var/log/nginx/error.log
  ${withTmp}`;
const nginxEntry = { Entrypoint: ["/docker-entrypoint.sh"], Cmd: ["nginx", "-g", "daemon off;"] };

export const nginx: Recipe = {
  name: "nginx",
  images: ["nginx"],
  program: "nginx 1.22 of Debian 12",
  packages: ["coreutils", "dash", "nginx-light"],
  files: {
    "/docker-entrypoint.sh": entryScript("sh"),
    "/etc/passwd": users({ nginx: 101, "www-data": 33 }),
    "/etc/group": users({ nginx: 101, "www-data": 33 }),
  },
  script: nginxScript,
  config: { ...nginxEntry, Env: [searchPath] },
};

/** The main file as upstream's image without root has it. */
const unprivilegedConf = `worker_processes auto;
pid /tmp/nginx.pid;
events { worker_connections 1024; }
http {
  proxy_temp_path /tmp/proxy_temp;
  client_body_temp_path /tmp/client_temp;
  fastcgi_temp_path /tmp/fastcgi_temp;
  uwsgi_temp_path /tmp/uwsgi_temp;
  scgi_temp_path /tmp/scgi_temp;
  include /etc/nginx/mime.types;
  default_type application/octet-stream;
  sendfile on;
  keepalive_timeout 65;
  include /etc/nginx/conf.d/*.conf;
}
`;

export const nginxUnprivileged: Recipe = {
  ...nginx,
  name: "nginx-unprivileged",
  images: ["nginx-unprivileged", "nginxinc-nginx-unprivileged"],
  files: { ...nginx.files, "/etc/nginx/nginx.conf": unprivilegedConf },
  script: `rm -rf etc/nginx/modules-enabled etc/nginx/sites-enabled\n${nginxScript}`,
  config: { ...nginxEntry, User: "101", Env: [searchPath] },
};
