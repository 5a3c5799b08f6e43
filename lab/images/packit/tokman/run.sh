#!/bin/bash
# The steps of upstream's script: the table of tokens, then the server.
set -euo pipefail
standin before "$0" "$@"
echo "stand-in for tokman: gunicorn, Flask, Alembic and PyGithub are real, the application is not tokman's own"
/opt/python/bin/alembic upgrade head
exec gunicorn --workers "${WORKERS:-1}" --log-level "${LOG_LEVEL:-info}" --bind "${BIND_ADDR:-127.0.0.1:8000}" tokman:application
