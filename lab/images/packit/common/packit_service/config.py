"""The owner's packit-service.yaml, where the images look for it."""

import os

import yaml


def load() -> dict:
    """All keys; raises if the file is missing or no YAML."""
    with open(os.path.join(os.environ["HOME"], ".config", "packit-service.yaml")) as file:
        return yaml.safe_load(file)


def github() -> dict:
    """What the file says about github.com."""
    return load().get("authentication", {}).get("github.com", {})
