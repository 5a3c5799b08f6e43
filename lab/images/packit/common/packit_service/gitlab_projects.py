"""Projects at GitLab by ogr, with the account that packit-service.yaml names, as Packit and hardly find them."""

from ogr import get_instances_from_dict, get_project
from packit_service import config


def project(url: str):
    """The project of a web address."""
    return get_project(url, custom_instances=get_instances_from_dict(config.load()["authentication"]))


def merge_request(url: str):
    """The merge request of a web address."""
    of, number = url.split("/-/merge_requests/")
    return project(of).get_pr(int(number))
