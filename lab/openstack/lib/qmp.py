"""The monitor (QMP) of a machine's qemu: one command after the other, a file descriptor with it if need be."""
import array
import json
import socket
import time


class Failed(Exception):
    """The machine or its monitor did not do what was asked."""


class Monitor:
    """A connection to qemu's monitor; qemu serves one at a time, others wait."""

    def __init__(self, path, seconds=30):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(seconds)
        self.socket.connect(path)
        self.buffer = b''
        self.events = []
        self._read()
        self.execute('qmp_capabilities')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def _read(self):
        while b'\n' not in self.buffer:
            data = self.socket.recv(65536)
            if not data:
                raise Failed('the machine ended')
            self.buffer += data
        line, _, self.buffer = self.buffer.partition(b'\n')
        message = json.loads(line)
        if 'event' in message:
            self.events.append(message)
        return message

    def execute(self, command, handed=None, **arguments):
        """One command; `handed` is a file descriptor that goes with it."""
        message = json.dumps({'execute': command, 'arguments': arguments}).encode() + b'\n'
        if handed is None:
            self.socket.sendall(message)
        else:
            self.socket.sendmsg([message], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [handed]))])
        while True:
            message = self._read()
            if 'error' in message:
                raise Failed('%s: %s' % (command, message['error']['desc']))
            if 'return' in message:
                return message['return']

    def gone(self, device, seconds):
        """Waits until the guest has let go of a device; False if it has not in that time."""
        end = time.time() + seconds
        while not any(event['event'] == 'DEVICE_DELETED' and event['data'].get('device') == device
                      for event in self.events):
            self.socket.settimeout(max(end - time.time(), 0.01))
            try:
                self._read()
            except socket.timeout:
                return False
        return True
