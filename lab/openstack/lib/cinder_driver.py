"""Cinder's driver of the lab: a volume is a sparse raw file in data/volumes, named by its id."""
import os

from cinder import exception
from cinder.image import image_utils
from cinder.volume import driver
from cinder.volume import volume_utils
from oslo_concurrency import processutils
from oslo_utils import uuidutils

import lab

FOLDER = lab.DIR + '/data/volumes'
GIB = 1024 ** 3


def path(volume):
    """File of a volume or a snapshot."""
    return os.path.join(FOLDER, volume.id)


def copy(source, target, gigabytes):
    """Copies only what is written in the source."""
    processutils.execute('cp', '--sparse=always', '--reflink=auto', source, target)
    grow(target, gigabytes)


def grow(file, gigabytes):
    with open(file, 'ab') as handle:
        if handle.tell() < gigabytes * GIB:
            handle.truncate(gigabytes * GIB)


def remove(file):
    if os.path.exists(file):
        os.unlink(file)


def existing(reference):
    """A file that is no volume yet. This process is root: any other path would give away the host's files."""
    name = str(reference.get('source-name', ''))
    file = os.path.join(FOLDER, name)
    if os.path.basename(name) != name or os.path.islink(file) or not os.path.isfile(file) or uuidutils.is_uuid_like(name):
        raise exception.ManageExistingInvalidReference(
            existing_ref=reference, reason='source-name must name a file of %s that is no volume' % FOLDER)
    return file


class FileDriver(driver.VolumeDriver):
    VERSION = '1'

    def check_for_setup_error(self):
        os.makedirs(FOLDER, exist_ok=True)

    def _update_volume_stats(self):
        # Figures of a big store: the files are sparse, and the quota is what limits a project.
        self._stats = {
            'volume_backend_name': self.configuration.safe_get('volume_backend_name'),
            'vendor_name': 'orrery', 'driver_version': self.VERSION, 'storage_protocol': 'file',
            'pools': [{'pool_name': 'lab', 'total_capacity_gb': 10000, 'free_capacity_gb': 9000,
                       'allocated_capacity_gb': 0, 'provisioned_capacity_gb': 0,
                       'reserved_percentage': 0, 'max_over_subscription_ratio': 20,
                       'thin_provisioning_support': True, 'thick_provisioning_support': False,
                       'QoS_support': False, 'multiattach': True, 'online_extend_support': True}],
        }

    def create_volume(self, volume):
        grow(path(volume), volume.size)

    def delete_volume(self, volume):
        remove(path(volume))

    def create_snapshot(self, snapshot):
        copy(path(snapshot.volume), path(snapshot), snapshot.volume_size)

    def delete_snapshot(self, snapshot):
        remove(path(snapshot))

    def create_volume_from_snapshot(self, volume, snapshot):
        copy(path(snapshot), path(volume), volume.size)

    def create_cloned_volume(self, volume, src_vref):
        copy(path(src_vref), path(volume), volume.size)

    def revert_to_snapshot(self, context, volume, snapshot):
        copy(path(snapshot), path(volume), volume.size)

    def copy_image_to_volume(self, context, volume, image_service, image_id):
        image_utils.fetch_to_raw(context, image_service, image_id, path(volume), '1M',
                                 size=volume.size, run_as_root=False)
        grow(path(volume), volume.size)

    def copy_volume_to_image(self, context, volume, image_service, image_meta):
        volume_utils.upload_volume(context, image_service, image_meta, path(volume), volume, run_as_root=False)

    def extend_volume(self, volume, new_size):
        grow(path(volume), new_size)

    def retype(self, context, volume, new_type, diff, host):
        return True, None

    def ensure_export(self, context, volume):
        pass

    def create_export(self, context, volume, connector):
        pass

    def remove_export(self, context, volume):
        pass

    def initialize_connection(self, volume, connector, **kwargs):
        return {'driver_volume_type': 'file',
                'data': {'volume_id': volume.id, 'path': path(volume), 'access_mode': 'rw'}}

    def terminate_connection(self, volume, connector, **kwargs):
        pass

    def manage_existing(self, volume, existing_ref):
        """Takes over a raw file of data/volumes: {"source-name": its name}."""
        os.rename(existing(existing_ref), path(volume))

    def manage_existing_get_size(self, volume, existing_ref):
        return -(-os.path.getsize(existing(existing_ref)) // GIB)

    def unmanage(self, volume):
        pass

    def migrate_volume(self, context, volume, host):
        return False, None
