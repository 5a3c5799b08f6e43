# shellcheck shell=bash
# mirror POOL VOLUME VOLUME: the pool is there on exactly these two volumes: already imported, else imported, else made
# on blank disks. It is never made over data. A blank volume that has come in place of one that is gone gets its copy.
mirror() {
  local pool=$1 first second state
  disk first "$2"
  disk second "$3"
  modprobe zfs || fail "the kernel has no zfs module"
  if zpool list -H -o name "$pool" >/dev/null 2>&1; then
    :
  elif zpool import -d "$first-part1" -d "$first" -d "$second-part1" -d "$second" 2>/dev/null | grep -q "^ *pool: $pool\$"; then
    # -f: a server that was deleted had no time to export; Cinder attaches a volume to one server only.
    change "pool $pool imported" zpool import -f -d "$first-part1" -d "$first" -d "$second-part1" -d "$second" "$pool"
  elif unused "$first" "$second"; then
    change "pool $pool made" make_pool "$pool" "$first" "$second"
  else
    fail "volumes $2 and $3 hold something that is not pool $pool: $(content "$first" "$second")"
  fi
  zpool list -H -o name "$pool" >/dev/null 2>&1 || return 0 # only checking
  # By id, as letters change; a partition of the whole disk that ZFS was given follows the name.
  state=$(zpool status -P "$pool")
  grep -qF "$first" <<<"$state" || half "$pool" "$first" "$second" "$state" "$2"
  grep -qF "$second" <<<"$state" || half "$pool" "$second" "$first" "$state" "$3"
  state=$(zpool list -H -o health "$pool")
  [ "$state" = ONLINE ] || echo "attention: pool $pool is $state; zpool status $pool says more"
}

# make_pool POOL DISK DISK: zpool waits half a minute for the names of the partitions it makes; a busy machine needs longer.
make_pool() {
  local try
  for try in 1 2 3 4; do
    zpool create -o ashift=12 -o autoexpand=on -m "/$1" "$1" mirror "$2" "$3" && return
    udevadm settle
    unused "$2" "$3" || break
    sleep "$try"
  done
  fail "pool $1 could not be made"
}

# unused DISK...: blank, or with nothing but the empty partitions that an interrupted zpool create has left.
unused() {
  local disk
  for disk; do
    blank "$disk" && continue
    [ "$(wipefs --no-act --noheadings --output TYPE "$disk" | sort -u | xargs)" = "PMBR gpt" ] || return 1
    [ "$(sfdisk --part-type "$disk" 1)" = 6A898CC3-1DD2-11B2-99A6-080020736631 ] || return 1
    blank "$disk-part1" || return 1
  done
}

# half POOL DISK OTHER STATE VOLUME: a disk that is not in the pool takes the place of one that is gone.
half() {
  local pool=$1 disk=$2 other=$3 state=$4 path gone=
  while read -r path; do
    [ -b "$path" ] || gone=$path
  done < <(awk '$1 ~ "^/dev/" || ($1 ~ "^[0-9]+$" && $2 ~ "^[A-Z]+$") { print $1 }' <<<"$state")
  if ! grep -qF "$other" <<<"$state" || [ -z "$gone" ]; then
    fail "pool $pool does not lie on volume $5: $(grep -o '/dev/[^ ]*' <<<"$state" | xargs)"
  fi
  blank "$disk" || fail "volume $5 is to replace a half of pool $pool, but is not blank: $(content "$disk")"
  change "pool $pool copies itself to volume $5" zpool replace "$pool" "$gone" "$disk"
}

# dataset NAME
dataset() {
  zfs list -H -o name "$1" >/dev/null 2>&1 || change "dataset $1" zfs create "$1"
}

# mounted POOL: its datasets are where people look for them; an export that broke off leaves a pool without them.
mounted() {
  local absent
  absent=$(zfs list -H -r -t filesystem -o name,mounted,canmount,mountpoint "$1" 2>/dev/null |
    awk '$2 == "no" && $3 == "on" && $4 ~ "^/" { print $1 }')
  [ -z "$absent" ] || change "mounted: $(xargs <<<"$absent")" zfs mount -a
}
