# shellcheck shell=bash
# What the converge's scripts are written in. Each function looks first, changes only what differs and says what it
# changed; with CHECK=1 it only says so. Sourced from /usr/local/lib/orrery/converge.sh inside a guest.
set -euo pipefail
export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive
stamps=/var/lib/orrery
checking=${CHECK:-}

fail() {
  echo "error: $*" >&2
  exit 1
}

# change WHAT COMMAND...: does what has to be done, and says so.
change() {
  echo "changed: $1"
  shift
  [ -n "$checking" ] || "$@"
}

# packages NAME...: these Debian packages are installed.
packages() {
  local name missing=()
  for name; do
    [ "$(dpkg-query -Wf '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || missing+=("$name")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  change "packages ${missing[*]}" install_packages "${missing[@]}"
}

install_packages() {
  apt-get -qq -o DPkg::Lock::Timeout=300 update || fail "the package archive does not answer; wanted: $*"
  apt-get -qq -y -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold --no-install-recommends install "$@" >/dev/null ||
    fail "these packages could not be installed: $*"
}

# no_packages NAME...: these Debian packages are not installed.
no_packages() {
  local name
  for name; do
    [ "$(dpkg-query -Wf '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || continue
    change "no package $name" apt-get -qq -y -o DPkg::Lock::Timeout=300 remove "$name"
  done
}

# file PATH MODE OWNER:GROUP: standard input is the file's content.
file() {
  local path=$1 mode=$2 owner=$3 new
  new=$(mktemp)
  cat >"$new"
  if ! cmp -s "$new" "$path" || [ "$(stat -c '0%a %U:%G' "$path")" != "$mode $owner" ]; then
    change "$path" put "$new" "$path" "$mode" "$owner"
  fi
  rm -f "$new"
}

put() {
  install -d "$(dirname "$2")"
  install -m "$3" -o "${4%:*}" -g "${4#*:}" "$1" "$2.orrery"
  mv "$2.orrery" "$2"
}

# no_file PATH...: these files do not exist.
no_file() {
  local path
  for path; do
    if [ -e "$path" ] || [ -L "$path" ]; then change "no $path" rm -f "$path"; fi
  done
}

# directory PATH MODE OWNER:GROUP
directory() {
  if ! [ -d "$1" ] || [ "$(stat -c '0%a %U:%G' "$1")" != "$2 $3" ]; then
    change "$1/" install -d -m "$2" -o "${3%:*}" -g "${3#*:}" "$1"
  fi
}

# link PATH TARGET
link() {
  [ "$(readlink "$1" || true)" = "$2" ] || change "$1" ln -sfn "$2" "$1"
}

# account NAME UID HOME SHELL: a Linux account; an empty UID leaves the choice to the guest.
account() {
  if ! id "$1" >/dev/null 2>&1; then
    change "account $1" useradd --create-home --user-group ${2:+--uid "$2"} --home-dir "$3" --shell "$4" "$1"
  elif [ -n "$2" ] && [ "$(id -u "$1")" != "$2" ]; then
    fail "account $1 has uid $(id -u "$1"), not $2; files may belong to it, so change it by hand"
  fi
}

# key ACCOUNT present|absent LINE: one public key of an account; other keys of the account stay.
key() {
  local home keys body
  home=$(getent passwd "$1" | cut -d: -f6)
  if [ -z "$home" ]; then
    [ "$2" = absent ] || fail "there is no account $1 for the key of ${3##* }"
    return 0
  fi
  keys=$home/.ssh/authorized_keys
  body=$(cut -d' ' -f2 <<<"$3")
  if grep -qsF " $body" "$keys"; then
    [ "$2" = present ] || change "no key ${3##* } on $1" remove_key "$keys" "$body"
  elif [ "$2" = present ]; then
    change "key ${3##* } on $1" add_key "$1" "$home" "$3"
  fi
}

add_key() {
  install -d -m 0700 -o "$1" -g "$(id -g "$1")" "$2/.ssh"
  [ ! -s "$2/.ssh/authorized_keys" ] || [ -z "$(tail -c1 "$2/.ssh/authorized_keys")" ] || echo >>"$2/.ssh/authorized_keys"
  echo "$3" >>"$2/.ssh/authorized_keys"
  chown "$1:" "$2/.ssh/authorized_keys"
  chmod 0600 "$2/.ssh/authorized_keys"
}

# remove_key FILE BODY: by rename, so that an interruption locks nobody out.
remove_key() {
  cp -p "$1" "$1.orrery"
  grep -vF " $2" "$1" >"$1.orrery" || [ $? = 1 ]
  mv "$1.orrery" "$1"
}

# venv PATH LOCK: a Python environment with the packages of a lock file, whose lines are NAME==VERSION --hash=sha256:SUM.
venv() {
  local have want missing=()
  have=$("$1/bin/python3" -c "$distributions" 2>/dev/null | normalised || true)
  while read -r want; do
    grep -qxF "$want" <<<"$have" || missing+=("$want")
  done < <(sed -n 's/ --hash=.*//p' "$2" | normalised)
  [ ${#missing[@]} -eq 0 ] || change "$1: ${missing[*]}" install_venv "$1" "$2"
}

# What pip freeze --all says, without pip's own start.
distributions='from importlib.metadata import distributions
for one in distributions():
    print(one.metadata["Name"], one.version, sep="==")'

# Python takes Typing_Extensions and typing-extensions for one name.
normalised() {
  awk -F== -v OFS=== '{ gsub(/[-_.]+/, "-", $1); print tolower($1), $2 }'
}

# Wheels only: a source distribution would run its own code as root.
install_venv() {
  [ -x "$1/bin/pip" ] || python3 -m venv "$1"
  "$1/bin/pip" install -q --disable-pip-version-check --no-deps --only-binary :all: --require-hashes -r "$2" ||
    fail "PyPI did not give what $2 names"
}

# node_packages PATH: the npm packages of the lock file in that folder.
node_packages() {
  local have want
  want=$(jq -r '.packages | to_entries[] | select(.key != "" and (.value.optional | not)) | "\(.key) \(.value.version)"' "$1/package-lock.json")
  # One jq for all; a file that is not there leaves its line out.
  have=$(cd "$1" 2>/dev/null && sed 's| .*|/package.json|' <<<"$want" |
    xargs jq -r '"\(input_filename | rtrimstr("/package.json")) \(.version)"' 2>/dev/null || true)
  [ "$have" = "$want" ] || change "$1: npm packages" install_node_packages "$1"
}

install_node_packages() {
  command -v npm >/dev/null || install_packages npm
  (cd "$1" && npm ci --silent --no-audit --no-fund --ignore-scripts --omit=dev --omit=optional) ||
    fail "npm did not give what $1/package-lock.json names"
}

# filesystem DISK TYPE LABEL PATH: the disk carries a file system, made only where it is blank, and is mounted at PATH.
filesystem() {
  local type code=0
  type=$(blkid -p -o value -s TYPE "$1" 2>&1) || code=$?
  [ "$code" = 0 ] || [ "$code" = 2 ] || fail "$1 cannot be identified, so it is left as it is: blkid ended with $code: $type"
  if [ "$code" = 2 ] || [ -z "$type" ]; then
    blank "$1" || fail "$1 holds something that is no file system: $(content "$1"); it is left as it is"
    change "$2 on $1" "mkfs.$2" -q -L "$3" "$1"
  elif [ "$type" != "$2" ]; then
    fail "$1 holds $type, not $2; it is left as it is"
  fi
  grep -qF "LABEL=$3 $4 " /etc/fstab || change "$4 in fstab" append /etc/fstab "LABEL=$3 $4 $2 defaults,nofail 0 2"
  mountpoint -q "$4" || change "$4 mounted" mount_path "$4"
}

append() {
  echo "$2" >>"$1"
}

mount_path() {
  mkdir -p "$1"
  systemctl daemon-reload
  udevadm settle
  mount "$1"
}

# apache_module NAME...
apache_module() {
  local name
  for name; do
    [ -e "/etc/apache2/mods-enabled/$name.load" ] || change "apache module $name" a2enmod -q "$name"
  done
}

# placeholder_certificate HOST CERTIFICATE KEY: until the real one is pushed, a server needs some certificate to start.
placeholder_certificate() {
  [ -s "$3" ] || change "placeholder certificate for $1" self_sign "$@"
}

self_sign() {
  install -d -m 0755 "$(dirname "$2")"
  install -d -m 0700 "$(dirname "$3")"
  (umask 077 && openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj "/CN=$1" -addext "subjectAltName=DNS:$1" \
    -keyout "$3" -out "$2.new" 2>/dev/null)
  install -m 0644 "$2.new" "$2"
  rm "$2.new"
}

# unit NAME restart|reload PATH...: enabled and running; restarted or reloaded when the content of a file differs from
# what the unit last started with, even if an earlier run broke off in between.
unit() {
  local name=$1 how=$2 stamp now
  shift 2
  # A unit may be asked for by several parts, each with files of its own.
  stamp=$stamps/$name.$(cksum <<<"$*" | cut -d' ' -f1)
  now=$({ cat /dev/null "$@" 2>/dev/null || true; } | sha256sum) # a file may be missing
  [ "$(systemctl is-enabled "$name" 2>/dev/null || true)" != disabled ] || change "$name enabled" systemctl -q enable "$name"
  if ! systemctl -q is-active "$name"; then
    change "$name started" start_unit "$name"
  elif [ $# -eq 0 ] || [ "$(cat "$stamp" 2>/dev/null)" = "$now" ]; then
    return 0
  else
    change "$name ${how}ed" "${how}_unit" "$name"
  fi
  [ -n "$checking" ] || { mkdir -p "$stamps" && echo "$now" >"$stamp"; }
}

start_unit() {
  systemctl daemon-reload
  systemctl start "$1" || fail "unit $1 does not start: $(journalctl -qu "$1" -n 5 -o cat)"
}

restart_unit() {
  systemctl daemon-reload
  systemctl restart "$1" || fail "unit $1 does not restart: $(journalctl -qu "$1" -n 5 -o cat)"
}

reload_unit() {
  systemctl reload "$1" || fail "unit $1 does not reload: $(journalctl -qu "$1" -n 5 -o cat)"
}

# answers URL SECONDS UNIT: the URL is answered in time; if not, the unit's last words say why.
answers() {
  local end=$((SECONDS + $2))
  [ -z "$checking" ] || return 0
  until curl -fsSk -m 10 -o /dev/null "$1" 2>/dev/null; do
    [ $SECONDS -lt $end ] || fail "$1 does not answer after $2 s; unit $3 said: $(journalctl -qu "$3" -n 5 -o cat)"
    sleep 2
  done
}

# secret_file PATH MODE OWNER:GROUP [UNIT restart|reload]: as file; a running unit takes the new content at once.
secret_file() {
  local before
  before=$(sha256sum "$1" 2>/dev/null || true)
  file "$1" "$2" "$3" | sed "s|\$| (secret)|"
  [ $# -gt 3 ] && [ "$before" != "$(sha256sum "$1" 2>/dev/null || true)" ] || return 0
  ! systemctl -q is-active "$4" || change "$4 ${5}ed" "${5}_unit" "$4"
}

# disk VARIABLE VOLUME: the path of an attached volume by its id, under each name that a hypervisor may give it.
disk() {
  local try path id=$2
  for try in $(seq 60); do
    for path in "virtio-${id:0:20}" "virtio-$id" "scsi-0QEMU_QEMU_HARDDISK_$id" "scsi-0QEMU_QEMU_HARDDISK_${id:0:20}"; do
      if [ -b "/dev/disk/by-id/$path" ]; then
        printf -v "$1" %s "/dev/disk/by-id/$path"
        return
      fi
    done
    [ "$try" = 60 ] || sleep 1
  done
  fail "volume $id is not attached to this server"
}

# blank DISK...: two independent witnesses say that nothing was ever written: wipefs and blkid recognise nothing, and the
# first and the last MiB are zeros. A disk that cannot be read is not blank: the script ends.
blank() {
  local path found code
  for path; do
    found=$(wipefs --no-act --noheadings "$path" 2>&1) || unreadable "$path" "wipefs: $found"
    [ -z "$found" ] || return 1
    code=0
    found=$(blkid -p "$path" 2>&1) || code=$?
    # blkid ends with 2 where it finds nothing, and also where it cannot open the disk; only then it says something.
    [ "$code" != 2 ] || [ -z "$found" ] || unreadable "$path" "blkid: $found"
    [ "$code" = 2 ] || return 1
    zeros "$path" || return 1
  done
}

# zeros DISK: its first and its last MiB hold nothing but zeros.
zeros() {
  local size start found code mib=1048576
  size=$(blockdev --getsize64 "$1" 2>/dev/null || stat -Lc %s "$1") || unreadable "$1" "its size is unknown"
  [ "$size" -gt 0 ] || unreadable "$1" "its size is 0"
  for start in 0 $((size > mib ? size - mib : 0)); do
    code=0
    found=$(cmp -n $((size < mib ? size : mib)) -i "$start:0" "$1" /dev/zero 2>&1) || code=$?
    [ "$code" -le 1 ] || unreadable "$1" "$found"
    [ "$code" = 0 ] || return 1
  done
}

unreadable() {
  fail "$1 cannot be read, so nothing is written to it ($2); check the volume and the kernel's log"
}

# content DISK...: what is on disks that are not blank, in one line.
content() {
  local found
  found=$(wipefs --no-act --noheadings "$@" 2>&1 | xargs || true)
  echo "${found:-data that neither wipefs nor blkid recognises}"
}
