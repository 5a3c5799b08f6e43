"""Disk files of the machines: images fetched from Glance once, overlays, growth."""
import json
import os

from nova.image import glance
from oslo_concurrency import lockutils
from oslo_concurrency import processutils

from machine import MACHINES

CACHE = MACHINES + '/images'
GLANCE = glance.API()


def link(context, image_id, path):
    """Hard-links an image to `path`, so that the machine keeps it whatever happens to Glance; returns its format."""
    image = GLANCE.get(context, image_id)
    cached = os.path.join(CACHE, image.get('checksum') or image_id)
    with lockutils.lock('image-' + os.path.basename(cached)):
        if not os.path.exists(cached):
            os.makedirs(CACHE, exist_ok=True)
            prune()
            GLANCE.download(context, image_id, dest_path=cached + '.part')
            os.replace(cached + '.part', cached)
        os.link(cached, path)
    return 'qcow2' if image['disk_format'] == 'qcow2' else 'raw'


def prune():
    """Removes cached images that no machine uses any more."""
    for name in os.listdir(CACHE):
        path = os.path.join(CACHE, name)
        if os.stat(path).st_nlink == 1 and not name.endswith('.part'):
            os.unlink(path)


def overlay(base, form, path):
    processutils.execute('qemu-img', 'create', '-q', '-f', 'qcow2', '-F', form, '-b', base, path)


def grow(path, size):
    info = json.loads(processutils.execute('qemu-img', 'info', '--output=json', '-U', path)[0])
    if info['virtual-size'] < size:
        processutils.execute('qemu-img', 'resize', '-q', path, str(size))


def sparse(path, size):
    with open(path, 'wb') as file:
        file.truncate(size)
