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


class Latest(dict):
    """A cache's dictionary that holds the latest so many entries. dogpile's keeps all: 369 MB after an hour of `peers together`, 190 so."""
    most = 1000

    def __setitem__(self, key, value):
        super().__setitem__(key, value)
        if len(self) > self.most:
            self.pop(list(self)[0], None)   # a list, as other threads change it meanwhile


def cache_that_forgets():
    from dogpile.cache.backends.memory import MemoryBackend
    MemoryBackend.__init__ = lambda self, arguments: setattr(self, '_cache', Latest())


def keystone():
    cache_that_forgets()
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
READ_LATE = ('PortForwarding',)


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
    new_rows_have_no_tags()


def new_rows_have_no_tags():
    """Says so when a row is made: by keys, a query of the same session would not read the tags that the answer wants after it."""
    from neutron_lib.db.standard_attr import StandardAttribute
    from sqlalchemy import event
    from sqlalchemy.orm.attributes import set_committed_value
    event.listen(StandardAttribute, 'init', lambda row, *_: set_committed_value(row, 'tags', []))


def retry_soon():
    """Lets Neutron try again in milliseconds what it tries again in seconds, as if its databases were far away and busy.

    1 + 2 + 4 + 8 s for a network's switch that another worker has just made and this one has not heard of, and in a worker's only
    thread for OVN's transactions where two met; 0.5 to 8 s where MariaDB ended one of two transactions.
    """
    from neutron.plugins.ml2.drivers.ovn.mech_driver.ovsdb.impl_idl_ovn import Backend
    from neutron_lib.db import api
    from ovsdbapp.backend.ovs_idl import transaction
    import tenacity
    Backend.check_for_row_by_value_and_retry.retry.wait = tenacity.wait_exponential(multiplier=0.02, max=0.5)
    transaction.MAX_SLEEP = 0.1
    api._retry_db_errors.retry_interval = 0.05
    api._retry_db_errors.max_retry_interval = 1


def writes_in_turn(at_once=2):
    """Lets each worker handle that many changes at a time, in the order of their arrival; reads go on meanwhile.

    Twenty at once all end late, those with most steps last: `peers together` saw 30 s for a router, and 17 s in turn.
    """
    from eventlet.semaphore import Semaphore
    from neutron import wsgi
    run = wsgi.Server._run

    def in_turn(self, application, socket):
        turns = Semaphore(at_once)

        def call(environ, start_response):
            # The first to ask for a project's topology has it made: a network, a router and subnets.
            makes = '/auto-allocated-topology/' in environ['PATH_INFO']
            if environ['REQUEST_METHOD'] in ('GET', 'HEAD') and not makes:
                return application(environ, start_response)
            with turns:
                return application(environ, start_response)
        return run(self, call, socket)
    wsgi.Server._run = in_turn


def neutron():
    # First of all, as it makes threads green: what was imported before would share its thread's state among all requests.
    import neutron.cmd.eventlet  # noqa: F401
    load_by_keys()
    sys.argv[:] = ['neutron', '--config-file', lab.conf('neutron')]
    from neutron.cmd.eventlet.server import main
    # Neutron takes each router port that OVN reports up for unbound and then sleeps 10 x 0.5 s in the one
    # thread that handles OVN's events: all ports behind it would stay DOWN meanwhile.
    from neutron.plugins.ml2 import plugin
    plugin.MAX_PROVISIONING_TRIES = 1
    # It reads each changed object again to tell agents that are not there.
    plugin.ovo_rpc.OVOServerRpcInterface = lambda: None
    retry_soon()
    writes_in_turn()
    main()


if __name__ == '__main__':
    name = sys.argv[1]
    if name in globals():
        globals()[name]()
    else:
        importlib.import_module('serve_' + name).serve()
