#!/bin/bash
# oc by Debian's kubectl. Its one command that kubectl lacks, import-image, has the lab's cluster look at a stream's source once more.
if [ "$1" != import-image ]; then
  standin before oc "$@" && exec kubectl "$@"
  exit 1
fi
set -euo pipefail
stream=${2#is/}
shift 2
# As OpenShift's: without this annotation's old value the cluster imports again.
kubectl get imagestream "${stream%%:*}" "$@" -o json |
  kubectl annotate --local --overwrite -f - -o json "openshift.io/image.dockerRepositoryCheck=$(date -u +%FT%TZ)" |
  kubectl replace -f -
