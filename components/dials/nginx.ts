/** Port of the backend's nginx, and of the frontend's. */
export const webPort = 8081;
/** Port of gunicorn inside the backend's pod. */
export const djangoPort = 8000;
/** Where the backend puts its static files and nginx finds them. */
export const staticFolder = "/var/www/api/";
/** Health path, answered by nginx itself. */
export const nginxHealth = "/nghealth";

const proxied = [
  "application/javascript",
  "application/json",
  "application/xml",
  "application/xml+rss",
  "text/css",
  "text/javascript",
  "text/plain",
  "text/xml",
];

/** The server in front of Django in the same pod: static files, then Django; it replaces nginx's default one. */
export function nginxConf(timeoutSeconds: number): string {
  return `upstream app_server {
    server 127.0.0.1:${djangoPort} fail_timeout=0;
}

server {
    listen ${webPort};
    root ${staticFolder};

    client_max_body_size 1G;
    access_log /dev/stdout;
    error_log stderr;

    location / {
        location /static {
            add_header Access-Control-Allow-Origin *;
            add_header Access-Control-Max-Age 3600;
            add_header Access-Control-Expose-Headers Content-Length;
            add_header Access-Control-Allow-Headers Range;

            if ($request_method = OPTIONS) {
                return 204;
            }

            try_files $uri @django;
        }

        # Says that nginx runs, whatever Django does.
        location ${nginxHealth} {
            access_log off;
            return 200;
        }

        try_files $uri @django;
    }

    location @django {
        gzip on;
        gzip_vary on;
        gzip_proxied any;
        gzip_http_version 1.1;
        gzip_buffers 16 8k;
        gzip_types ${proxied.join(" ")};
        gzip_disable msie6;

        proxy_connect_timeout ${timeoutSeconds}s;
        proxy_send_timeout ${timeoutSeconds}s;
        proxy_read_timeout ${timeoutSeconds}s;
        send_timeout ${timeoutSeconds}s;

        # X-Forwarded-Proto comes from the router, where TLS ends, and is passed on as it is.
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header Host $http_host;
        proxy_redirect off;
        proxy_pass http://app_server;
    }
}
`;
}
