/**
 * What the lab changes of Neutron, in Debian's own modules: how soon it tries again, how many changes it handles at once, and
 * whether it hears that the chassis is alive.
 */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { before, describe, it } from "mocha";
import { runPython } from "../../../lab/harness/python.ts";

/** The most changes, and the most requests, that a worker handled at a time of six changes and three reads. */
const turns = `
import json, sys, types
sys.modules['answers'] = sys.modules['lab'] = types.ModuleType('none')
import neutron.cmd.eventlet
import eventlet, serve
from neutron import wsgi
wsgi.Server._run = lambda self, application, socket: application
serve.writes_in_turn()
change, read, topology = ('POST', '/v2.0/ports'), ('GET', '/v2.0/ports'), ('GET', '/v2.0/auto-allocated-topology/ID')
now, most = {False: 0, True: 0}, {'changes': 0, 'all': 0}
def answer(environ, start_response):
    reads = (environ['REQUEST_METHOD'], environ['PATH_INFO']) == read
    now[reads] += 1
    most['changes'] = max(most['changes'], now[False])
    most['all'] = max(most['all'], sum(now.values()))
    eventlet.sleep(0.05)
    now[reads] -= 1
    return []
served = wsgi.Server._run(None, answer, None)
requests = [{'REQUEST_METHOD': method, 'PATH_INFO': path} for method, path in [change] * 3 + [topology] * 3 + [read] * 3]
for thread in [eventlet.spawn(served, request, None) for request in requests]:
    thread.wait()
print(json.dumps(most))
`;

/** Whether Neutron takes note of what the chassis repeats, each time that Neutron counts up. */
const alive = `
import json, types
row = types.SimpleNamespace
import chassis
from neutron.plugins.ml2.drivers.ovn.mech_driver.ovsdb.ovsdb_monitor import ChassisAgentWriteEvent
names = ('Chassis', 'Chassis_Private', 'Encap', 'Port_Binding', 'SB_Global')
tables = {name: row(rows={}) for name in names}
counter = tables['SB_Global'].rows[0] = row(nb_cfg=0)
class Transaction:
    def insert(self, table):
        table.rows[len(table.rows)] = made = row(nb_cfg=0, nb_cfg_timestamp=0)
        return made
turn = lambda: chassis.reconcile(row(tables=tables), Transaction())
turn()
turn()
own = tables['Chassis_Private'].rows[0]
event = ChassisAgentWriteEvent(row(agent_chassis_table='Chassis_Private'))
heard = []
for count in (1, 2, 3):
    counter.nb_cfg, old = count, own.nb_cfg
    turn()
    if own.nb_cfg != old:
        heard.append(bool(event.match_fn('update', own, row(nb_cfg=old))))
print(json.dumps([own.nb_cfg, heard]))
`;

/** Seconds slept until each of ten attempts; nobody sleeps. */
const program = `
import json, sys, time, types
sys.modules['answers'] = sys.modules['lab'] = types.ModuleType('none')
import serve
serve.retry_soon()
slept = []
time.sleep = slept.append
from neutron.plugins.ml2.drivers.ovn.mech_driver.ovsdb.impl_idl_ovn import OvsdbNbOvnIdl, idlutils
import tenacity.nap
OvsdbNbOvnIdl.check_for_row_by_value_and_retry.retry.sleep = slept.append
seen = {}
def absent(*_):
    if len(slept) == 6:
        return
    raise idlutils.RowNotFound(table='t', col='c', match='m')
idlutils.row_by_value = absent
OvsdbNbOvnIdl.check_for_row_by_value_and_retry(types.SimpleNamespace(idl=None), 't', 'c', 'm')
seen['row'] = list(slept)
slept.clear()
from neutron_lib.db import api
from oslo_db import exception
@api.retry_db_errors
def stuck():
    if len(slept) < 10:
        raise exception.DBDeadlock()
stuck()
seen['database'] = max(slept)
from ovsdbapp.backend.ovs_idl import transaction
seen['ovn'] = transaction.MAX_SLEEP
print(json.dumps(seen))
`;

describe("the lab's Neutron", function () {
  this.timeout(60_000);
  before(function () {
    if (!existsSync("/usr/lib/python3/dist-packages/neutron")) this.skip(); // `npm test` installs it
  });

  it("waits milliseconds for a row of OVN's and after a deadlock, not seconds", () => {
    const { row, database, ovn } = runPython(program) as { row: number[]; database: number; ovn: number };
    assert.deepEqual(row, [0.02, 0.04, 0.08, 0.16, 0.32, 0.5]);
    assert.ok(database <= 1, `${database} s after a deadlock`);
    assert.equal(ovn, 0.1);
  });

  it("takes note of each count that the chassis repeats: a missed one makes its agent look dead ten minutes later", () => {
    assert.deepEqual(runPython(alive), [3, [true, true]]);
  });

  it("handles two changes at a time in each worker, that of a topology by a GET among them, and any number of reads", () => {
    assert.deepEqual(runPython(turns), { changes: 2, all: 5 });
  });
});
