"""One virtual machine: its folder, its qemu process, and the monitor (QMP) of that process.

qemu gives up root's rights once it has opened what its command line names, so who breaks out of a machine is nobody on
the host. What comes later, disks and taps, is opened here and handed over.
Everything is found again by the server's id, so whoever starts later takes the machine over as it is.
  data/machines/ID/      disk.qcow2 over base, kernel and ramdisk (hard links into the image cache), config.iso, console.log
  run/vm-ID.pid          "pid starttime" of its qemu, which alone is ever signalled
"""
import contextlib
import ctypes
import fcntl
import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import time

import tsc
from qmp import Failed, Monitor

DIR = os.environ['ORRERY_DIR']
NETNS = os.environ['ORRERY_NETNS']
MACHINES = DIR + '/data/machines'
RUN = DIR + '/run'
USER = 60706 + int(os.environ['ORRERY_SLOT'])     # of qemu; systemd and Debian leave 60706 to 61183 unused
CLONE_NEWNET, TUNSETIFF, TAP_FLAGS = 0x40000000, 0x400454ca, 0x5002     # IFF_TAP, IFF_NO_PI, IFF_VNET_HDR
PR_SET_THP_DISABLE = 41
ALL, LEFT_OVER = 0, 19      # a machine's part of the processor: as much as any other session's, or what those leave
TAP_NAME = 14       # longest name that Nova gives a tap: "tap" and the start of the port's id


# A machine takes the memory that its guest uses, and not blocks of 2 MB around it; qemu inherits this.
ctypes.CDLL(None).prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0)


@contextlib.contextmanager
def inside(namespace):
    """What is opened in this block belongs to a network namespace; nothing in it may switch greenlets."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open('/proc/thread-self/ns/net') as here, open(namespace) as there:
        if libc.setns(there.fileno(), CLONE_NEWNET):
            raise Failed('cannot enter the network namespace %s' % namespace)
        try:
            yield
        finally:
            libc.setns(here.fileno(), CLONE_NEWNET)


class Disk:
    """A disk as qemu is to see it. A volume's serial is the start of its id: /dev/disk/by-id/virtio-SERIAL."""

    def __init__(self, name, path, form='raw', serial=None):
        self.name, self.path, self.form, self.serial = name, path, form, serial

    @classmethod
    def volume(cls, connection_info):
        data = connection_info['data']
        return cls('vol-' + data['volume_id'][:20], data['path'], serial=data['volume_id'][:20])

    def backend(self, path=None):
        # no-flush: guests' flushes reach the host's page cache, which outlives qemu, and do not wait for its disk
        return {'driver': self.form, 'node-name': self.name, 'discard': 'unmap',
                'file': {'driver': 'file', 'filename': path or self.path, 'discard': 'unmap', 'cache': {'no-flush': True}}}

    def device(self):
        return {'driver': 'virtio-blk-pci', 'id': 'dev-' + self.name, 'drive': self.name,
                **({'serial': self.serial} if self.serial else {})}


class Card:
    """A network card on the tap of a Neutron port; the tap goes with its qemu."""

    def __init__(self, port, mac):
        self.name, self.mac, self.tap = 'nic-' + port[:11], mac, ('tap' + port)[:TAP_NAME]

    def backend(self):
        return {'type': 'tap', 'id': self.name, 'ifname': self.tap, 'script': 'no', 'downscript': 'no'}

    def opened(self):
        """A file descriptor of the tap, made in the lab's network namespace."""
        with inside('/run/netns/' + NETNS):
            fd = os.open('/dev/net/tun', os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(fd, TUNSETIFF, struct.pack('16sH', self.tap.encode(), TAP_FLAGS))
        return fd

    def device(self):
        return {'driver': 'virtio-net-pci', 'id': 'dev-' + self.name, 'netdev': self.name, 'mac': self.mac, 'romfile': ''}


class Machine:
    def __init__(self, uuid):
        self.uuid = uuid
        self.dir = os.path.join(MACHINES, uuid)
        self.pidfile = '%s/vm-%s.pid' % (RUN, uuid)
        self.qmp = '%s/vm-%s.qmp' % (RUN, uuid[:12])     # short: a socket's path has 107 characters at most

    def path(self, name):
        return os.path.join(self.dir, name)

    def exists(self):
        return os.path.isdir(self.dir)

    def pid(self):
        """Of the running qemu, or None."""
        try:
            with open(self.pidfile) as file:
                pid, started = file.read().split()
            return int(pid) if start_time(pid) == started else self.unrecorded()
        except (OSError, ValueError):
            return self.unrecorded()

    def unrecorded(self):
        """Pid of a qemu that has begun while who started it was killed; its pid file is still its own, without a start time."""
        try:
            with open(self.pidfile + '.new') as file:
                pid = int(file.read())
            with open('/proc/%d/cmdline' % pid, 'rb') as file:
                return pid if self.qmp.encode() in file.read() else None
        except (OSError, ValueError):
            return None

    def monitor(self, seconds=30):
        return Monitor(self.qmp, seconds)

    def start(self, disks, cards, ram, cpus, command_line):
        """Starts qemu and returns once it runs. ram in MB. Failed says what qemu said."""
        if self.pid():
            return
        arguments = [
            'nsenter', '--net=/run/netns/' + NETNS, 'qemu-system-x86_64', '-name', self.uuid,
            '-nodefaults', '-no-user-config', '-display', 'none', '-daemonize', '-pidfile', self.pidfile + '.new',
            '-runas', '%d:%d' % (USER, USER), '-sandbox', 'on,obsolete=deny,resourcecontrol=deny',
            '-machine', 'pc', '-accel', 'tcg,thread=multi,tb-size=256', '-cpu', 'max', '-smp', str(cpus), '-m', str(ram),
            '-chardev', 'socket,id=qmp,path=%s,server=on,wait=off' % self.qmp, '-mon', 'chardev=qmp,mode=control',
            '-chardev', 'file,id=console,append=on,path=' + self.path('console.log'), '-serial', 'chardev:console',
            '-device', 'virtio-rng-pci', '-device', 'virtio-balloon-pci,free-page-reporting=on']
        if os.path.exists(self.path('kernel')):
            known = tsc.kilohertz()
            clock = '' if known is None else ' tsc_early_khz=%d' % known
            arguments += ['-kernel', self.path('kernel'), '-append', command_line + clock]
        if os.path.exists(self.path('ramdisk')):
            arguments += ['-initrd', self.path('ramdisk')]
        for disk in disks:
            arguments += ['-blockdev', json.dumps(disk.backend()), '-device', json.dumps(disk.device())]
        if os.path.exists(self.path('config.iso')):
            arguments += ['-blockdev', json.dumps({'driver': 'raw', 'node-name': 'config', 'read-only': True, 'file': {
                              'driver': 'file', 'filename': self.path('config.iso')}}),
                          '-device', 'virtio-scsi-pci', '-device', 'scsi-cd,drive=config']
        for card in cards:
            arguments += ['-netdev', json.dumps(card.backend()), '-device', json.dumps(card.device())]
        done = subprocess.run(arguments, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode:
            raise Failed('qemu did not start: ' + (done.stderr.strip() or 'exit code %d' % done.returncode))
        with open(self.pidfile + '.new') as file:
            pid = file.read().strip()
        with open(self.pidfile + '.new', 'w') as file:
            file.write('%s %s\n' % (pid, start_time(pid)))
        os.replace(self.pidfile + '.new', self.pidfile)

    def share(self, part):
        """ALL or LEFT_OVER; `nice` would only count within the session, and qemu is alone in its own."""
        with contextlib.suppress(OSError):      # it has just ended, or this kernel does not divide by sessions
            with open('/proc/%s/autogroup' % self.pid(), 'w') as file:
                file.write(str(part))

    def attach(self, disk):
        with self.monitor() as monitor:
            self._booted(monitor)
            fd = os.open(disk.path, os.O_RDWR)
            try:
                number = monitor.execute('add-fd', handed=fd)['fdset-id']
            finally:
                os.close(fd)
            try:
                monitor.execute('blockdev-add', **disk.backend('/dev/fdset/%d' % number))
            finally:
                monitor.execute('remove-fd', **{'fdset-id': number})     # the disk has its own copy
            try:
                monitor.execute('device_add', **disk.device())
            except Failed:
                monitor.execute('blockdev-del', **{'node-name': disk.name})
                raise

    def _booted(self, monitor, seconds=120):
        """Waits until the guest writes to its root disk: a disk that comes earlier can take that one's name, /dev/vda."""
        end = time.time() + seconds
        while time.time() < end:
            root = [node for node in monitor.execute('query-blockstats') if node.get('node-name') == 'root']
            if not root or root[0]['stats']['wr_operations'] or not os.path.exists(self.path('kernel')):
                return
            time.sleep(1)

    def detach(self, disk):
        with self.monitor() as monitor:
            if self._unplug(monitor, disk):
                monitor.execute('blockdev-del', **{'node-name': disk.name})

    def plug(self, card):
        with self.monitor() as monitor:
            fd = card.opened()
            try:
                monitor.execute('getfd', handed=fd, fdname=card.name)
            finally:
                os.close(fd)
            monitor.execute('netdev_add', type='tap', id=card.name, fd=card.name)
            monitor.execute('device_add', **card.device())

    def unplug(self, card):
        with self.monitor() as monitor:
            if self._unplug(monitor, card):
                monitor.execute('netdev_del', id=card.name)

    def _unplug(self, monitor, thing, seconds=90):
        """Asks the guest to let go of a device, again while it still boots; False if it had none."""
        device, end = thing.device()['id'], time.time() + seconds
        while time.time() < end:
            try:
                monitor.execute('device_del', id=device)
            except Failed as error:
                if 'not found' in str(error):
                    return bool(monitor.gone(device, 0))
                if 'already in the process' not in str(error):
                    raise
            if monitor.gone(device, 5):
                return True
        raise Failed('the guest does not let go of %s; is its system running?' % device)

    def resize(self, disk, size):
        with self.monitor() as monitor:
            monitor.execute('block_resize', **{'node-name': disk.name, 'size': size})

    def ask(self, command):
        with self.monitor() as monitor:
            return monitor.execute(command)

    def shut_down(self, seconds):
        """Presses the power button, and pulls the plug at the deadline."""
        shut_down([self], seconds)

    def kill(self):
        """Ends qemu at once; on SIGTERM it still writes what it holds of the disks."""
        for number, seconds in ((signal.SIGTERM, 5), (signal.SIGKILL, 5)):
            pid, end = self.pid(), time.time() + seconds
            if pid:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
            while self.pid() and time.time() < end:
                time.sleep(0.05)
        for file in (self.pidfile, self.pidfile + '.new', self.qmp):
            if os.path.exists(file):
                os.unlink(file)

    def remove(self):
        self.kill()
        shutil.rmtree(self.dir, ignore_errors=True)


def start_time(pid):
    """Field 22 of /proc/PID/stat, which tells a process from a later one of the same pid; None for none or a zombie."""
    try:
        with open('/proc/%s/stat' % pid) as file:
            fields = file.read().rpartition(') ')[2].split()
        return None if fields[0] == 'Z' else fields[19]
    except OSError:
        return None


def running():
    """Every machine of this lab whose qemu runs."""
    names = {name[3:].split('.')[0] for name in os.listdir(RUN) if name.startswith('vm-') and '.pid' in name}
    return [machine for machine in map(Machine, sorted(names)) if machine.pid()]


def shut_down(machines, seconds):
    """Presses the power button of all, again while a guest is not listening yet; what runs at the deadline is ended."""
    end, pressed = time.time() + seconds, 0
    while any(machine.pid() for machine in machines) and time.time() < end:
        if time.time() - pressed > 5:
            pressed = time.time()
            for machine in machines:
                try:
                    machine.ask('system_powerdown')
                except (OSError, Failed):
                    pass        # it has just ended
        time.sleep(0.2)
    for machine in machines:
        machine.kill()


if __name__ == '__main__':
    shut_down(running(), float(sys.argv[1]))
