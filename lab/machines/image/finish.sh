#!/bin/sh
# Runs inside the new root: makes the initrd, keeps the compiled ZFS modules, removes what compiled them, and leaves out of
# the boot what an emulated machine would only wait for. May be run again after an interruption.
# Arguments: packages that only the build needed. The initrd's init script is /tmp/init.
set -eu
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
kernel=$(ls /lib/modules | sort -V | tail -1)
modules=/lib/modules/$kernel/extra

if [ ! -e "$modules/.done" ]; then
  rm -rf "$modules" && mkdir "$modules"
  cp /lib/modules/"$kernel"/updates/dkms/*.ko "$modules/"
  touch "$modules/.done"
fi
if [ ! -e /boot/initrd ]; then
  tree=/tmp/initrd
  rm -rf "$tree" && mkdir -p "$tree/bin" "$tree/dev" "$tree/root" "$tree/modules"
  cp /bin/busybox "$tree/bin/"
  install -m 755 /tmp/init "$tree/init"
  # in the order in which they need each other; crc32c-intel because ext4 checks sums all the time
  for module in virtio_pci virtio_blk crc32c-intel; do modprobe -S "$kernel" --show-depends "$module"; done |
    awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r file; do
      cp "$file" "$tree/modules/" && echo "/modules/${file##*/}" >>"$tree/modules/order"
    done
  (cd "$tree" && find . | cpio --quiet -o -H newc) >/boot/initrd.part
  mv /boot/initrd.part /boot/initrd
fi
apt-get -q -y -o Dpkg::Use-Pty=0 purge "$@"
apt-get -q -y -o Dpkg::Use-Pty=0 --purge autoremove
rm -rf /var/lib/dkms /usr/src/* "/lib/modules/$kernel/updates" /tmp/*
depmod "$kernel"
modinfo -k "$kernel" zfs >/dev/null

# What a machine starts by itself; the rest is enabled where it is configured.
systemctl enable systemd-networkd.service systemd-resolved.service ssh.service
systemctl disable apache2.service docker.service docker.socket containerd.service unattended-upgrades.service \
  cron.service shibd.service php8.2-fpm.service phpsessionclean.timer 2>/dev/null || true
a2disconf -q shib simplesamlphp php8.2-fpm 2>/dev/null || true
a2dismod -q shib 2>/dev/null || true
systemctl mask \
  cloud-init.service cloud-config.service cloud-init-hotplugd.socket \
  apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer e2scrub_reap.service dpkg-db-backup.timer fstrim.timer \
  logrotate.timer apache-htcacheclean.service getty@tty1.service serial-getty@ttyS0.service \
  systemd-pstore.service systemd-binfmt.service proc-sys-fs-binfmt_misc.automount systemd-network-generator.service \
  systemd-update-utmp.service systemd-update-utmp-runlevel.service systemd-repart.service \
  systemd-ask-password-console.path systemd-ask-password-wall.path \
  modprobe@configfs.service modprobe@drm.service modprobe@fuse.service modprobe@efi_pstore.service \
  sys-kernel-config.mount sys-fs-fuse-connections.mount sys-kernel-debug.mount sys-kernel-tracing.mount 2>/dev/null
mkdir -p /etc/systemd/system-generators /etc/systemd/system/multi-user.target.wants
for name in cloud-init-generator systemd-getty-generator systemd-debug-generator systemd-run-generator zfs-mount-generator \
  systemd-gpt-auto-generator systemd-hibernate-resume-generator systemd-integritysetup-generator \
  systemd-veritysetup-generator systemd-rc-local-generator systemd-system-update-generator; do
  ln -sf /dev/null "/etc/systemd/system-generators/$name"
done
ln -sf /lib/systemd/system/cloud-init.target /etc/systemd/system/multi-user.target.wants/cloud-init.target
# Docker loads its own profile; compiling these takes 10 s.
rm -f /etc/apparmor.d/lsb_release /etc/apparmor.d/nvidia_modprobe /etc/apparmor.d/sbin.dhclient

ln -sf ../run/systemd/resolve/stub-resolv.conf /etc/resolv.conf
echo '/dev/vda / ext4 defaults,noatime 0 0' >/etc/fstab
# Each machine makes its own keys and identity.
rm -f /etc/ssh/ssh_host_* /etc/machine-id /var/lib/dbus/machine-id /usr/sbin/policy-rc.d /etc/pip.conf
touch /etc/machine-id
rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/cache/debconf/*-old /var/log/*.log /var/log/apt
