"""What a server's network is to its machine: fixed addresses, and ports that are plugged.

A port is plugged by a file $ORRERY_DIR/run/vif/<port id>, which chassis.py waits for before it claims the port.
Without that the port goes up before Neutron has committed its binding, and then stays DOWN in Neutron for good
(ovn-controller, too, only claims what the hypervisor plugged).
"""
import copy
import os

from nova.network import model

from machine import DIR

VIFS = DIR + '/run/vif'
NAME_SERVER = os.environ['ORRERY_PUBLIC_CIDR'].rsplit('.', 1)[0] + '.1'     # BIND, by way of lab/machines/services.py


def static(network_info):
    """The same network with fixed addresses throughout, as machines get neither DHCP nor router advertisements.

    A subnet without name servers gets the lab's own.
    """
    network_info = copy.deepcopy(network_info)
    for vif in network_info or []:
        for subnet in vif['network']['subnets']:
            for key in ('ipv6_address_mode', 'ipv6_ra_mode', 'dhcp_server'):
                subnet['meta'].pop(key, None)
            if subnet['version'] == 4 and not subnet['dns']:
                subnet['dns'] = [model.IP(address=NAME_SERVER, type='dns')]
    return network_info


def plug(vifs):
    os.makedirs(VIFS, exist_ok=True)
    for vif in vifs or []:
        open(os.path.join(VIFS, vif['id']), 'w').close()


def unplug(vifs):
    for vif in vifs or []:
        try:
            os.unlink(os.path.join(VIFS, vif['id']))
        except FileNotFoundError:
            pass
