#!/bin/sh
# As upstream's: the static files go to the folder that nginx serves, then gunicorn takes over.
set -e
standin before "$0" "$@"
mkdir -p /var/www/api/static
echo "stand-in for DIALS' static files" >/var/www/api/static/index.html
exec gunicorn --bind 0.0.0.0:8000 --workers "${GUNICORN_N_WORKERS:-1}" --timeout "${GUNICORN_TIMEOUT:-30}" standin:application
