#!/bin/bash
# oc by Debian's kubectl. Its one command that kubectl lacks, import-image, creates an ImageStreamImport, as oc's does.
if [ "$1" != import-image ]; then
  standin before oc "$@" && exec kubectl "$@"
  exit 1
fi
set -euo pipefail
target=${2#is/}
stream=${target%%:*} tag=${target#*:}
shift 2
from=$(kubectl get imagestream "$stream" "$@" -o "jsonpath={.spec.tags[?(@.name==\"$tag\")].from.name}")
import='{"apiVersion": "image.openshift.io/v1", "kind": "ImageStreamImport", "metadata": {"name": "'$stream'"}, "spec":
  {"import": true, "images": [{"from": {"kind": "DockerImage", "name": "'$from'"}, "to": {"name": "'$tag'"}}]}}'
answer=$(kubectl create "$@" -f - -o 'jsonpath={.status.images[0].status.status}: {.status.images[0].status.message}' <<<"$import")
echo "$stream:$tag: $answer"
[[ $answer = Success:* ]]
