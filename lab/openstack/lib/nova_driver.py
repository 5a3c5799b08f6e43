"""Nova's driver of the lab: a server is a qemu machine, unless its flavour says `orrery:machine=none`.

A server without a machine is what Nova's own fake driver makes of it: it has every state and costs nothing.
compute_driver is always looked up under nova.virt, so the class is hung there (fake.OrreryDriver).
"""
import os
import time

from eventlet import greenthread
from nova.api.metadata import base as instance_metadata
from nova.compute import power_state
from nova.compute import task_states
import nova.conf
from nova import exception
from nova.virt import configdrive
from nova.virt import driver
from nova.virt import fake
from nova.virt import hardware
from oslo_concurrency import processutils

import images
from machine import ALL, Card, Disk, LEFT_OVER, Machine, running
from plugged import plug, static, unplug
from qmp import Failed

CONF = nova.conf.CONF
GIB = 1024 ** 3
MAX_RAM = 2048      # MB; flavours keep their figures in Nova's books, the emulated machine is smaller
MAX_CPUS = 2
COMMAND_LINE = 'root=/dev/vda rw console=ttyS0'     # unless the image has its own in os_command_line
CONSOLE_BYTES = 102400
POLITE_SECONDS = 90 # a machine boots after the rest of a lab that comes up, as nobody waits for it there
SEEN_SECONDS = 3    # what a reboot or rebuild without a machine takes: clients wait until they have seen its status


def install():
    fake.OrreryDriver = OrreryDriver
    # Machines that ran when the lab went down run again when it comes up.
    CONF.set_default('resume_guests_state_on_host_boot', True)
    # A machine that switched itself off shows as SHUTOFF within a minute.
    CONF.set_default('sync_power_state_interval', 60)


def has_machine(instance):
    return instance.flavor.extra_specs.get('orrery:machine') != 'none'


class OrreryDriver(fake.FakeDriver):
    def init_host(self, host):
        for machine in running():
            machine.share(ALL)      # its time was not over when nova-compute ended
        super().init_host(host)

    def spawn(self, context, instance, image_meta, injected_files, admin_password, allocations,
              network_info=None, block_device_info=None, power_on=True, accel_info=None):
        super().spawn(context, instance, image_meta, injected_files, admin_password, allocations,
                      network_info, block_device_info, power_on, accel_info)
        if has_machine(instance):
            machine = Machine(instance.uuid)
            made = not machine.exists()     # a resized one is there, with its disk
            try:
                if made:
                    self._build(context, machine, instance, injected_files, admin_password, network_info, block_device_info)
                self._grow(machine, instance)
                if power_on:
                    self._start(machine, instance, network_info, block_device_info)
            except (Failed, OSError, exception.ImageUnacceptable, processutils.ProcessExecutionError) as error:
                super().destroy(context, instance, network_info)
                if made:
                    machine.remove()
                else:
                    machine.kill()
                raise exception.InstanceDeployFailure(reason=str(error))
        plug(network_info)

    def _build(self, context, machine, instance, files, password, network_info, block_device_info):
        """Makes the machine's folder: root disk from the image, ephemeral disks, config drive."""
        os.makedirs(machine.dir)
        if instance.image_ref:
            form = images.link(context, instance.image_ref, machine.path('base'))
            images.overlay(machine.path('base'), form, machine.path('disk.qcow2'))
        for name, image in (('kernel', instance.kernel_id), ('ramdisk', instance.ramdisk_id)):
            if image:
                images.link(context, image, machine.path(name))
        for number, ephemeral in enumerate(driver.block_device_info_get_ephemerals(block_device_info)):
            images.sparse(machine.path('ephemeral%d' % number), ephemeral['size'] * GIB)
        swap = driver.block_device_info_get_swap(block_device_info)
        if driver.swap_is_usable(swap):
            images.sparse(machine.path('swap'), swap['swap_size'] * 1024 ** 2)
        metadata = instance_metadata.InstanceMetadata(
            instance, content=files, network_info=static(network_info),
            extra_md={'admin_pass': password} if password else {})
        with configdrive.ConfigDriveBuilder(instance_md=metadata) as builder:
            builder.make_drive(machine.path('config.iso'))

    def _grow(self, machine, instance):
        """Makes the root disk as big as the flavour says; never smaller."""
        if os.path.exists(machine.path('disk.qcow2')):
            images.grow(machine.path('disk.qcow2'), instance.flavor.root_gb * GIB)

    def _start(self, machine, instance, network_info, block_device_info):
        mappings = driver.block_device_info_get_mapping(block_device_info)
        root = driver.block_device_info_get_root_device(block_device_info)
        # The volume to boot from first, then in the order of the names that Nova gave them.
        volumes = [Disk.volume(mapping['connection_info']) for mapping in sorted(
            mappings, key=lambda mapping: (mapping['mount_device'] != root, mapping['mount_device']))]
        names = sorted(name for name in os.listdir(machine.dir) if name.startswith('ephemeral') or name == 'swap')
        local = [Disk(name, machine.path(name)) for name in names]
        system = [Disk('root', machine.path('disk.qcow2'), 'qcow2')]
        disks = system + local + volumes if os.path.exists(system[0].path) else volumes + local
        flavor = instance.flavor
        machine.start(disks, [Card(vif['id'], vif['address']) for vif in network_info or []],
                      min(flavor.memory_mb, MAX_RAM), min(flavor.vcpus, MAX_CPUS),
                      instance.system_metadata.get('image_os_command_line') or COMMAND_LINE)
        self.instances[instance.uuid].state = power_state.RUNNING

    def destroy(self, context, instance, network_info, block_device_info=None,
                destroy_disks=True, destroy_secrets=True):
        unplug(network_info)
        if has_machine(instance):
            machine = Machine(instance.uuid)
            if destroy_disks:
                machine.remove()
            else:
                machine.kill()
        super().destroy(context, instance, network_info, block_device_info, destroy_disks, destroy_secrets)

    def cleanup(self, context, instance, network_info, block_device_info=None, destroy_disks=True,
                migrate_data=None, destroy_vifs=True, destroy_secrets=True):
        super().cleanup(context, instance, network_info, block_device_info, destroy_disks,
                        migrate_data, destroy_vifs, destroy_secrets)
        if has_machine(instance) and destroy_disks:
            Machine(instance.uuid).remove()

    def get_info(self, instance, use_cache=True):
        info = super().get_info(instance, use_cache)
        if not has_machine(instance):
            return info
        if not Machine(instance.uuid).pid():
            return hardware.InstanceInfo(state=power_state.SHUTDOWN)
        paused = info.state in (power_state.PAUSED, power_state.SUSPENDED)
        return info if paused else hardware.InstanceInfo(state=power_state.RUNNING)

    def power_off(self, instance, timeout=0, retry_interval=0):
        super().power_off(instance, timeout, retry_interval)
        if has_machine(instance):
            Machine(instance.uuid).shut_down(timeout)

    def power_on(self, context, instance, network_info, block_device_info=None, accel_info=None):
        super().power_on(context, instance, network_info, block_device_info, accel_info)
        if has_machine(instance):
            self._start(Machine(instance.uuid), instance, network_info, block_device_info)

    def reboot(self, context, instance, network_info, reboot_type, block_device_info=None,
               bad_volumes_callback=None, accel_info=None):
        if not has_machine(instance):
            time.sleep(SEEN_SECONDS)
        # Off and on again, also for a soft reboot: qemu's monitor has a power button, but no reset that asks the guest.
        self.power_off(instance, CONF.shutdown_timeout if reboot_type == 'SOFT' else 0)
        self.power_on(context, instance, network_info, block_device_info, accel_info)

    def rebuild(self, context, instance, **others):
        if not has_machine(instance):
            time.sleep(SEEN_SECONDS)
        super().rebuild(context, instance, **others)

    def resume_state_on_host_boot(self, context, instance, network_info, block_device_info=None):
        machine = Machine(instance.uuid)
        outlived = machine.pid()        # nova-compute alone was started again
        self.power_on(context, instance, network_info, block_device_info)
        if has_machine(instance) and not outlived:
            machine.share(LEFT_OVER)
            greenthread.spawn_after(POLITE_SECONDS, machine.share, ALL)

    def pause(self, instance):
        self._hold(instance, 'stop', power_state.PAUSED)

    def unpause(self, instance):
        self._hold(instance, 'cont', power_state.RUNNING)

    def suspend(self, context, instance):
        self._hold(instance, 'stop', power_state.SUSPENDED)

    def resume(self, context, instance, network_info, block_device_info=None):
        self._hold(instance, 'cont', power_state.RUNNING)

    def _hold(self, instance, command, state):
        if has_machine(instance):
            Machine(instance.uuid).ask(command)
        self.instances[instance.uuid].state = state

    def attach_volume(self, context, connection_info, instance, mountpoint, disk_bus=None,
                      device_type=None, encryption=None):
        super().attach_volume(context, connection_info, instance, mountpoint, disk_bus, device_type, encryption)
        machine = Machine(instance.uuid)
        if has_machine(instance) and machine.pid():
            machine.attach(Disk.volume(connection_info))

    def detach_volume(self, context, connection_info, instance, mountpoint, encryption=None):
        machine = Machine(instance.uuid)
        if has_machine(instance) and machine.pid():
            try:
                machine.detach(Disk.volume(connection_info))
            except Failed as error:
                raise exception.DeviceDetachFailed(device=mountpoint, reason=str(error))
        super().detach_volume(context, connection_info, instance, mountpoint, encryption)

    def extend_volume(self, context, connection_info, instance, requested_size):
        machine = Machine(instance.uuid)
        if has_machine(instance) and machine.pid():
            machine.resize(Disk.volume(connection_info), requested_size)

    def attach_interface(self, context, instance, image_meta, vif):
        super().attach_interface(context, instance, image_meta, vif)
        machine = Machine(instance.uuid)
        if has_machine(instance) and machine.pid():
            machine.plug(Card(vif['id'], vif['address']))
        plug([vif])

    def detach_interface(self, context, instance, vif):
        super().detach_interface(context, instance, vif)
        unplug([vif])
        machine = Machine(instance.uuid)
        if has_machine(instance) and machine.pid():
            machine.unplug(Card(vif['id'], vif['address']))

    def get_console_output(self, context, instance):
        if not has_machine(instance):
            return b''.join(b'%d: this server has no machine\n' % line for line in range(1, 13))     # tempest wants more than ten
        try:
            with open(Machine(instance.uuid).path('console.log'), 'rb') as file:
                file.seek(max(0, os.fstat(file.fileno()).st_size - CONSOLE_BYTES))
                return file.read()
        except FileNotFoundError:
            return b''

    def snapshot(self, context, instance, image_id, update_task_state):
        # The guest stands still meanwhile, and qemu has written everything: the image is what a power cut would leave.
        update_task_state(task_state=task_states.IMAGE_PENDING_UPLOAD)
        machine = Machine(instance.uuid)
        disk = machine.path('disk.qcow2') if has_machine(instance) else None
        running = disk and machine.pid() and self.instances[instance.uuid].state == power_state.RUNNING
        if running:
            machine.ask('stop')
        try:
            copy = images.flat(disk, machine.path(image_id + '.part')) if disk else None
        finally:
            if running:
                machine.ask('cont')
        update_task_state(task_state=task_states.IMAGE_UPLOADING, expected_state=task_states.IMAGE_PENDING_UPLOAD)
        images.upload(context, image_id, copy)

    def default_root_device_name(self, instance, image_meta, root_bdm):
        return '/dev/vda'       # and the disks after it; Nova's own default is /dev/sda, whatever the machine has

    def get_host_uptime(self):
        return processutils.execute('uptime')[0]

    def migrate_disk_and_power_off(self, context, instance, dest, flavor, network_info,
                                   block_device_info=None, timeout=0, retry_interval=0):
        if has_machine(instance):
            Machine(instance.uuid).shut_down(timeout)

    def finish_migration(self, context, migration, instance, disk_info, network_info, image_meta, resize_instance,
                         allocations, block_device_info=None, power_on=True):
        self.spawn(context, instance, image_meta, None, None, allocations, network_info, block_device_info, power_on)

    def finish_revert_migration(self, context, instance, network_info, migration, block_device_info=None,
                                power_on=True):
        self.spawn(context, instance, None, None, None, None, network_info, block_device_info, power_on)

    def plug_vifs(self, instance, network_info):
        # Called for every known server when nova-compute starts: take it back. The stock driver
        # forgets all of them, and every later stop, reboot or resize fails with InstanceNotFound.
        if instance.uuid not in self.instances:
            state = instance.power_state if instance.power_state in (
                power_state.SHUTDOWN, power_state.PAUSED, power_state.SUSPENDED) else power_state.RUNNING
            self.instances[instance.uuid] = fake.FakeInstance(instance.name, state, instance.uuid)
            flavor = instance.flavor
            self.resources.claim(vcpus=flavor.vcpus, mem=flavor.memory_mb, disk=flavor.root_gb)
            for vif in network_info or []:
                self._interfaces[vif['id']] = vif
        plug(network_info)

    def unplug_vifs(self, instance, network_info):
        unplug(network_info)
