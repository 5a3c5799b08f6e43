"""Swift in one process: proxy, account, container and object server.

Only the proxy asks who calls. The other three would serve everybody on loopback, so they accept only calls from this process.
"""
import hmac
import logging
import secrets

import eventlet
from eventlet import wsgi as eventlet_wsgi
from swift.common import bufferedhttp
from swift.common import utils as swift_utils
from swift.common import wsgi as swift_wsgi
from swift.common.ring import RingBuilder

import answers
import lab

KINDS = ('proxy', 'account', 'container', 'object')
SECRET = secrets.token_hex()


def introduce():
    """Puts this process's secret into every call between Swift's servers."""
    plain = bufferedhttp.http_connect_raw

    def http_connect_raw(ipaddr, port, method, path, headers=None, query_string=None, ssl=False):
        headers = {**(headers or {}), 'X-Orrery': SECRET}
        return plain(ipaddr, port, method, path, headers, query_string, ssl)
    bufferedhttp.http_connect_raw = http_connect_raw


def guarded(app):
    def guard(environ, start_response):
        if hmac.compare_digest(environ.get('HTTP_X_ORRERY', '').encode(), SECRET.encode()):
            return app(environ, start_response)
        start_response('403 Forbidden', [('Content-Length', '0')])
        return [b'']
    return guard


def ended(app):
    """Gives a 204 its length: eventlet would end one without as chunks do, and those bytes are the next answer to a client that goes on."""
    def answer(environ, start_response):
        def start(status, headers, *rest):
            if status.startswith('204') and not any(name.lower() == 'content-length' for name, _ in headers):
                headers = [*headers, ('Content-Length', '0')]
            return start_response(status, headers, *rest)
        return app(environ, start)
    return answer


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
    introduce()
    servers = []
    for offset, kind in enumerate(KINDS):
        app = swift_wsgi.loadapp(lab.conf('swift-' + kind), global_conf={'log_name': 'swift-' + kind})
        app = answers.logged(ended(app)) if kind == 'proxy' else guarded(app)
        sock = eventlet.listen((lab.HOST, lab.PORTS['swift'] + offset), backlog=256)
        servers.append(eventlet.spawn(eventlet_wsgi.server, sock, app, log_output=False, debug=False,
                                      protocol=swift_wsgi.SwiftHttpProtocol))
    for server in servers:
        server.wait()
