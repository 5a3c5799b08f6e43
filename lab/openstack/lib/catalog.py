"""Writes the lab's own services and endpoints into Keystone's catalog; what somebody added stays."""
import json
import uuid

import pymysql

import lab

SIDES = ('public', 'internal', 'admin')     # with one address
REGION = 'insert ignore into region (id, description, extra) values (%s, "", "{}")'
SERVICE = ('insert into service (id, type, enabled, extra) values (%s, %s, true, %s)'
           ' on duplicate key update type = values(type), enabled = true, extra = values(extra)')
ENDPOINT = ('insert into endpoint (id, interface, region_id, service_id, url, enabled, extra)'
            ' values (%s, %s, %s, %s, %s, true, "{}") on duplicate key update url = values(url), enabled = true')


def identity(*parts):
    """The same id for the same part of the catalog in every lab and at every start."""
    return uuid.uuid5(uuid.NAMESPACE_DNS, '.'.join(('orrery',) + parts)).hex


if __name__ == '__main__':
    with open(lab.ETC + '/catalog.json') as file:
        services = json.load(file)
    with pymysql.connect(unix_socket=lab.MYSQL, user='root', database='keystone') as database:
        with database.cursor() as cursor:
            cursor.execute(REGION, (lab.REGION,))
            for kind, (name, address) in services.items():
                cursor.execute(SERVICE, (identity(kind), kind, json.dumps({'name': name})))
                for side in SIDES:
                    cursor.execute(ENDPOINT, (identity(kind, side), side, lab.REGION, identity(kind), address))
        database.commit()
