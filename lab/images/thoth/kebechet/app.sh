#!/bin/bash
# As upstream's: a name for the platform's user, whose home SSH looks into; no host key is known; then the subcommand.
set -eu
standin before ./app.sh "$@"
if ! getent passwd "$(id -u)" >/dev/null; then
  echo "$(id -u):x:$(id -u):$(id -g)::/home/user:/bin/false" >>/etc/passwd
fi
export GIT_SSH_COMMAND='ssh -o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=no'
case ${KEBECHET_SUBCOMMAND:-} in
run | run-url | run-results) exec kebechet "$KEBECHET_SUBCOMMAND" ;;
*)
  echo "KEBECHET_SUBCOMMAND is run, run-url or run-results" >&2
  exit 1
  ;;
esac
