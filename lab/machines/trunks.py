"""Subports of trunks: the frames of a machine's tap that have a subport's VLAN tag are those of a tap of the subport's own.

In user space, as a kernel may have no VLAN devices (CONFIG_VLAN_8021Q). Both sides have virtio's header in front of a frame, so
that checksums and segments that a machine leaves to its card stay as they are.
"""
import errno
import fcntl
import os
import select
import socket
import struct
import sys
import threading

TUNSETIFF, IFF_TAP, IFF_NO_PI, IFF_VNET_HDR = 0x400454ca, 0x2, 0x1000, 0x4000           # linux/if_tun.h
SOL_PACKET, PACKET_AUXDATA, PACKET_VNET_HDR, VLAN_VALID = 263, 8, 15, 0x10              # linux/if_packet.h
ETH_P_ALL, TAGGED, TAG_BITS = 0x3, 0x8100, 0xfff
AUXDATA = struct.Struct('=IIIHHHH')
MACS = 10 + 12      # virtio's header and a frame's two addresses
MOST = 70000        # bytes of a frame that is still to be cut into segments
PASSING = (errno.EAGAIN, errno.EIO, errno.ENETDOWN, errno.ENOBUFS, errno.EMSGSIZE)      # a frame is lost, as on any wire


class Subport(threading.Thread):
    """The tap `name`, for the frames with `tag` of the tap `parent`; it goes with `end`."""

    def __init__(self, name, parent, tag):
        super().__init__(daemon=True)
        self.tag = tag
        # Both close with this object, also if the rest fails: a tap that stayed would keep its name.
        self.card = socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_NONBLOCK, 0)
        for option in (PACKET_AUXDATA, PACKET_VNET_HDR):
            self.card.setsockopt(SOL_PACKET, option, 1)
        self.card.bind((parent, ETH_P_ALL))
        self.tap = open('/dev/net/tun', 'r+b', buffering=0)
        os.set_blocking(self.tap.fileno(), False)
        fcntl.ioctl(self.tap, TUNSETIFF, struct.pack('16sH', name.encode(), IFF_TAP | IFF_NO_PI | IFF_VNET_HDR))
        self.ended, self.ending = os.pipe()
        self.start()

    def run(self):
        while True:
            ready = select.select([self.tap, self.card, self.ended], [], [])[0]
            if self.ended in ready:
                return
            try:
                if self.card in ready:
                    self.untag(*self.card.recvmsg(MOST, socket.CMSG_SPACE(AUXDATA.size)))
                if self.tap in ready:
                    frame = os.read(self.tap.fileno(), MOST)
                    self.card.send(frame[:MACS] + struct.pack('!HH', TAGGED, self.tag) + frame[MACS:])
            except OSError as error:
                if error.errno not in PASSING:
                    return

    def untag(self, frame, ancillary, _flags, sender):
        """The kernel has taken the tag out of the frame and says it next to it."""
        if sender[2] == socket.PACKET_OUTGOING:
            return
        for level, kind, data in ancillary:
            if (level, kind) == (SOL_PACKET, PACKET_AUXDATA):
                status, *_, tag, _protocol = AUXDATA.unpack(data[:AUXDATA.size])
                if status & VLAN_VALID and tag & TAG_BITS == self.tag:
                    os.write(self.tap.fileno(), frame)

    def end(self):
        os.write(self.ending, b'.')
        self.join()
        for file in (self.card, self.tap):
            file.close()
        for file in (self.ended, self.ending):
            os.close(file)


class Trunks:
    """The subports that there are."""

    def __init__(self):
        self.subports = {}

    def keep(self, wanted):
        """Makes them those of `wanted`: by the subport's tap, its parent's name and interface index, and its tag.

        Returns whether they are: one that cannot be made must not keep the other machines' rules from their place.
        """
        for name, (made, subport) in list(self.subports.items()):
            if wanted.get(name) != made or not subport.is_alive():
                subport.end()
                del self.subports[name]
        for name, (parent, index, tag) in wanted.items():
            if name not in self.subports:
                try:
                    self.subports[name] = ((parent, index, tag), Subport(name, parent, tag))
                except OSError as error:
                    print('subport %s of %s: %s' % (name, parent, error), file=sys.stderr, flush=True)
        return self.subports.keys() == wanted.keys()
