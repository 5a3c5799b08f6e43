#!/bin/sh
# npm run lock:guests: writes the lock files of what hubs install besides Debian's packages, for the Python and Node of Debian 12.
# Needs pip 23 or newer and npm; both ask their indexes. requirements.in and package.json name what is wanted.
set -eu
cd "$(dirname "$0")"
platforms=$(for glibc in 2_5 2_12 2_17 2_24 2_26 2_27 2_28 2_31 2_34; do echo "--platform manylinux_${glibc}_x86_64"; done)
report=$(mktemp)
trap 'rm -f "$report"' EXIT
# shellcheck disable=SC2086 # words on purpose
python3 -m pip install -q --disable-pip-version-check --dry-run --ignore-installed --only-binary :all: --target /nowhere \
  --python-version 3.11 --implementation cp $platforms --platform manylinux2014_x86_64 --platform manylinux1_x86_64 \
  --report "$report" -r requirements.in
python3 - "$report" >requirements.txt <<'END'
import json, re, sys
with open(sys.argv[1], encoding="utf-8") as file:
    found = json.load(file)["install"]
lines = []
for one in found:
    name = re.sub(r"[-_.]+", "-", one["metadata"]["name"]).lower()
    sums = one["download_info"]["archive_info"]["hashes"]
    lines.append(f"{name}=={one['metadata']['version']} --hash=sha256:{sums['sha256']}\n")
sys.stdout.write("# From requirements.in by renew.sh.\n" + "".join(sorted(lines)))
END
rm -f package-lock.json
npm install --package-lock-only --ignore-scripts --no-audit --no-fund --omit-lockfile-registry-resolved
