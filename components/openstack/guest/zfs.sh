# shellcheck shell=bash
# mirror POOL VOLUME VOLUME: the pool is there on exactly these two volumes: already imported, else imported, else made
# on blank disks. It is never made over data.
mirror() {
  local pool=$1 first second state
  disk first "$2"
  disk second "$3"
  modprobe zfs || fail "the kernel has no zfs module"
  if zpool list -H -o name "$pool" >/dev/null 2>&1; then
    # By id, as letters change; -L follows a partition of the whole disk that ZFS was given.
    state=$(zpool status -P "$pool")
    if ! grep -qF "$first" <<<"$state" || ! grep -qF "$second" <<<"$state"; then
      fail "pool $pool does not lie on volumes $2 and $3: $(grep -o '/dev/[^ ]*' <<<"$state" | xargs)"
    fi
  elif zpool import -d "$first-part1" -d "$first" -d "$second-part1" -d "$second" 2>/dev/null | grep -q "^ *pool: $pool\$"; then
    # -f: a server that was deleted had no time to export; Cinder attaches a volume to one server only.
    change "pool $pool imported" zpool import -f -d "$first-part1" -d "$first" -d "$second-part1" -d "$second" "$pool"
  elif blank "$first" "$second"; then
    change "pool $pool made" zpool create -o ashift=12 -o autoexpand=on -m "/$pool" "$pool" mirror "$first" "$second"
  else
    fail "volumes $2 and $3 hold something that is not pool $pool: $(wipefs --no-act --noheadings "$first" "$second" | xargs)"
  fi
  state=$(zpool list -H -o health "$pool" 2>/dev/null || true)
  [ "${state:-ONLINE}" = ONLINE ] || echo "attention: pool $pool is $state; zpool status $pool says more"
}

# dataset NAME
dataset() {
  zfs list -H -o name "$1" >/dev/null 2>&1 || change "dataset $1" zfs create "$1"
}
