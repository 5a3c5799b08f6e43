"""Takes the place of the station's workload operator: a ConfigMap that asks for work becomes the Job of a Template, when the quota allows.

thoth-common, which does all of that, is real but for one call: the lab has no API that fills in Templates.
"""

import json
import os
import re
import time

from openshift.dynamic.exceptions import ConflictError, NotFoundError
from thoth.common import OpenShift

print("stand-in for workload-operator: thoth-common is real, the rest is not thoth-station's own", flush=True)

NAMESPACE = os.environ["THOTH_OPERATOR_NAMESPACE"]
#: Seconds between two looks at a quota that is used up.
PATIENCE = 5


class Openshift(OpenShift):
    def oc_process(self, namespace: str, template: dict) -> dict:
        """Fills in parameters as OpenShift does: ${X} within a text, ${{X}} as a value of its own."""
        values = {}
        for parameter in template.get("parameters", []):
            value = parameter.get("value")
            if parameter.get("required") and value in (None, ""):
                raise ValueError(f"parameter {parameter['name']} is required")
            values[parameter["name"]] = "" if value is None else str(value)
        return {**template, "objects": filled(template["objects"], values)}


def filled(value, values: dict):
    if isinstance(value, list):
        return [filled(one, values) for one in value]
    if isinstance(value, dict):
        return {key: filled(one, values) for key, one in value.items()}
    if not isinstance(value, str):
        return value
    whole = re.fullmatch(r"\$\{\{(\w+)\}\}", value)
    if whole is not None and whole[1] in values:
        return json.loads(values[whole[1]])
    return re.sub(r"\$\{(\w+)\}", lambda found: values.get(found[1], found[0]), value)


def work(name: str) -> None:
    """Does what a ConfigMap asks for, and removes it. It may be gone, and its Job may be there: this process has started again meanwhile."""
    data = openshift.get_configmap(name, NAMESPACE).data
    template = getattr(openshift, data.template_method_name)(**json.loads(data.template_method_parameters))
    while not openshift.can_run_workload(template, NAMESPACE):
        print(f"{name} waits for the quota", flush=True)
        time.sleep(PATIENCE)
    try:
        made = getattr(openshift, data.run_method_name)(**json.loads(data.run_method_parameters), template=template)
        print(f"{name}: {data.run_method_name} made {made}", flush=True)
    except ConflictError:
        print(f"{name} was made before", flush=True)
    configmaps.delete(name=name, namespace=NAMESPACE)


openshift = Openshift()
configmaps = openshift.ocp_client.resources.get(api_version="v1", kind="ConfigMap")
while True:
    for event in configmaps.watch(namespace=NAMESPACE, label_selector="operator=workload"):
        if event["type"] != "ADDED":
            continue
        name = event["object"].metadata.name
        try:
            work(name)
        except NotFoundError as error:
            print(f"{name} is gone: {error.summary()}", flush=True)
        except Exception as error:  # one that cannot be done must not keep the others from it
            print(f"{name} cannot be done: {error!r}", flush=True)
