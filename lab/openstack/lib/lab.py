"""What every python process of the lab knows: its folder, its ports, how to log in."""
import json
import os

DIR = os.environ['ORRERY_DIR']
PORTS = json.loads(os.environ['ORRERY_PORTS'])
HOST = '127.0.0.1'
REGION = 'RegionOne'
ETC = DIR + '/etc/openstack'
DATA = DIR + '/data/openstack'
MYSQL = DIR + '/run/mysql.sock'


def password():
    """From its file: an environment is inherited, also by what runs with fewer rights."""
    with open(DIR + '/password') as file:
        return file.read().strip()


def conf(project):
    """Configuration file of a project."""
    return '%s/%s.conf' % (ETC, project)


def connect(user='admin', project='admin'):
    """An openstacksdk connection, deaf to OS_* variables and clouds.yaml of the caller."""
    import openstack
    return openstack.connect(
        load_envvars=False, load_yaml_config=False,
        auth_url='http://%s:%d/v3' % (HOST, PORTS['keystone']), username=user, password=password(),
        project_name=project, user_domain_name='Default', project_domain_name='Default', region_name=REGION)
