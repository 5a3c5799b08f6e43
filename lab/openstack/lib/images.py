"""Disk files of the machines: images fetched from Glance once, overlays, growth, and images of a disk."""
import io
import json
import os
import struct

from nova import exception
from nova.image import glance
from oslo_concurrency import lockutils
from oslo_concurrency import processutils

from machine import MACHINES

CACHE = MACHINES + '/images'
EXTERNAL_DATA_FILE = 1 << 2     # of qcow2's incompatible features
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
        if image['disk_format'] == 'qcow2':     # also if it came under another format before
            refuse_references(cached, image_id)
        os.link(cached, path)
    return 'qcow2' if image['disk_format'] == 'qcow2' else 'raw'


def refuse_references(path, image_id):
    """Raises if a qcow2 image names another file, its backing or data file: qemu would open that file of the host, as root.

    Reads the header alone, as qemu-img would open the named files.
    """
    with open(path, 'rb') as file:
        header = file.read(80).ljust(80, b'\0')
    magic, version, backing_file = struct.unpack('>4sIQ', header[:16])
    features = struct.unpack('>Q', header[72:80])[0] if version > 2 else 0
    if magic != b'QFI\xfb' or backing_file or features & EXTERNAL_DATA_FILE:
        reason = 'it has a backing file or a data file' if magic == b'QFI\xfb' else 'it is no qcow2 image'
        raise exception.ImageUnacceptable(image_id=image_id, reason=reason)


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


def flat(source, target):
    """A copy of a machine's disk that needs no other file; returns its path."""
    try:
        processutils.execute('qemu-img', 'convert', '-q', '-U', '-O', 'qcow2', source, target)
    except processutils.ProcessExecutionError:      # a full disk, most likely: half a copy would keep it full
        if os.path.exists(target):
            os.unlink(target)
        raise
    return target


def upload(context, image_id, path):
    """Fills an image that Nova has announced, with a qcow2 file that is removed afterwards, or with 64 KiB of nothing."""
    metadata = {'disk_format': 'qcow2' if path else 'raw', 'container_format': 'bare', 'properties': {}}
    try:
        with open(path, 'rb') if path else io.BytesIO(bytes(65536)) as data:
            GLANCE.update(context, image_id, metadata, data, purge_props=False)
    finally:
        if path:
            os.unlink(path)


def sparse(path, size):
    with open(path, 'wb') as file:
        file.truncate(size)
