"""Designate in one process: central, worker, mdns, producer and API."""
from designate.cmd import worker  # noqa: F401  (monkey patches for eventlet before anything else)
from oslo_log import log as logging
from oslo_service import service as oslo_service

import designate.conf
from designate import heartbeat_emitter, rpc, utils
from designate.api import service as api_service
from designate.central import service as central_service
from designate.cmd import api, central, mdns, producer  # noqa: F401  (their options)
from designate.manage import pool
from designate.mdns import service as mdns_service
from designate.producer import service as producer_service
from designate.worker import service as worker_service

import lab

CONF = designate.conf.CONF


def update_pool():
    """'designate-manage pool update' asks central over RPC, which fake:// keeps inside this process."""
    command = pool.PoolCommands()
    command._setup = lambda *args: None
    command.central_api = pool.central_rpcapi.CentralAPI()
    command.update(lab.ETC + '/pools.yaml', delete=False, dry_run=False, skip_verify_drivers=True)


def serve():
    utils.read_config('designate', ['designate', '--config-file', lab.conf('designate')])
    logging.setup(CONF, 'designate')
    rpc.init(CONF)
    launcher = oslo_service.ServiceLauncher(CONF, restart_method='mutate')
    for module in (central_service, worker_service, mdns_service, producer_service, api_service):
        server = module.Service()
        launcher.launch_service(server)
        is_central = module is central_service
        heartbeat_emitter.get_heartbeat_emitter(
            server.service_name, **({'rpc_api': server} if is_central else {})).start()
        if is_central:
            update_pool()       # after central and before the worker, which reads the pool when it starts
    launcher.wait()
