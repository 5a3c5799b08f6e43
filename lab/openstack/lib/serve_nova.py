"""Nova in one process: conductor, scheduler, compute with the lab's driver, API and metadata service."""
import time
import urllib.error
import urllib.request

from nova.cmd import compute  # noqa: F401  (monkey patches for eventlet before anything else)
import eventlet
import os_vif
from oslo_log import log as logging
from oslo_service import service as oslo_service

from nova import config, context, objects, service
import nova.conf
from nova.compute import rpcapi as compute_rpcapi
from nova.conductor import rpcapi as conductor_rpcapi
from nova.objects import host_mapping
from nova.scheduler import rpcapi as scheduler_rpcapi

import lab
import nova_driver


def wait_for(project):
    """Until a project's API answers; the imports above overlap with that."""
    while True:
        try:
            urllib.request.urlopen('http://%s:%d/' % (lab.HOST, lab.PORTS[project]), timeout=5)
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)


def map_host():
    """'nova-manage cell_v2 discover_hosts' without another process, as soon as nova-compute is there."""
    admin = context.get_admin_context()
    while not list(host_mapping.HostMappingList.get_all(admin)):
        try:
            host_mapping.discover_hosts(admin)
        except Exception:       # compute is not up yet
            pass
        eventlet.sleep(0.3)


def serve():
    config.parse_args(['nova', '--config-file', lab.conf('nova')])
    logging.setup(nova.conf.CONF, 'nova')
    objects.register_all()
    os_vif.initialize()
    nova_driver.install()
    objects.Service.enable_min_version_cache()
    # nova-compute exits on a 401 and nova-conductor when Placement does not answer.
    wait_for('keystone')
    wait_for('placement')
    launcher = oslo_service.ServiceLauncher(nova.conf.CONF, restart_method='mutate')
    for binary, topic in (('nova-conductor', conductor_rpcapi.RPC_TOPIC),
                          ('nova-scheduler', scheduler_rpcapi.RPC_TOPIC),
                          ('nova-compute', compute_rpcapi.RPC_TOPIC)):
        launcher.launch_service(service.Service.create(binary=binary, topic=topic))
    launcher.launch_service(service.WSGIService('osapi_compute'))
    launcher.launch_service(service.WSGIService('metadata'))
    eventlet.spawn(map_host)
    launcher.wait()
