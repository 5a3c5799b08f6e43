"""What a cloud's operator has prepared for the project callysto. May run again: makes only what is missing.

Quotas come from the services' configuration, so whoever changed one keeps it.
"""
import os

import lab

SLOT = int(os.environ['ORRERY_SLOT'])
PUBLIC = os.environ['ORRERY_PUBLIC_CIDR']
FLAVORS = (     # name, CPUs, MB of memory, GB of root disk, GB of ephemeral disk
    ('m1.small', 1, 2048, 20, 0),
    ('m1.medium', 2, 4096, 40, 0),
    ('m1.large', 4, 8192, 80, 0),
    ('m1.40g100g4c8g', 4, 8192, 40, 100),
    ('m1.40g100g8c32g', 8, 32768, 40, 100),
)


def missing(wanted, existing):
    """The items of `wanted`, tuples that begin with a name, that no existing object is called."""
    names = {item.name for item in existing}
    return [item for item in wanted if item[0] not in names]


def images(cloud):
    for name, _ in missing((('lab-empty', None),), cloud.image.images()):
        cloud.image.create_image(name=name, disk_format='raw', container_format='bare', visibility='public',
                                 data=b'\0' * 65536, validate_checksum=False)


def flavors(cloud):
    for name, cpus, memory, disk, ephemeral in missing(FLAVORS, cloud.compute.flavors()):
        cloud.compute.create_flavor(name=name, vcpus=cpus, ram=memory, disk=disk, ephemeral=ephemeral)
    for name, _ in missing((('lab.none', None),), cloud.compute.flavors()):
        flavor = cloud.compute.create_flavor(name=name, vcpus=1, ram=64, disk=1)
        cloud.compute.create_flavor_extra_specs(flavor, {'orrery:machine': 'none'})


def volume_types(cloud):
    for name, _ in missing((('standard', None), ('ssd', None)), cloud.block_storage.types()):
        cloud.block_storage.create_type(name=name, extra_specs={'volume_backend_name': 'lab'})


def public_network(network):
    public = network.find_network('public') or network.create_network(
        name='public', is_router_external=True, is_default=True, provider_network_type='flat',
        provider_physical_network='physnet1')
    start = PUBLIC.rsplit('.', 1)[0]
    for name, _ in missing((('public', None),), network.subnets(network_id=public.id)):
        network.create_subnet(
            name=name, network_id=public.id, ip_version=4, cidr=PUBLIC, enable_dhcp=False, gateway_ip=start + '.1',
            allocation_pools=[{'start': start + '.10', 'end': start + '.250'}])
    return public


def subnet_pools(network):
    """What `--nic auto`, and a subnet that names no range, take theirs from."""
    pools = (('shared-v4', ['10.%d.64.0/18' % SLOT], 26), ('shared-v6', ['fd00:%x:1::/48' % SLOT], 64))
    for name, prefixes, length in missing(pools, network.subnet_pools()):
        network.create_subnet_pool(name=name, prefixes=prefixes, default_prefixlen=length, is_shared=True, is_default=True)


def tenant_network(network, project, public):
    mine = {'project_id': project.id}
    default = next(network.networks(name='default', **mine), None) or network.create_network(name='default', **mine)
    router = next(network.routers(name='default', **mine), None) or network.create_router(
        name='default', external_gateway_info={'network_id': public.id}, **mine)
    subnets = (
        ('default-v4', {'ip_version': 4, 'cidr': '10.%d.0.0/24' % SLOT}),
        ('default-v6', {'ip_version': 6, 'cidr': 'fd00:%x::/64' % SLOT, 'gateway_ip': 'fd00:%x::1' % SLOT,
                        'ipv6_address_mode': 'slaac', 'ipv6_ra_mode': 'slaac'}),
    )
    for name, options in missing(subnets, network.subnets(network_id=default.id)):
        network.create_subnet(name=name, network_id=default.id, **options, **mine)
    routed = {address['subnet_id'] for port in network.ports(device_id=router.id) for address in port.fixed_ips}
    for subnet in network.subnets(network_id=default.id):
        if subnet.id not in routed:
            network.add_interface_to_router(router, subnet_id=subnet.id)


def seed():
    cloud = lab.connect()
    project = cloud.identity.find_project('callysto', ignore_missing=False)
    images(cloud)
    flavors(cloud)
    volume_types(cloud)
    subnet_pools(cloud.network)
    tenant_network(cloud.network, project, public_network(cloud.network))


if __name__ == '__main__':
    seed()
