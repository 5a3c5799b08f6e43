"""serve.py PROJECT: serves one OpenStack project in the foreground, from Debian's own packages.

Nova, Cinder and Designate each run all their services in one eventlet process, so oslo.messaging's
in-memory transport (fake://) is enough: between projects OpenStack only talks HTTP.
"""
import importlib
import os
import sys
import threading

import lab


def wsgi(application, project):
    import waitress
    waitress.serve(application, host=lab.HOST, port=lab.PORTS[project], threads=8, ident='orrery',
                   clear_untrusted_proxy_headers=True)


def token_of_its_own_request():
    """Keystone's middleware, one object, keeps the token of the request in itself, where eight threads take each other's."""
    from keystone.server.flask.request_processing.middleware.auth_context import AuthContextMiddleware
    own = threading.local()
    AuthContextMiddleware.token = property(
        lambda _: getattr(own, 'token', None), lambda _, token: setattr(own, 'token', token))


def keystone():
    os.environ['OS_KEYSTONE_CONFIG_FILES'] = lab.conf('keystone')
    sys.argv[:] = ['keystone']
    from keystone.server.wsgi import initialize_public_application
    token_of_its_own_request()
    wsgi(initialize_public_application(), 'keystone')


def placement():
    os.environ['OS_PLACEMENT_CONFIG_DIR'] = lab.ETC + '/placement'
    sys.argv[:] = ['placement']
    from placement.wsgi import init_application
    wsgi(init_application(), 'placement')


def glance():
    sys.argv[:] = ['glance', '--config-file', lab.conf('glance')]
    from glance.cmd.api import main
    main()


def neutron():
    sys.argv[:] = ['neutron', '--config-file', lab.conf('neutron')]
    from neutron.cmd.eventlet.server import main
    # Neutron takes each router port that OVN reports up for unbound and then sleeps 10 x 0.5 s in the one
    # thread that handles OVN's events: all ports behind it would stay DOWN meanwhile.
    from neutron.plugins.ml2 import plugin
    plugin.MAX_PROVISIONING_TRIES = 1
    main()


if __name__ == '__main__':
    name = sys.argv[1]
    if name in globals():
        globals()[name]()
    else:
        importlib.import_module('serve_' + name).serve()
