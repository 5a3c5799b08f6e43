"""A hub as its configuration makes it, up to the container that it would start; prints what the programs complain about."""

import asyncio
import json
import logging
import sys
import warnings
from types import SimpleNamespace
from unittest import mock

import docker.types
from dockerspawner import DockerSpawner
from jupyterhub import orm
from jupyterhub.app import JupyterHub
from jupyterhub.objects import Server

problems = []


class Listener(logging.Handler):
    def emit(self, record):
        # Of the dummy authenticator: what it is for is known.
        if record.levelno >= logging.WARNING and "not meant for production" not in record.getMessage():
            problems.append(record.getMessage())


def warned(message, category, filename, *rest, **more):
    if category is DeprecationWarning and "site-packages" in filename:
        return  # between the packages themselves
    problems.append(f"{category.__name__}: {message}")


async def main(config, name):
    app = JupyterHub.instance()
    app.log.addHandler(Listener())
    await app.initialize(["--config", config])
    row = orm.User(name=name)
    app.db.add(row)
    app.db.commit()
    user = app.users[row]
    spawner = user.spawner
    # As User.spawn does.
    served = orm.Server(base_url=user.base_url.rstrip("/") + "/")
    app.db.add(served)
    app.db.commit()
    spawner.server = Server(orm_server=served)
    spawner.api_token = "token"
    made = {}

    async def call(method, *words, **more):
        if method == "inspect_image":
            return {"Config": {"Cmd": ["start-notebook.sh"]}}
        made.update(more)

    client = SimpleNamespace(create_host_config=lambda **more: docker.types.HostConfig(version="1.41", **more))
    with mock.patch.object(DockerSpawner, "client", client), mock.patch.object(spawner, "docker", call):
        await spawner.create_object()
    kinds = [app.authenticator, spawner, app.proxy]
    services = [service.command for service in app._service_map.values()]
    print(
        json.dumps(
            {
                "problems": problems,
                "classes": [type(one).__name__ for one in kinds],
                "services": services,
                "container": made,
            }
        )
    )


warnings.simplefilter("always")
warnings.showwarning = warned
asyncio.run(main(*sys.argv[1:]))
