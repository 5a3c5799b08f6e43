/** Configuration of the services around Prow: the registry's mirror, the metrics' proxy, the jobs' Docker daemons. */

/** config.yml of the registry that mirrors Docker Hub. */
export const dockerMirror = {
  version: 0.1,
  log: { fields: { service: "registry" } },
  storage: { cache: { blobdescriptor: "inmemory" }, filesystem: { rootdirectory: "/var/lib/registry" } },
  http: { addr: ":5000", headers: { "X-Content-Type-Options": ["nosniff"] } },
  health: { storagedriver: { enabled: true, interval: "10s", threshold: 3 } },
  proxy: { remoteurl: "https://registry-1.docker.io" },
};

/** nginx.conf of the pushgateway's proxy: reading only. `pushgateway` is its Service's host. */
export function metricsProxy(pushgateway: string): string {
  return `worker_processes 4;
# Neither user nor root file system are the proxy's to write.
pid /tmp/nginx.pid;
error_log stderr;

events {
  worker_connections 1024;
}

http {
  access_log off;
  client_body_temp_path /tmp/client;
  proxy_temp_path /tmp/proxy;
  fastcgi_temp_path /tmp/fastcgi;
  uwsgi_temp_path /tmp/uwsgi;
  scgi_temp_path /tmp/scgi;

  server {
    listen 8081;

    location / {
      limit_except GET {
        deny all;
      }
      proxy_pass http://${pushgateway};
    }
  }
}
`;
}

/** How Docker is started in jobs, whichever way their images come. */
const daemon = ["--data-root=/docker-graph", "--mtu=1450", "--ipv6", "--fixed-cidr-v6=2001:db8:1::/64"];

/** /etc/default/docker of jobs that run Docker. `mirror` is host:port of the registry's mirror. */
export function dockerDaemon(mirror: string): string {
  const options = [...daemon, `--registry-mirror=http://${mirror}`, `--insecure-registry=${mirror}`];
  return `DOCKER_OPTS="${options.join(" ")}"\n`;
}

/** The same for jobs that pull everything through the proxy, at host:port. */
export function dockerDaemonByProxy(proxy: string): string {
  return [
    `DOCKER_OPTS="${daemon.join(" ")}"`,
    `export http_proxy=http://${proxy}`,
    `export https_proxy=http://${proxy}`,
    "",
  ].join("\n");
}
