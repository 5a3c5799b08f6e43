"""Sandboxes as sandcastle makes them: a volume and a pod in the namespace that packit-service.yaml names, by the pod's own account."""

import os
import re
import time
import uuid

from kubernetes import client, config as access
from kubernetes.stream import stream
from packit_service import config

#: Size of the interim volume, and limits of the pod. Source: sandcastle.
VOLUME, LIMITS = "3Gi", {"memory": "768Mi", "cpu": "1"}
#: Seconds for an image that must be pulled.
PATIENCE = 300


class Sandbox:
    """One pod with its interim volume."""

    def __init__(self) -> None:
        access.load_incluster_config()
        self.api = client.CoreV1Api()
        self.settings = config.load()
        self.namespace = self.settings["command_handler_k8s_namespace"]
        folder = re.sub(r"[^a-z0-9]", "-", self.settings["command_handler_work_dir"])
        self.name = f"sandcastle-{folder}-{uuid.uuid4().hex[:8]}"
        self.claim = f"{self.name}-pvc"

    def make_claim(self) -> str:
        """The volume, before its pod; returns its name."""
        spec = {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": VOLUME}},
            "storageClassName": self.settings["command_handler_storage_class"],
        }
        self.api.create_namespaced_persistent_volume_claim(self.namespace, {"metadata": {"name": self.claim}, "spec": spec})
        return self.claim

    def volumes(self) -> list:
        """Path and claim of each volume: the interim one, and those of packit-service.yaml."""
        specs = self.settings.get("command_handler_pvc_volume_specs", [])
        named = [(one["path"], os.environ[one["pvc_from_env"]]) for one in specs if "pvc_from_env" in one]
        return [(self.settings["command_handler_work_dir"], self.claim), *named]

    def start(self, variables: dict) -> None:
        """The pod, until it runs."""
        volumes = self.volumes()
        container = {
            "name": self.name,
            "image": self.settings["command_handler_image_reference"],
            "command": ["sleep", "3600"],
            "env": [{"name": name, "value": value} for name, value in variables.items()],
            "resources": {"limits": LIMITS, "requests": {"memory": "512Mi", "cpu": "50m"}},
            "volumeMounts": [{"name": f"volume-{at}", "mountPath": path} for at, (path, _) in enumerate(volumes)],
        }
        claims = [{"name": f"volume-{at}", "persistentVolumeClaim": {"claimName": claim}} for at, (_, claim) in enumerate(volumes)]
        spec = {"restartPolicy": "Never", "automountServiceAccountToken": False, "containers": [container], "volumes": claims}
        self.api.create_namespaced_pod(self.namespace, {"metadata": {"name": self.name}, "spec": spec})
        end = time.monotonic() + PATIENCE
        while self.api.read_namespaced_pod(self.name, self.namespace).status.phase != "Running":
            if time.monotonic() > end:
                raise TimeoutError(f"pod {self.name} does not run after {PATIENCE} s")
            time.sleep(1)

    def execute(self, command: str) -> tuple:
        """Exit code and output of a command in the pod."""
        call = self.api.connect_get_namespaced_pod_exec
        words = ["bash", "-c", command]
        options = {"stderr": True, "stdin": False, "stdout": True, "tty": False, "_preload_content": False}
        answer = stream(call, self.name, self.namespace, command=words, **options)
        answer.run_forever(timeout=PATIENCE)
        return answer.returncode, answer.read_all().strip()

    def remove(self) -> None:
        """The pod at once, then its volume."""
        for delete, name in [
            (self.api.delete_namespaced_pod, self.name),
            (self.api.delete_namespaced_persistent_volume_claim, self.claim),
        ]:
            try:
                delete(name, self.namespace, grace_period_seconds=0)
            except client.ApiException as error:
                if error.status != 404:
                    raise


def run(command: str, variables: dict) -> tuple:
    """Exit code and output of a command in a sandbox of its own, which is gone afterwards."""
    sandbox = Sandbox()
    try:
        sandbox.make_claim()
        sandbox.start({**variables, "SANDBOX": sandbox.settings["command_handler_work_dir"]})
        return sandbox.execute(command)
    finally:
        sandbox.remove()
