"""Cinder in one process: scheduler, volume service with the lab's driver, and API."""
from cinder.cmd import volume as cmd  # noqa: F401  (monkey patches for eventlet before anything else)
import os_brick
from oslo_config import cfg
from oslo_log import log as logging
from oslo_service import service as oslo_service

from cinder import coordination, objects, rpc, service, version
from cinder.common import config, constants

import lab

CONF = cfg.CONF


class OneOfSeveral(service.Service):
    """A service that beats although it shares its process: Cinder keeps the row to beat in a class attribute."""

    def report_state(self):
        service.Service.service_id = self.origin_service_id
        super().report_state()


def serve():
    objects.register_all()
    CONF(['--config-file', lab.conf('cinder')], project='cinder', version=version.version_string())
    config.set_middleware_defaults()
    logging.setup(CONF, 'cinder')
    os_brick.setup(CONF)
    coordination.COORDINATOR.start()
    rpc.init(CONF)
    launcher = oslo_service.ServiceLauncher(CONF, restart_method='mutate')
    launcher.launch_service(OneOfSeveral.create(binary=constants.SCHEDULER_BINARY))
    for backend in CONF.enabled_backends:
        CONF.register_opt(cmd.host_opt, group=backend)
        launcher.launch_service(OneOfSeveral.create(
            host='%s@%s' % (CONF.host, backend), service_name=backend,
            binary=constants.VOLUME_BINARY, coordination=False))
    launcher.launch_service(service.WSGIService('osapi_volume'))
    launcher.wait()
