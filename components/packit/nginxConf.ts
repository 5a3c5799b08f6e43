/** The whole of /etc/nginx: TLS, and nothing but GET of /metrics gets through. */
export function nginxConf(): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  return `pid /tmp/nginx.pid;
error_log stderr;

events {}

http {
    access_log /dev/stdout;
${temporary.map((kind) => `    ${kind}_temp_path /tmp/${kind};`).join("\n")}

    server {
        listen 8443 ssl;
        ssl_certificate /secrets/fullchain.pem;
        ssl_certificate_key /secrets/privkey.pem;

        location = /metrics {
            # Workers post to the gateway inside the cluster; nobody does through here, not even by HEAD.
            if ($request_method != GET) {
                return 405;
            }
            proxy_pass http://pushgateway;
        }

        location / {
            return 404;
        }
    }
}
`;
}
