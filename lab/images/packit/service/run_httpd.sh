#!/bin/bash
# The steps of upstream's script in their order: the migrations once more, the name and port of packit-service.yaml, then the server.
set -euo pipefail
standin before "$0" "$@"
echo "stand-in for Packit's service: Apache, mod_wsgi, Alembic and Celery are real, the application is not Packit's own"
cd /src
attempt=1
until /opt/python/bin/alembic upgrade head; do
  [ "$attempt" -lt 7 ] || { echo "the migrations failed $attempt times" >&2; exit 1; }
  attempt=$((attempt + 1))
  sleep 2
done
config=$HOME/.config/packit-service.yaml
name=$(sed -nr 's/^server_name: ([^:]+)(:([0-9]+))?$/\1/p' "$config")
port=$(sed -nr 's/^server_name: ([^:]+)(:([0-9]+))?$/\3/p' "$config")
exec mod_wsgi-express-3 start-server --access-log --log-to-terminal --https-port "${port:-8443}" --https-only \
  --ssl-certificate-file /secrets/fullchain.pem --ssl-certificate-key-file /secrets/privkey.pem \
  --server-name "$name" --processes 2 --locale C.UTF-8 /usr/share/packit/packit.wsgi
