"""serve.py PROJECT: serves one OpenStack project in the foreground, from Debian's own packages.

Nova, Cinder and Designate each run all their services in one eventlet process, so oslo.messaging's
in-memory transport (fake://) is enough: between projects OpenStack only talks HTTP.
"""
import importlib
import os
import sys
import threading

import answers
import lab


def wsgi(application, project):
    answers.serve(application, project, threads=8)


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


# What Neutron reads of a new floating IP when its session is over, and by keys it would not have been read before.
READ_LATE = ('PortForwarding', 'Tag')


def load_by_keys():
    """Makes SQLAlchemy read a row's collections by keys, not by the row's own query as a subquery.

    Neutron declares most of its collections with lazy='subquery', whose SQL SQLAlchemy 1.4 builds again for each row:
    that was two fifths of Neutron's processor time under load. What is read is the same.
    """
    from sqlalchemy.orm import relationships
    init = relationships.RelationshipProperty.__init__

    def by_keys(self, argument, *args, **options):
        late = getattr(getattr(argument, 'class_', None), '__name__', None) in READ_LATE
        if options.get('lazy') == 'subquery' and not late:
            options['lazy'] = 'selectin'
        init(self, argument, *args, **options)
    relationships.RelationshipProperty.__init__ = by_keys


def neutron():
    load_by_keys()
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
