"""schema.py PROJECT: makes a project's databases from nothing; Keystone's accounts too.

Starts with empty databases each time, because DDL is no transaction: what an interrupted migration left
cannot be continued.
"""
import ctypes
import importlib
import secrets
import signal
import sys
import uuid

import pymysql

import lab

DATABASES = {'nova': ('nova_api', 'nova', 'nova_cell0')}
UNKNOWN = secrets.token_hex()     # until passwords.py sets the lab's own
SERVICES = ('glance', 'placement', 'nova', 'neutron', 'cinder', 'designate', 'octavia', 'swift')


def die_with_parent():
    """An interrupted 'lab up' leaves nothing that still migrates while the next one starts over."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def empty_databases(project):
    with pymysql.connect(unix_socket=lab.MYSQL, user='root') as database:
        with database.cursor() as cursor:
            for name in DATABASES.get(project, (project,)):
                cursor.execute('drop database if exists ' + name)
                cursor.execute('create database ' + name)


def command(module, *arguments):
    """Runs a project's own management command in this process."""
    sys.argv[:] = [arguments[0]] + list(arguments[1:])
    return importlib.import_module(module).main()


def keystone():
    from keystone.cmd import bootstrap
    from keystone.common import sql
    from keystone.common.sql import upgrades
    import keystone.conf
    keystone.conf.configure()
    sql.initialize()
    keystone.conf.set_default_for_default_log_levels()     # also registers the options of logging
    conf = keystone.conf.CONF
    conf(['--config-file', lab.conf('keystone')], project='keystone')
    keystone.conf.setup_logging()
    upgrades.offline_sync_database_to_version()
    admin = bootstrap.Bootstrapper()
    admin.admin_username = admin.project_name = admin.admin_role_name = 'admin'
    admin.admin_password = UNKNOWN
    admin.bootstrap()
    accounts(bootstrap.PROVIDERS, admin)


def accounts(providers, admin):
    """Projects, service users and the user of the lab's stacks."""
    domain = admin.default_domain_id
    service_role = admin._ensure_role_exists('service')['id']

    def project(name):
        ref = {'id': uuid.uuid4().hex, 'name': name, 'domain_id': domain, 'enabled': True, 'description': ''}
        return providers.resource_api.create_project(ref['id'], ref)['id']

    def user(name, project_id, *roles):
        ref = providers.identity_api.create_user(
            {'name': name, 'password': UNKNOWN, 'domain_id': domain, 'enabled': True,
             'default_project_id': project_id})
        for role in roles:
            providers.assignment_api.add_role_to_user_and_project(ref['id'], project_id, role)

    services = project('service')
    for name in SERVICES:
        user(name, services, admin.admin_role_id, service_role)
    callysto = project('callysto')
    balancers = admin._ensure_role_exists('load-balancer_member')['id']
    user('callysto', callysto, admin.member_role_id, admin.reader_role_id, balancers)
    providers.assignment_api.add_role_to_user_and_project(admin.admin_user_id, callysto, admin.admin_role_id)


def nova():
    from nova import config, objects
    from nova.cmd import manage
    from nova.db import migration
    config.parse_args(['nova', '--config-file', lab.conf('nova')])
    objects.register_all()
    migration.db_sync(database='api')
    cells = manage.CellV2Commands()
    # Templates, filled from nova.conf at run time: the databases then fit another lab's socket.
    cells.map_cell0('{scheme}://{username}@{hostname}/nova_cell0?{query}')
    return manage.DbCommands().sync() or cells.create_cell(
        name='cell1', database_connection='{scheme}://{username}@{hostname}/{path}?{query}')


def neutron():
    return command('neutron.db.migration.cli', 'neutron', '--config-file', lab.conf('neutron'), 'upgrade', 'heads')


def cinder():
    return command('cinder.cmd.manage', 'cinder', '--config-file', lab.conf('cinder'), 'db', 'sync')


def designate():
    return command('designate.cmd.manage', 'designate', '--config-file', lab.conf('designate'), 'database', 'sync')


def glance():
    failed = command('glance.cmd.manage', 'glance', '--config-file', lab.conf('glance'), 'db_sync')
    from glance.db.sqlalchemy import api, metadata
    metadata.db_load_metadefs(api.get_engine())     # definitions of metadata, which every cloud has
    return failed


def octavia():
    return command('octavia.db.migration.cli', 'octavia', '--config-file', lab.conf('octavia'), 'upgrade', 'head')


def placement():
    return command('placement.cmd.manage', 'placement', '--config-file', lab.conf('placement/placement'), 'db', 'sync')


if __name__ == '__main__':
    die_with_parent()
    empty_databases(sys.argv[1])
    sys.exit(globals()[sys.argv[1]]() or 0)
