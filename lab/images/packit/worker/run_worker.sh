#!/bin/bash
# The steps of upstream's script in their order: the application's name, a name for the platform's user, the keys, the name of the sandboxes' cache, then Celery.
set -euo pipefail
standin before "$0" "$@"
: "${APP:?names the module of the tasks}"
printf 'root:x:0:0::/root:/bin/sh\npackit:x:%s:0:Packit Service:%s:/bin/bash\n' "$(id -u)" "$HOME" >"$HOME/passwd"
export LD_PRELOAD=libnss_wrapper.so NSS_WRAPPER_PASSWD=$HOME/passwd NSS_WRAPPER_GROUP=/etc/group
mkdir -p "$HOME/.ssh"
chmod 0700 "$HOME/.ssh"
install -m 0400 /packit-ssh/id_ed25519* /packit-ssh/config "$HOME/.ssh/"
cd "$HOME"
# As hardly's own script. Only Stream's demonstration has a gitlab.com; elsewhere the worker waits for tasks without its keys.
if [ "$APP" = hardly.tasks ]; then
  ssh-keyscan gitlab.com >>.ssh/known_hosts || echo "gitlab.com gave no keys" >&2
fi
if [ "${CELERY_COMMAND:-worker}" = beat ]; then
  exec celery --app="$APP" beat --loglevel="${LOGLEVEL:-DEBUG}" --pidfile=/tmp/celerybeat.pid --schedule=/tmp/celerybeat-schedule
fi
export SANDCASTLE_REPOSITORY_CACHE_VOLUME="sandcastle-repository-cache-$(uname -n)"
exec celery --app="$APP" worker --loglevel="${LOGLEVEL:-DEBUG}" --concurrency="${CONCURRENCY:-1}" --pool="${POOL:-prefork}" \
  --queues="${QUEUES:-short-running,long-running,rate-limited}"
