#!/bin/bash
# As upstream's: the names that the server answers follow from the deployment.
set -euo pipefail
standin before "$0" "$@"
echo "stand-in for Packit's dashboard: Apache and mod_wsgi are real, the page is not Packit's own"
case ${DEPLOYMENT:=dev} in
  dev) name=dashboard.localhost ;;
  prod) name=dashboard.packit.dev ;;
  *) name=dashboard.$DEPLOYMENT.packit.dev ;;
esac
exec mod_wsgi-express-3 start-server --access-log --log-to-terminal --https-port 8443 --https-only \
  --ssl-certificate-file /secrets/fullchain.pem --ssl-certificate-key-file /secrets/privkey.pem \
  --server-name "$name" --server-alias "$DEPLOYMENT.packit.dev" --processes 2 --locale C.UTF-8 \
  /usr/share/packit_dashboard/packit_dashboard.wsgi
