#!/bin/sh
# Runs inside the new root: installs the packages. May be run again after an interruption.
# Arguments: packages that stay, "--", packages that only the build needs.
set -eu
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
dpkg --configure -a
apt-get -q update
packages=
for package in "$@"; do [ "$package" = -- ] || packages="$packages $package"; done
# shellcheck disable=SC2086
apt-get -q -y --no-install-recommends -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confold --fix-broken install $packages
