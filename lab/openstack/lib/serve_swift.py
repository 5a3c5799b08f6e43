"""Swift in one process: proxy, account, container and object server."""
import logging

import eventlet
from eventlet import wsgi as eventlet_wsgi
from swift.common import utils as swift_utils
from swift.common import wsgi as swift_wsgi
from swift.common.ring import RingBuilder

import lab

KINDS = ('proxy', 'account', 'container', 'object')


def rings():
    """One folder as the only device; the same whenever it is made, so it needs no keeping."""
    for offset, kind in enumerate(KINDS[1:], start=1):
        builder = RingBuilder(part_power=6, replicas=1, min_part_hours=1)
        builder.add_dev({'region': 1, 'zone': 1, 'ip': lab.HOST, 'port': lab.PORTS['swift'] + offset,
                         'device': 'd1', 'weight': 1})
        builder.rebalance(seed=1)
        builder.get_ring().save('%s/%s.ring.gz' % (lab.ETC, kind))


def serve():
    eventlet.patcher.monkey_patch(all=False, socket=True, select=True, thread=True)
    swift_utils.SWIFT_CONF_FILE = lab.conf('swift')
    swift_utils.validate_configuration = lambda: None
    # Without a /dev/log Swift would send its log by UDP to port 514 of all addresses.
    swift_utils.ThreadSafeSysLogHandler = lambda **where: logging.StreamHandler()
    rings()
    servers = []
    for offset, kind in enumerate(KINDS):
        app = swift_wsgi.loadapp(lab.conf('swift-' + kind), global_conf={'log_name': 'swift-' + kind})
        sock = eventlet.listen((lab.HOST, lab.PORTS['swift'] + offset), backlog=256)
        servers.append(eventlet.spawn(eventlet_wsgi.server, sock, app, log_output=False, debug=False,
                                      protocol=swift_wsgi.SwiftHttpProtocol))
    for server in servers:
        server.wait()
