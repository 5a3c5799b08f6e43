"""Plays ovn-controller for one chassis, on OVN's southbound database, without Open vSwitch.

Registers Chassis, Encap and Chassis_Private, then for ever
 - answers nb_cfg (so Neutron sees the agent alive),
 - claims the port bindings that ask for this chassis and that Nova has plugged (nova_driver.py makes
   a file per port in run/vif), and reports them up: the ports go ACTIVE in Neutron,
 - claims the gateway ports (chassisredirect) scheduled on it,
 - lets go of what no longer asks for it.
"""
import os
import time

from ovs import poller
from ovs.db import idl

LAB = os.environ['ORRERY_DIR']
NAME = 'orrery'
MAPPINGS = 'physnet1:br-ex'
VIFS = LAB + '/run/vif'
# Never 0: Neutron overlooks a change from 0 (ChassisAgentWriteEvent), and the agent is down for a moment when it next asks.
FIRST = 1
SCHEMA = '/usr/share/ovn/ovn-sb.ovsschema'


def connect(schema):
    helper = idl.SchemaHelper(schema)
    for table in ('Chassis', 'Chassis_Private', 'Encap', 'Port_Binding', 'SB_Global',
                  'HA_Chassis_Group', 'HA_Chassis'):
        helper.register_table(table)
    return idl.Idl('unix:%s/run/ovnsb.sock' % LAB, helper)


def rows(db, table):
    return list(db.tables[table].rows.values())


def first(db, table, **match):
    for row in rows(db, table):
        if all(getattr(row, k) == v for k, v in match.items()):
            return row


def reconcile(db, txn):
    """Puts into txn what is to change; returns whether there was anything."""
    changed = False
    chassis = first(db, 'Chassis', name=NAME)
    if chassis is None:
        encap = txn.insert(db.tables['Encap'])
        encap.type, encap.ip, encap.chassis_name = 'geneve', '127.0.0.1', NAME
        encap.options = {'csum': 'true'}
        chassis = txn.insert(db.tables['Chassis'])
        chassis.name, chassis.hostname = NAME, NAME
        chassis.encaps = [encap]
        config = {'ovn-bridge-mappings': MAPPINGS, 'ovn-cms-options': 'enable-chassis-as-gw',
                  'datapath-type': 'system', 'iface-types': 'geneve,internal,patch',
                  'port-up-notif': 'true', 'ct-no-masked-label': 'true', 'is-interconn': 'false'}
        chassis.other_config, chassis.external_ids = config, config
        private = txn.insert(db.tables['Chassis_Private'])
        private.name, private.chassis, private.nb_cfg = NAME, chassis, FIRST
        return True

    nb_cfg = max(FIRST, rows(db, 'SB_Global')[0].nb_cfg if rows(db, 'SB_Global') else 0)
    private = first(db, 'Chassis_Private', name=NAME)
    now = int(time.time() * 1000)
    if private and (private.nb_cfg != nb_cfg or now - private.nb_cfg_timestamp > 60000):
        private.nb_cfg, private.nb_cfg_timestamp = nb_cfg, now
        changed = True

    try:
        plugged = set(os.listdir(VIFS))
    except FileNotFoundError:
        plugged = set()
    for port in rows(db, 'Port_Binding'):
        if port.type == 'chassisredirect':
            wanted = bool(port.gateway_chassis) or (bool(port.ha_chassis_group) and any(
                member.chassis and member.chassis[0] == chassis
                for member in port.ha_chassis_group[0].ha_chassis))
        elif port.type == '':
            # A subport of a trunk goes with its parent.
            wanted = (port.logical_port in plugged and port.options.get('requested-chassis') == NAME
                      or bool(port.parent_port) and port.parent_port[0] in plugged)
        else:
            continue
        mine = bool(port.chassis) and port.chassis[0] == chassis
        if wanted and (not mine or port.up != [True]):
            port.chassis, port.up, changed = chassis, True, True
        elif mine and not wanted:
            port.chassis, port.up, changed = [], False, True
    return changed


def main():
    db = connect(SCHEMA)
    while True:
        db.run()
        if db.has_ever_connected() and db.tables['SB_Global'].rows:
            txn = idl.Transaction(db)
            if reconcile(db, txn):
                txn.commit_block()      # a lost race shows as another difference next time round
            else:
                txn.abort()
        p = poller.Poller()
        db.wait(p)
        p.timer_wait(250)               # files in run/vif come without a notice
        p.block()


if __name__ == '__main__':
    main()
