"""Octavia: its API, and the driver agent to which OVN's provider tells what became of a load balancer."""
import ctypes
import inspect
import os
import signal
import sys
import types

import answers
import lab


def child(work):
    """Runs `work` in a process that ends with this one."""
    parent = os.getpid()
    if os.fork():
        return
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)
    if os.getppid() == parent:
        work()
    os._exit(0)


def leave_sources_unread():
    """Lets WSME sort attributes by name. It reads the sources of all classes for their order, which is two thirds of Octavia's start."""
    import wsme.types

    def unread(_):
        raise OSError
    wsme.types.inspect = types.SimpleNamespace(**{**vars(inspect), 'getsourcelines': unread})


def serve():
    leave_sources_unread()
    sys.argv[:] = ['octavia', '--config-file', lab.conf('octavia')]
    from octavia_lib.api.drivers import driver_lib
    # OVN's provider takes the default sockets, in /var/run, whatever the configuration says: all labs would share them.
    driver_lib.DriverLibrary.__init__.__defaults__ = tuple(
        '%s/run/octavia-%s.sock' % (lab.DIR, name) for name in ('status', 'stats', 'get'))
    # Both before the fork: importing them is most of the start.
    from octavia.api.app import setup_app
    from octavia.cmd import driver_agent
    child(driver_agent.main)
    answers.serve(setup_app(argv=sys.argv), 'octavia', threads=4)
