#!/bin/sh
# Runs inside the new root: makes a Python environment. May be run again after an interruption.
# Arguments: its folder, its requirements.
set -eu
export LC_ALL=C.UTF-8
folder=$1
shift
[ -x "$folder/bin/pip" ] || python3 -m venv "$folder"
"$folder/bin/pip" install -q --disable-pip-version-check --no-cache-dir "$@"
