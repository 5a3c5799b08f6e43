#!/bin/bash
# Certificates in the registries' names by an intermediate authority, as upstream makes them, and settings of nginx from variables.
set -euo pipefail
# nginx gave it to its own user at the last start, and gives it back; root without capabilities writes to what is root's only.
chown 0:0 /docker_mirror_cache
standin before "$0" "$@"
registries="registry-1.docker.io auth.docker.io ${REGISTRIES:-k8s.gcr.io gcr.io quay.io}"

mkdir -p /certs
cd /certs
request() { openssl req -new -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.csr" -subj "/CN=$2" 2>/dev/null; }
# Arguments: what is signed, the authority's certificate and key; the extensions come from standard input.
signed() { openssl x509 -req -days 365 -in "$1.csr" -CA "$2" -CAkey "$3" -CAcreateserial -out "$1.crt" -extfile /dev/stdin; }
request intermediate "docker-mirror-proxy, intermediate"
signed intermediate /ca/ca.crt /ca/ca.key <<<"basicConstraints = critical, CA:TRUE, pathlen:0"
request server docker-mirror-proxy
names=$(printf 'DNS:%s, ' $registries)
signed server intermediate.crt intermediate.key <<<"subjectAltName = ${names%, }"
cat server.crt intermediate.crt /ca/ca.crt >chain.pem

resolver=
while read -r key value _; do
  [ "$key" != nameserver ] || { case $value in *:*) resolver="[$value]" ;; *) resolver=$value ;; esac; }
done </etc/resolv.conf
{
  echo "resolver $resolver;"
  echo "proxy_cache_path /docker_mirror_cache keys_zone=registries:10m levels=2 inactive=60d max_size=${CACHE_MAX_SIZE:-32g};"
  echo "proxy_read_timeout ${PROXY_READ_TIMEOUT:-60s};"
  echo "proxy_connect_timeout ${PROXY_CONNECT_TIMEOUT:-60s};"
  echo "proxy_send_timeout ${PROXY_SEND_TIMEOUT:-60s};"
  echo "send_timeout ${SEND_TIMEOUT:-60s};"
  echo "client_body_timeout ${CLIENT_BODY_TIMEOUT:-60s};"
  echo "client_header_timeout ${CLIENT_HEADER_TIMEOUT:-60s};"
} >/etc/nginx/conf.d/variables.conf
if [ "${ALLOW_PUSH:-false}" = true ]; then
  echo "client_max_body_size 0;" >/etc/nginx/methods.conf
else
  echo 'if ($request_method !~ ^(GET|HEAD)$) { return 405 "this proxy takes no pushes"; }' >/etc/nginx/methods.conf
fi
# A tag may name another image tomorrow.
if [ "${ENABLE_MANIFEST_CACHE:-false}" = true ]; then kept=1h; else kept=0s; fi
echo "proxy_cache_valid $kept;" >/etc/nginx/tags.conf

nginx -t
nginx -g 'daemon off;' &
until (: <>/dev/tcp/127.0.0.1/443) 2>/dev/null; do kill -0 $!; sleep 0.1; done
connect -listen :3128 -tls 127.0.0.1:443 -plain http://127.0.0.1:80 -names "$registries" \
  -dial "${PROXY_CONNECT_CONNECT_TIMEOUT:-60s}" -idle "${PROXY_CONNECT_READ_TIMEOUT:-60s}" &
trap 'kill $(jobs -p) 2>/dev/null || true' TERM INT
# If one ends, the container does.
wait -n || true
kill $(jobs -p) 2>/dev/null || true
wait
