#!/bin/bash
# As sclorg's start script of a Python image: a name for the platform's user, then a script, a file or gunicorn, by the variables.
set -eu
standin before /usr/libexec/s2i/run "$@"
export NSS_WRAPPER_PASSWD=/opt/app-root/etc/passwd NSS_WRAPPER_GROUP=/etc/group LD_PRELOAD=libnss_wrapper.so
if ! grep -q "^[^:]*:[^:]*:$(id -u):" "$NSS_WRAPPER_PASSWD"; then
  # As sclorg's, which goes on where the root is read-only: the user has no name then.
  { echo "default:x:$(id -u):0:Default Application User:/opt/app-root/src:/sbin/nologin" >>"$NSS_WRAPPER_PASSWD"; } 2>/dev/null || true
fi
if [ -n "${APP_SCRIPT:-}" ]; then exec "./$APP_SCRIPT"; fi
if [ -n "${APP_FILE:-}" ]; then
  if [ -e "$APP_FILE" ]; then exec python3 -u "$APP_FILE"; fi
  echo "stand-in: $APP_FILE is not played in the lab; its container has what the real one reads"
  exit
fi
if [ -z "${APP_MODULE:-}" ] && [ -e app.py ]; then exec python3 -u app.py; fi
exec gunicorn "${APP_MODULE:-wsgi}" --bind=0.0.0.0:8080 --access-logfile=- --worker-tmp-dir /tmp --workers "${WEB_CONCURRENCY:-1}"
