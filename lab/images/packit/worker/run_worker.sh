#!/bin/bash
# The steps of upstream's script in their order: the application's name, the keys, the name of the sandboxes' cache, then Celery.
set -euo pipefail
standin before "$0" "$@"
: "${APP:?names the module of the tasks}"
mkdir -p "$HOME/.ssh"
install -m 0400 /packit-ssh/id_ed25519* "$HOME/.ssh/"
cd "$HOME"
if [ "${CELERY_COMMAND:-worker}" = beat ]; then
  exec celery --app="$APP" beat --loglevel="${LOGLEVEL:-DEBUG}" --pidfile=/tmp/celerybeat.pid --schedule=/tmp/celerybeat-schedule
fi
export SANDCASTLE_REPOSITORY_CACHE_VOLUME="sandcastle-repository-cache-$(uname -n)"
exec celery --app="$APP" worker --loglevel="${LOGLEVEL:-DEBUG}" --concurrency="${CONCURRENCY:-1}" --pool="${POOL:-prefork}" \
  --queues="${QUEUES:-short-running,long-running,rate-limited}"
